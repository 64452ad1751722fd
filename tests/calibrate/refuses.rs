//! What is not learnt from, and what is said of it.

use std::fs;

use crate::support::program::{arg, run};

const COLD: &str = "REPORT RequestId: 5a0b1c2d-0000-4000-8000-000000000001\tDuration: 1.44 ms\tBilled Duration: 20 ms\tMemory Size: 512 MB\tMax Memory Used: 16 MB\tInit Duration: 18.45 ms\t\n";
const WITHOUT_INIT: &str = "REPORT RequestId: 5a0b1c2d-0000-4000-8000-000000000002\tDuration: 2599.4 ms\tBilled Duration: 2600 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: 549.04 ms\t\n";
const OTHERWISE: &str = "REPORT RequestId: 5a0b1c2d-0000-4000-8000-000000000003\tDuration: 10.00 ms\tBilled Duration: 100 ms\tMemory Size: 512 MB\tMax Memory Used: 16 MB\t\n";

fn calibrated(text: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("a.log");
    fs::write(&log, text).expect("a log");
    run(["calibrate", arg(&log), "--format", "json"]).exits(0).json()["calibration"].clone()
}

#[test]
fn bills_are_held_against_the_rule_line_by_line() {
    let calibration = calibrated(&[COLD, WITHOUT_INIT, OTHERWISE].concat());
    let billed = &calibration["billed"];
    assert_eq!((&billed["checked"], &billed["without_init"], &billed["otherwise"]), (&3.into(), &1.into(), &1.into()));
    let examples = billed["examples"].to_string();
    assert!(examples.contains("000000000002") && examples.contains("000000000003"), "{examples}");
    assert!(!examples.contains("000000000001"), "{examples}");
}

#[test]
fn provisioned_starts_snapshots_and_failed_inits_are_set_apart() {
    let start = |kind: &str| {
        format!(
            "{{\"time\":\"2026-09-13T05:53:48.893Z\",\"type\":\"platform.initStart\",\"record\":{{\"initializationType\":\"{kind}\",\"phase\":\"init\"}}}}\n"
        )
    };
    let report = |n: u32, more: &str| {
        format!(
            "{{\"time\":\"2026-09-13T05:53:49.893Z\",\"type\":\"platform.report\",\"record\":{{\"requestId\":\"r{n}\",\"metrics\":{{\"durationMs\":1.802,\"billedDurationMs\":63,\"memorySizeMB\":128,\"maxMemoryUsedMB\":35{more}}},\"status\":\"success\"}}}}\n"
        )
    };
    let text = [
        start("provisioned-concurrency"),
        report(1, ",\"initDurationMs\":60.644"),
        start("on-demand"),
        report(2, ",\"initDurationMs\":60.644"),
        start("snap-start"),
        report(3, ",\"restoreDurationMs\":90.5,\"billedRestoreDurationMs\":91"),
        "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n".to_owned(),
    ]
    .concat();
    let calibration = calibrated(&text);
    assert_eq!(calibration["cold_starts"], 1);
    let apart = &calibration["set_apart"];
    assert_eq!(
        (&apart["provisioned_concurrency"], &apart["snap_start"], &apart["failed_inits"]),
        (&1.into(), &1.into(), &1.into()),
        "{apart}"
    );
}

#[test]
fn malformed_records_are_counted_and_shown_and_not_fatal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, model) = (folder.path().join("a.log"), folder.path().join("model.json"));
    fs::write(&log, format!("{COLD}REPORT RequestId: x\tDuration: fast ms\t\nhello\n")).expect("a log");
    let done = run(["calibrate", arg(&log), "-o", arg(&model)]).exits(0);
    assert!(
        done.stderr.contains("1 of 3 records cannot be read") && done.stderr.contains("line 2:"),
        "{}",
        done.stderr
    );
    assert!(fs::read_to_string(&model).expect("the model").contains("\"cold_starts\": 1"));
}

#[test]
fn nothing_usable_is_one_error_that_says_what_was_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, model) = (folder.path().join("a.log"), folder.path().join("model.json"));
    for text in ["", "hello\n", OTHERWISE, "{\"events\": []}\n"] {
        fs::write(&log, text).expect("a log");
        let error = run(["calibrate", arg(&log), "-o", arg(&model)]).error();
        assert!(error.starts_with("no usable record: looked for REPORT lines"), "{error}");
        assert!(!model.exists(), "nothing is written");
    }
    let error = run(["calibrate", arg(&folder.path().join("none"))]).error();
    assert!(error.ends_with("no such file or folder"), "{error}");
    run(["calibrate"]).exits(2);
    let error = run(["estimate", arg(&log), "--model", arg(&log)]).exits(2);
    assert!(error.stderr.contains("error: "), "{}", error.stderr);
}

#[test]
fn gzip_folders_and_standard_input_are_read() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    use std::process::Stdio;

    use crate::support::program::lambda_slim;

    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().join("logs/deeper");
    fs::create_dir_all(&logs).expect("folders");
    let mut packed = GzEncoder::new(fs::File::create(logs.join("000000.gz")).expect("a file"), Compression::fast());
    packed.write_all(COLD.as_bytes()).expect("it packs");
    packed.finish().expect("it ends");
    fs::write(folder.path().join("logs/plain.log"), COLD).expect("a log");
    let both = run(["calibrate", arg(&folder.path().join("logs")), "--format", "json"]).exits(0).json();
    assert_eq!(both["calibration"]["cold_starts"], 2);

    let mut child = lambda_slim()
        .args(["calibrate", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(COLD.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let model: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a model");
    assert_eq!(model["calibration"]["cold_starts"], 1);
}
