//! A function grows by a dependency, and the gate names it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::functions::{build, package, target_dir};
use crate::support::program::{Run, arg, lambda_slim, run};
use crate::support::project::hello_project;
use crate::support::zipfile;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// `check` in a project, with the functions' target directory.
fn check_project(project: &Path, args: &[&str]) -> Run {
    let mut command = lambda_slim();
    command.arg("check").args(args).arg("--offline").current_dir(project);
    Run::of(command.env("CARGO_TARGET_DIR", target_dir("functions")))
}

fn grown_project() -> PathBuf {
    hello_project("check-after", "check-me", "ryu = \"0.2\"\n", |main| {
        let before = "format!(\"Hello, {name}!\")";
        assert!(main.contains(before), "hello says something else now");
        let third = "ryu::Buffer::new().format(name.len() as f64 / 3.0)";
        main.replace(before, &format!("format!(\"Hello, {{name}}! {{}}\", {third})"))
    })
}

#[test]
fn a_new_dependency_fails_the_gate_and_is_named_with_its_path() {
    let before = hello_project("check-before", "check-me", "", |main| main);
    let after = grown_project();
    let folder = folder();
    let baseline = folder.path().join("baseline.json");
    let limits = ["--baseline", arg(&baseline), "--max-growth", "1 KiB"];

    let missing = check_project(&before, &limits).error();
    assert!(missing.ends_with("baseline.json: no such baseline; --update-baseline writes it"), "{missing}");
    let written = check_project(&before, &[&limits[..], &["--update-baseline"]].concat()).exits(0);
    assert!(written.stderr.contains(&format!("note: wrote {}", baseline.display())), "{}", written.stderr);
    let same = check_project(&before, &limits).exits(0);
    assert!(same.stdout.starts_with("PASS "), "{}", same.stdout);

    let grown = check_project(&after, &limits).exits(1);
    assert!(grown.stdout.starts_with("FAIL "), "{}", grown.stdout);
    let violations: Vec<&str> = grown.stdout.lines().filter(|line| line.starts_with("FAIL  ")).collect();
    assert_eq!(violations.len(), 2, "{}", grown.stdout);
    for violation in violations {
        assert!(violation.contains("; ryu 0.2.8 grew most, by "), "{violation}");
        assert!(violation.ends_with(" (check-me > ryu)"), "{violation}");
    }
    let verdict = check_project(&after, &[&limits[..], &["--format", "json"]].concat()).exits(1).json();
    assert_eq!(verdict["passed"], false);
    assert_eq!(verdict["violations"][0]["blamed"][0]["crate"], "ryu");
    assert_eq!(verdict["violations"][0]["blamed"][0]["why"], serde_json::json!(["check-me", "ryu"]));

    let warned = check_project(&after, &[&limits[..], &["--warn-only"]].concat()).exits(0);
    assert_eq!(
        warned.stdout,
        grown.stdout.replace("FAIL  ", "WARN  ").replacen("FAIL", "PASS", 1).replacen(": 2 violations", "", 1)
    );
    let annotated = check_project(&after, &[&limits[..], &["--warn-only", "--format", "github"]].concat()).exits(0);
    assert!(annotated.stdout.contains("::warning ") && !annotated.stdout.contains("::error "), "{}", annotated.stdout);
    let markdown = check_project(&after, &[&limits[..], &["--format", "markdown"]].concat()).exits(1);
    assert!(markdown.stdout.contains("ryu"), "{}", markdown.stdout);
}

fn blamed(verdict: &Value) -> Vec<(String, i64)> {
    let blamed = verdict["violations"][0]["blamed"].as_array().expect("somebody is blamed");
    let row = |row: &Value| {
        let name = row["crate"].as_str().unwrap_or_default().to_owned();
        (name, row["grown_bytes"].as_i64().expect("a baseline was given"))
    };
    blamed.iter().map(row).collect()
}

#[test]
fn zips_and_their_reports_give_one_verdict() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let (old, new) = (path("old.zip"), path("new.zip"));
    for (zip, function) in [(&old, "hello"), (&new, "two-versions")] {
        if zipfile::write(zip, &[("bootstrap", &build(function), 0o755)]).is_none() {
            return;
        }
        run(["analyze", arg(zip), "--format", "json", "-o", arg(&zip.with_extension("json"))]).exits(0);
    }
    let check = |new: &Path, old: &Path, code: i32| {
        let args = ["check", arg(new), "--baseline", arg(old), "--max-growth", "1 KiB", "--format", "json"];
        run(args).exits(code).json()
    };
    // An artifact lists its functions, and a report only where that was asked.
    let check = |new: &Path, old: &Path, code: i32| {
        let mut verdict = check(new, old, code);
        let blamed = verdict["violations"].as_array_mut().expect("violations").iter_mut();
        let blamed = blamed.filter_map(|violation| violation["blamed"].as_array_mut()).flatten();
        blamed.filter_map(Value::as_object_mut).for_each(|blame| drop(blame.remove("functions")));
        verdict
    };
    let verdict = check(&new, &old, 1);
    let of_reports = check(&path("new.json"), &path("old.json"), 1);
    assert_eq!(verdict["violations"], of_reports["violations"]);
    assert_eq!(verdict["violations"], check(&new, &path("old.json"), 1)["violations"]);
    let names = blamed(&verdict);
    assert!(names.iter().take(5).any(|(name, _)| name == "ryu"), "{names:?}");
    assert!(names.is_sorted_by(|a, b| a.1 >= b.1), "most first: {names:?}");
    assert_eq!(check(&old, &old, 0)["passed"], true);
    // Getting smaller is no growth.
    assert_eq!(check(&old, &new, 0)["violations"], serde_json::json!([]));
}

#[test]
fn absolute_limits_pass_fail_and_cannot_be_applied() {
    let zip = package("arm64.zip");
    run(["check", arg(&zip), "--max-zip", "190913"]).exits(0);
    let over = run(["check", arg(&zip), "--max-zip", "190912", "--max-unzipped", "0.5 MB"]).exits(1);
    assert!(over.stdout.contains("the zip is 190913 bytes, 1 past max-zip 190912"), "{}", over.stdout);
    run(["check", arg(&zip), "--max-unzipped", "439 kB"]).exits(1);
    let error = run(["check", arg(&zip), "--max-growth", "2%"]).error();
    assert!(error.contains("baseline"), "{error}");
    let error = run(["check", arg(&zip), "--max-growth", "2"]).error();
    assert!(error.contains("--max-growth"), "{error}");
    let error = run(["check", arg(&zip), "--update-baseline"]).error();
    assert!(error.contains("--baseline FILE"), "{error}");
}

#[test]
fn the_new_baseline_is_what_growth_is_measured_from() {
    let folder = folder();
    let baseline = folder.path().join("baseline.json");
    let zip = package("arm64.zip");
    let args = ["check", arg(&zip), "--baseline", arg(&baseline), "--max-growth", "0%"];
    let first = run([&args[..], &["--update-baseline"]].concat()).exits(0);
    assert!(!first.stdout.contains("no budget"), "{}", first.stdout);
    let second = run(args).exits(0);
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn a_package_that_does_not_start_fails_the_gate() {
    let folder = folder();
    let zip = folder.path().join("package.zip");
    if zipfile::write(&zip, &[("main", &package("arm64.zip"), 0o644)]).is_none() {
        return;
    }
    let run = run(["check", arg(&zip)]).exits(1);
    assert!(run.stdout.contains("bootstrap"), "{}", run.stdout);
}
