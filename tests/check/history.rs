//! `check --record` and `trend`: what is appended, by many at once, and what is drawn of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::functions::package;
use crate::support::golden::golden;
use crate::support::program::{Run, arg, command, lambda_slim, run};
use crate::support::skip::skip;

/// The report of a checked-in package, so that a check has nothing to analyze.
fn report(folder: &Path) -> PathBuf {
    let report = folder.join("report.json");
    run(["analyze", arg(&package("arm64.zip")), "--format", "json", "-o", arg(&report)]).exits(0);
    report
}

fn lines(history: &Path) -> Vec<Value> {
    let text = fs::read_to_string(history).expect("a history");
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn a_record_has_the_sizes_the_commit_and_the_largest_crates() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let history = folder.path().join("history.jsonl");
    let check = |limit: &str, code| {
        let mut command = lambda_slim();
        let zip = package("hello-unstripped.zip");
        command.args(["check", arg(&zip), "--max-zip", limit, "--record", arg(&history)]);
        Run::of(command.current_dir(folder.path()).env("SOURCE_DATE_EPOCH", "1796000000")).exits(code)
    };
    check("5 MB", 0);
    // A failure is part of the history.
    check("1 kB", 1);
    let records = lines(&history);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], records[1]);
    let record = &records[0];
    assert_eq!(record["time"], "2026-11-30T00:53:20Z");
    assert_eq!(record["commit"], Value::Null, "{}", folder.path().display());
    let file = fs::metadata(package("hello-unstripped.zip")).expect("checked in").len();
    assert_eq!(record["zip_bytes"], file);
    assert_eq!(record["bootstrap_bytes"], record["unzipped_bytes"]);
    assert_eq!(record["touched_bytes"], Value::Null);
    assert!(record["init_ms"].as_f64().expect("a prediction") > 0.0);
    let crates = record["crates"].as_array().expect("crates");
    assert_eq!(crates.len(), 20);
    let sizes: Vec<u64> = crates.iter().map(|row| row["compressed_bytes"].as_u64().expect("of a zip")).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
}

#[test]
fn the_commit_is_the_one_that_is_checked_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let git = |args: &[&str]| {
        let mut git = command(Path::new("git"));
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(args).current_dir(folder.path());
        git.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())
    };
    if git(&["init", "-q"]).is_none() {
        skip("the commit of a record", "no git");
        return;
    }
    let report = report(folder.path());
    let record = || {
        let mut command = lambda_slim();
        command.args(["check", arg(&report), "--record", "history.jsonl"]);
        Run::of(command.current_dir(folder.path())).exits(0);
        lines(&folder.path().join("history.jsonl")).pop().expect("a record")["commit"].clone()
    };
    assert_eq!(record(), Value::Null, "there is no commit yet");
    git(&["commit", "-q", "--allow-empty", "-m", "one"]).expect("a commit");
    let head = git(&["rev-parse", "HEAD"]).expect("a commit").stdout;
    assert_eq!(record(), String::from_utf8(head).expect("a name").trim_end());
}

#[test]
fn eight_processes_at_once_lose_no_line() {
    const PROCESSES: usize = 8;
    const ROUNDS: usize = 5;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (report, history) = (report(folder.path()), folder.path().join("history.jsonl"));
    for round in 0..ROUNDS {
        let start = |writer: usize| {
            let mut command = lambda_slim();
            command.args(["check", arg(&report), "--record", arg(&history)]).stdout(Stdio::null());
            command.env("SOURCE_DATE_EPOCH", (round * PROCESSES + writer).to_string()).spawn().expect("it starts")
        };
        let started: Vec<_> = (0..PROCESSES).map(start).collect();
        let ended = started.into_iter().map(|mut child| child.wait().expect("it ends").success());
        assert!(ended.collect::<Vec<_>>().iter().all(|success| *success));
    }
    let mut times: Vec<String> =
        lines(&history).iter().map(|record| record["time"].as_str().expect("a time").to_owned()).collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), PROCESSES * ROUNDS, "each writer's own line is there");
    let trend = run(["trend", arg(&history), "--format", "json"]).exits(0).json();
    assert_eq!(trend["malformed"], json!([]));
    assert_eq!(trend["artifacts"][0]["points"].as_array().map(Vec::len), Some(PROCESSES * ROUNDS));
}

/// Twelve records of a function that grows and shrinks, two of another, and three lines that are no records.
fn history() -> String {
    let zips =
        [430_270, 430_270, 431_002, 431_950, 554_100, 554_100, 540_112, 538_000, 538_000, 537_120, 529_044, 530_001];
    let record = |at: usize, zip: u64| {
        let day = at + 1;
        let touched = (at >= 4).then_some(zip * 3 / 2);
        json!({
            "schema_version": 1, "time": format!("2026-11-{day:02}T09:00:00Z"), "commit": format!("{:08x}", 0x9e37_79b9_u32.wrapping_mul(at as u32 + 3)).repeat(5),
            "artifact": "target/lambda/api/bootstrap.zip", "zip_bytes": zip, "unzipped_bytes": zip * 2 + 412,
            "bootstrap_bytes": zip * 2, "touched_bytes": touched, "init_ms": 40.0 + zip as f64 / 50_000.0,
            "crates": [
                {"name": "std", "compressed_bytes": 131_002, "file_bytes": 302_800},
                {"name": "hyper", "compressed_bytes": 40_000 + 300 * at, "file_bytes": 100_000 + 700 * at},
                {"name": "rustls", "compressed_bytes": 30_000 - 90 * at, "file_bytes": 70_000 - 200 * at},
            ],
        })
        .to_string()
    };
    let mut lines: Vec<String> = zips.iter().enumerate().map(|(at, zip)| record(at, *zip)).collect();
    let other = |day: u8| {
        json!({
            "schema_version": 1, "time": format!("2026-11-{day:02}T10:00:00Z"), "commit": null, "artifact": "<worker> & \"co\"",
            "zip_bytes": null, "unzipped_bytes": 1_000_000, "bootstrap_bytes": null, "touched_bytes": null, "init_ms": null, "crates": [],
        })
        .to_string()
    };
    lines.insert(3, "{\"schema_version\":1,\"time\":\"2026-11-03T0".to_owned());
    lines.insert(6, "<<<<<<< HEAD".to_owned());
    lines.insert(9, "{\"schema_version\": 2}".to_owned());
    lines.extend([other(11), other(12)]);
    lines.join("\n")
}

#[test]
fn a_trend_reads_as_the_golden() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("history.jsonl"), history()).expect("written");
    let trend = |format: &str, more: &[&str]| {
        let mut command = lambda_slim();
        command.args(["trend", "history.jsonl", "--format", format]).args(more).current_dir(folder.path());
        Run::of(&mut command).exits(0).stdout
    };
    golden("trend.txt", &trend("text", &[]));
    golden("trend.md", &trend("markdown", &[]));
    golden("trend.svg", &trend("svg", &[]));
    golden("trend.json", &trend("json", &["-n", "3"]));
}

#[test]
fn numbers_of_a_trend_are_those_of_its_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("history.jsonl");
    fs::write(&path, history()).expect("written");
    let trend = run(["trend", arg(&path), "--format", "json"]).exits(0).json();
    assert_eq!(trend["malformed"].as_array().map(Vec::len), Some(3));
    let (api, worker) = (&trend["artifacts"][0], &trend["artifacts"][1]);
    let zip = &api["sizes"][0];
    let values: Vec<u64> =
        zip["values_bytes"].as_array().expect("values").iter().map(|size| size.as_u64().expect("bytes")).collect();
    assert_eq!(values.len(), 12);
    assert_eq!(zip["first_bytes"], values[0]);
    assert_eq!(zip["last_bytes"], values[11]);
    assert_eq!(zip["min_bytes"].as_u64(), values.iter().min().copied());
    assert_eq!(zip["max_bytes"].as_u64(), values.iter().max().copied());
    assert_eq!(zip["change_bytes"], values[11] - values[0]);
    assert_eq!(api["crates"][0]["name"], "hyper");
    assert_eq!(api["crates"].as_array().map(Vec::len), Some(2), "std did not change");
    assert_eq!(worker["sizes"].as_array().map(Vec::len), Some(1), "what no record knows is not there");
    assert_eq!(worker["init"], Value::Null);
    let points = api["points"].as_array().expect("points");
    assert_eq!(points[0].get("moved"), None, "nothing comes before the first");
    let moved: Vec<(&str, i64)> = points[1]["moved"]
        .as_array()
        .expect("two crates moved")
        .iter()
        .map(|row| (row["name"].as_str().expect("a name"), row["change_bytes"].as_i64().expect("bytes")))
        .collect();
    assert_eq!(moved, [("hyper", 300), ("rustls", -90)], "from one record to the next");
}

#[test]
fn no_history_is_an_error_and_an_empty_one_is_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("history.jsonl");
    assert!(run(["trend", arg(&path)]).error().ends_with("no such history; `check --record` writes it"));
    for (text, shown) in [("", "No records"), ("nonsense\n", "1 line is no record")] {
        fs::write(&path, text).expect("written");
        for format in ["text", "markdown", "json", "svg", "html"] {
            let printed = run(["trend", arg(&path), "--format", format]).exits(0).stdout;
            assert!(!printed.is_empty(), "{format}");
        }
        let printed = run(["trend", arg(&path)]).exits(0).stdout;
        assert!(printed.contains(shown), "{printed}");
    }
    let unwritable = run(["check", arg(&package("arm64.zip")), "--record", "/no/such/folder/history.jsonl"]).error();
    assert!(unwritable.starts_with("/no/such/folder/history.jsonl: cannot write: "), "{unwritable}");
}

#[test]
fn the_drawing_is_well_formed_and_needs_nothing_from_elsewhere() {
    let drawing = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden/trend.svg");
    let text = fs::read_to_string(&drawing).expect("the golden");
    let links = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assert!(!links.contains("http") && !links.contains("url(") && !links.contains("<script"), "{text}");
    assert!(text.contains("prefers-color-scheme: dark"));
    let program = "import sys, xml.etree.ElementTree as tree\n\
                   svg = tree.parse(sys.argv[1]).getroot()\n\
                   assert svg.tag == '{http://www.w3.org/2000/svg}svg', svg.tag\n\
                   print(len(svg.findall('.//{*}polyline')), len(svg.findall('.//{*}circle')))";
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        skip("the drawing", "no python3");
        return;
    }
    let read = Run::of(Command::new("python3").args(["-I", "-c", program]).arg(&drawing)).exits(0).stdout;
    // Five lines of the function, of which touched memory is known eight times in twelve, and one of the other.
    assert_eq!(read, format!("6 {}\n", 4 * 12 + 8 + 2));
}
