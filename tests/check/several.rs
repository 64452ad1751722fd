//! Many packages in one run: parts of it joined are the whole, and one that fails does not hide the others.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::functions::package;
use crate::support::program::{Run, arg, lambda_slim};
use crate::support::project::TinyProject;

fn slim(folder: &Path, args: &[&str]) -> Run {
    Run::of(lambda_slim().args(args).current_dir(folder))
}

/// Packages as cargo-lambda lays them out, `count` of them, of two kinds.
fn packages(count: usize) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |number: usize| {
        let path = PathBuf::from(format!("target/lambda/function-{number:03}/bootstrap.zip"));
        fs::create_dir_all(folder.path().join(path.parent().expect("a folder"))).expect("a folder");
        let from = if usize::is_multiple_of(number, 3) { "hello-cargo-lambda.zip" } else { "arm64.zip" };
        fs::copy(package(from), folder.path().join(&path)).expect("a copy");
        path.to_str().expect("UTF-8").to_owned()
    };
    let paths = (0..count).map(place).collect();
    (folder, paths)
}

#[test]
fn parts_joined_are_the_whole() {
    let (folder, paths) = packages(7);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let analyze = |more: &[&str]| {
        slim(folder.path(), &[&["analyze", "--format", "json"], paths.as_slice(), more].concat()).exits(0)
    };
    let whole = analyze(&[]).stdout;
    for form in ["", "hash:"] {
        let parts: Vec<String> = (1..=3).map(|part| format!("part-{part}.json")).collect();
        for (number, part) in (1..).zip(&parts) {
            analyze(&["--partition", &format!("{form}{number}/3"), "-o", part]);
        }
        // In any order, and a part twice is a part.
        let merge: Vec<&str> =
            ["merge"].into_iter().chain(parts.iter().rev().map(String::as_str)).chain([parts[0].as_str()]).collect();
        assert_eq!(slim(folder.path(), &merge).exits(0).stdout, whole);
    }
    // The gate takes the joined report as it takes the packages.
    fs::write(folder.path().join("whole.json"), &whole).expect("a file");
    let check = |of: &[&str]| {
        slim(folder.path(), &[&["check", "--max-zip", "200kB", "--format", "json"], of].concat()).exits(1).json()
    };
    assert_eq!(check(&["whole.json"]), check(&paths));
}

#[test]
fn each_package_has_its_own_verdict_and_baseline() {
    let (folder, paths) = packages(4);
    let here = folder.path();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let check = |more: &[&str]| {
        slim(here, &[&["check", "--max-growth", "1%", "--baseline", "all.json"], paths.as_slice(), more].concat())
    };
    let missing = check(&[]).exits(2);
    assert_eq!(missing.stderr.matches("all.json: no such baseline").count(), 4, "{}", missing.stderr);
    check(&["--update-baseline"]).exits(0);
    assert_eq!(
        serde_json::from_str::<Value>(&fs::read_to_string(here.join("all.json")).unwrap()).unwrap()["packages"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    check(&[]).exits(0);
    // One becomes another program, one goes, one comes.
    fs::copy(package("hello-cargo-lambda.zip"), here.join(paths[1])).expect("a copy");
    let run = check(&["--format", "json"]).exits(1).json();
    let failed: Vec<&Value> = run["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|verdict| !verdict["violations"].as_array().unwrap().is_empty())
        .collect();
    assert_eq!((failed.len(), failed[0]["subject"].as_str()), (1, Some(paths[1])));
    assert_eq!(run["passed"], false);
    let summary = here.join("summary.md");
    let mut with_summary = lambda_slim();
    with_summary.args(["check", "--max-growth", "1%", "--baseline", "all.json"]).args(&paths).current_dir(here);
    Run::of(with_summary.env("GITHUB_STEP_SUMMARY", &summary)).exits(1);
    let summary = fs::read_to_string(summary).expect("a summary");
    assert!(summary.starts_with("### FAIL 1 of 4 packages") && summary.matches("### PASS").count() == 3, "{summary}");
    let text = check(&[]).exits(1).stdout;
    assert!(text.contains("FAIL 1 of 4 packages"), "{text}");
    fs::write(here.join(paths[2]), b"PK no zip").expect("a file");
    let broken = check(&[]).exits(2);
    assert!(broken.stdout.contains("FAIL 1 of 4 packages, 1 not checked"), "{}", broken.stdout);
    assert_eq!(broken.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{}", broken.stderr);
    let refused = check(&["--update-baseline", "--partition", "1/2"]).error();
    assert!(refused.contains("merge"), "{refused}");
}

#[test]
fn a_workspace_is_built_and_checked_program_by_program() {
    let project = TinyProject::new(
        "members = [\"worker\"]\n[workspace.metadata.lambda-slim]\nmax-zip = \"2 MB\"\n\
        [package.metadata.lambda-slim]\nmax-unzipped = \"5 MB\"\n[package.metadata.lambda-slim.bin.tool]\nmax-unzipped = \"1 kB\"\n",
    );
    project.write("src/bin/tool.rs", "fn main() {}\n");
    project.write("worker/Cargo.toml", "[package]\nname = \"worker\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    project.write("worker/src/main.rs", "fn main() {}\n");
    let here = project.path();
    let limits = |verdict: &Value| {
        let gates = verdict["gates"].as_array().expect("gates").iter();
        gates
            .map(|gate| (gate["budget"].as_str().unwrap().to_owned(), gate["limit_bytes"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    let run = slim(here, &["check", "--workspace", "--offline", "--format", "json"]).exits(1).json();
    let verdicts = run["packages"].as_array().expect("packages");
    let told: Vec<(&str, Vec<(String, u64)>)> =
        verdicts.iter().map(|verdict| (verdict["subject"].as_str().expect("a path"), limits(verdict))).collect();
    let of = |list: &[(&str, u64)]| list.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect::<Vec<_>>();
    let zip = ("max-zip", 2_000_000);
    assert_eq!(
        told,
        [
            ("target/lambda/app/bootstrap.zip", of(&[zip, ("max-unzipped", 5_000_000)])),
            ("target/lambda/tool/bootstrap.zip", of(&[zip, ("max-unzipped", 1_000)])),
            ("target/lambda/worker/bootstrap.zip", of(&[zip])),
        ]
    );
    let subjects = |args: &[&str], code| {
        let run = slim(here, &[&["analyze", "--offline", "--format", "json"], args].concat()).exits(code).json();
        let packages = run["packages"].as_array().expect("packages").iter();
        packages
            .map(|report| report["artifact"]["path"].as_str().expect("a path").split('/').nth(2).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(subjects(&["--bin", "app", "--bin", "worker"], 0), ["app", "worker"]);
    assert_eq!(subjects(&["--workspace", "--exclude", "worker"], 0), ["app", "tool"]);
    assert_eq!(subjects(&["--workspace", "--partition", "2/3"], 0), ["tool"]);
    let error = slim(here, &["slim", "--bin", "app", "--bin", "tool"]).exits(2).stderr;
    assert!(error.contains("--bin"), "{error}");
    let error = slim(here, &["analyze", "--bin", "app", "--bin", "nope"]).error();
    assert!(error.contains("nope"), "{error}");
    // What is not built is a failure of its own.
    let none =
        slim(here, &["analyze", "--workspace", "--no-build", "--profile", "never", "--format", "json"]).exits(2).json();
    assert_eq!(none["failures"].as_array().expect("failures").len(), 3);
    let junit = slim(here, &["check", "--workspace", "--offline", "--format", "junit"]).exits(1).stdout;
    assert_eq!(junit.matches("<testsuite name=").count(), 3, "{junit}");
    let sarif = slim(here, &["check", "--workspace", "--offline", "--format", "sarif"]).exits(1).json();
    assert_eq!(sarif["runs"].as_array().expect("runs").len(), 1, "GitHub takes one run of a tool");
    assert!(arg(here).len() > 1);
}
