//! Limits of parts, of memory and of time; findings as rules; noise.

use std::fs;

use serde_json::{Value, json};

use crate::support::functions::package;
use crate::support::program::{Run, arg, lambda_slim, run};
use crate::support::project::TinyProject;

/// `check` on the hello world with its symbols and its crate graph.
fn hello(args: &[&str]) -> Run {
    let (zip, metadata) = (package("hello-unstripped.zip"), package("hello-unstripped.metadata.json"));
    run([&["check", arg(&zip), "--metadata", arg(&metadata)], args].concat())
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["code"].as_str().expect("a code")).collect()
}

#[test]
fn a_crate_and_a_section_have_limits_of_their_own() {
    let limits = [
        "--max-crate",
        "tokio=1kB",
        "--max-crate",
        "no-such-crate=5kB",
        "--max-section",
        ".text=100MB",
        "--format",
        "json",
    ];
    let verdict = hello(&limits).exits(1).json();
    assert_eq!(codes(&verdict["violations"]), ["crate-over-budget"]);
    let violation = &verdict["violations"][0];
    assert_eq!((&violation["budget"], &violation["part"]), (&json!("crates.tokio"), &json!({"crate": "tokio"})));
    let blamed = violation["blamed"].as_array().expect("somebody");
    assert!(blamed.iter().all(|blame| blame["crate"] == "tokio") && !blamed.is_empty(), "{blamed:?}");
    let sum: u64 = blamed.iter().map(|blame| blame["size_bytes"].as_u64().expect("bytes")).sum();
    assert_eq!(violation["actual_bytes"].as_u64(), Some(sum));
    assert_eq!(codes(&verdict["notes"]).iter().filter(|code| **code == "limit-names-nothing").count(), 1);
    let gates: Vec<&str> =
        verdict["gates"].as_array().expect("gates").iter().filter_map(|gate| gate["budget"].as_str()).collect();
    assert_eq!(gates, ["crates.no-such-crate", "crates.tokio", "sections..text"]);
    // The limit is the last byte that passes, and a name may be a package's.
    hello(&["--max-crate", &format!("tokio={sum}")]).exits(0);
    hello(&["--max-crate", &format!("tokio={}", sum - 1)]).exits(1);
    hello(&["--max-crate", "regex-automata=1kB"]).exits(1);
    let section = hello(&["--max-section", ".text=1kB", "--format", "json"]).exits(1).json();
    assert_eq!(codes(&section["violations"]), ["section-over-budget"]);
    let crates = section["violations"][0]["blamed"].as_array().expect("crates").len();
    assert!(crates > 5, "the section's crates are named: {crates}");
}

#[test]
fn each_other_part_is_held_by_one_limit() {
    let verdict = hello(&["--max-crate", "*=100kB", "--max-crate", "tokio=10MB", "--format", "json"]).exits(1).json();
    let parts: Vec<&str> = verdict["violations"]
        .as_array()
        .expect("violations")
        .iter()
        .filter_map(|one| one["part"]["crate"].as_str())
        .collect();
    assert!(parts.len() > 2 && !parts.contains(&"tokio") && !parts.contains(&"std"), "{parts:?}");
    // Where all keep it, the one that is nearest to it is told.
    let verdict = hello(&["--max-crate", "*=100MB", "--format", "json"]).exits(0).json();
    assert_eq!(verdict["gates"].as_array().expect("gates").len(), 1);
}

#[test]
fn growth_of_a_part_needs_a_baseline_and_is_told_over_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let baseline = folder.path().join("base.json");
    let error = hello(&["--max-crate", "tokio=+1%"]).error();
    assert!(error.starts_with("crates.tokio \"1%\" needs a baseline"), "{error}");
    hello(&["--warn", "baseline-missing", "--max-crate", "tokio=+1%"]).exits(0);
    hello(&["--baseline", arg(&baseline), "--update-baseline"]).exits(0);
    let with = |args: &[&str]| hello(&[&["--baseline", arg(&baseline), "--format", "json"], args].concat());
    with(&["--max-crate", "*=+0B", "--max-section", "*=+0B", "--max-zip", "+0 B", "--max-file", "+0%"]).exits(0);
    // What is no report is not replaced by one.
    let copy = folder.path().join("old.zip");
    fs::copy(package("arm64.zip"), &copy).expect("a copy");
    let error = hello(&["--baseline", arg(&copy), "--update-baseline"]).exits(2).stderr;
    assert!(error.contains("old.zip: it is no report"), "{error}");
    assert_eq!(fs::read(&copy).expect("it is there"), fs::read(package("arm64.zip")).expect("a package"));
    // A smaller past: what is there now has grown.
    let mut report: Value =
        serde_json::from_str(&fs::read_to_string(&baseline).expect("it was written")).expect("JSON");
    let tokio =
        report["binaries"][0]["crates"].as_array_mut().expect("crates").iter_mut().find(|row| row["name"] == "tokio");
    let tokio = tokio.expect("tokio");
    let was = tokio["file_bytes"].as_u64().expect("bytes");
    tokio["file_bytes"] = (was - 300).into();
    fs::write(&baseline, report.to_string()).expect("a file");
    let grown = with(&["--max-crate", "tokio=+0.1%"]).exits(1).json();
    let violation = &grown["violations"][0];
    assert_eq!(
        (&violation["code"], &violation["rule"], &violation["of_growth"]),
        (&json!("growth-over-budget"), &json!("+0.1%"), &json!(true))
    );
    assert_eq!(violation["baseline_bytes"], was - 300);
    assert!(grown["accept"].as_str().expect("advice").contains("--update-baseline"), "{grown}");
    with(&["--max-crate", "tokio=+0.1%", "--noise", "300B"]).exits(0);
    with(&["--max-crate", "tokio=+0.1%", "--noise", "299B"]).exits(1);
}

#[test]
fn findings_are_rules() {
    let json =
        |args: &[&str], code| hello(&[args, &["--max-zip", "5MB", "--format", "json"]].concat()).exits(code).json();
    let notes = |verdict: &Value| codes(&verdict["notes"]).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let denied = json(&["--deny", "symbols-shipped"], 1);
    assert_eq!(codes(&denied["violations"]), ["symbols-shipped"]);
    assert_eq!(
        notes(&json(&["--warn", "symbols-shipped"], 0)).iter().filter(|code| *code == "symbols-shipped").count(),
        1
    );
    let error = hello(&["--deny", "symbols-ship"]).error();
    assert!(error.contains("unknown rule \"symbols-ship\"") && error.contains("symbols-shipped"), "{error}");
    let zip = package("arm64.zip");
    let quota = |at: &str| {
        let project = TinyProject::new(&format!(
            "[package.metadata.lambda-slim]\nmax-zip = \"5 MB\"\n[package.metadata.lambda-slim.rules]\n{at}\n"
        ));
        let mut command = lambda_slim();
        Run::of(command.args(["check", arg(&zip), "--format", "json"]).current_dir(project.path()))
    };
    assert_eq!(
        codes(&quota("quota-share = { level = \"deny\", at = \"0.1%\" }").exits(1).json()["violations"]),
        ["quota-share", "quota-share"]
    );
    assert_eq!(codes(&quota("quota-share = { level = \"deny\", at = \"5%\" }").exits(0).json()["violations"]), [""; 0]);
    let error = quota("quota-share = { level = \"deny\", from = \"5%\" }").error();
    assert!(error.contains("rules.quota-share.from"), "{error}");
    let error = quota("quota-shares = \"deny\"").error();
    assert!(error.contains("quota-share"), "{error}");
}

#[test]
fn time_is_a_limit_among_the_others() {
    let zip = package("hello-cargo-lambda.zip");
    let check =
        |limit: &str, code| run(["check", arg(&zip), "--max-init-ms", limit, "--format", "json"]).exits(code).json();
    let gate = &check("1000", 0)["gates"][0];
    assert_eq!(
        (&gate["budget"], &gate["measure"], &gate["limit_ms"]),
        (&json!("max-init-ms"), &json!("init"), &json!(1000.0))
    );
    assert!(gate.get("limit_bytes").is_none(), "{gate}");
    let verdict = check("1", 1);
    assert_eq!(codes(&verdict["violations"]), ["init-over-budget"]);
    let baseline = package("hello-unstripped.zip");
    run(["check", arg(&zip), "--max-init-ms", "+0%", "--baseline", arg(&baseline)]).exits(0);
    let error = run(["check", arg(&zip), "--max-init-ms", "+0%"]).error();
    assert!(error.contains("needs a baseline"), "{error}");
    let error = run(["check", arg(&zip), "--max-init-ms", "fast"]).exits(2).stderr;
    assert!(error.contains("whole number of ms"), "{error}");
    let text = run(["check", arg(&zip), "--max-init-ms", "1000"]).exits(0).stdout;
    assert!(text.contains("PASS  init: ") && text.contains(" ms of 1000.0 ms (max-init-ms 1000 ms)"), "{text}");
}

#[test]
fn memory_is_measured_where_it_is_limited() {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        crate::support::skip::skip("memory as a limit", "starting the package needs Linux on x86_64");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (zip, report) = (package("hello-cargo-lambda.zip"), folder.path().join("measured.json"));
    let verdict =
        run(["check", arg(&zip), "--max-touched", "100kB", "--runs", "2", "--format", "json"]).exits(1).json();
    assert_eq!(codes(&verdict["violations"]), ["touched-over-budget"]);
    assert_eq!(verdict["violations"][0]["blamed_by"], "touched");
    run(["check", arg(&zip), "--max-touched", "100MB", "--runs", "2"]).exits(0);
    run(["measure", arg(&zip), "--runs", "2", "--format", "json", "-o", arg(&report)]).exits(0);
    run(["check", arg(&report), "--max-touched", "100MB, +50%", "--baseline", arg(&report)]).exits(0);
    let plain = folder.path().join("plain.json");
    run(["analyze", arg(&zip), "--format", "json", "-o", arg(&plain)]).exits(0);
    let error = run(["check", arg(&plain), "--max-touched", "100MB"]).error();
    assert!(error.contains("measure --format json"), "{error}");
}
