//! The table: figures, failures, choices.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::function::{experiment, function, number, slimmed, tune, tuned};
use crate::support::functions::forget_the_outer_build;
use crate::support::program::Run;

/// Every file below a folder but what `tune` keeps: its time and bytes.
fn files(root: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            // What cargo remembers of rustc is written whenever cargo is asked anything.
            if path.ends_with("target/lambda-slim") || path.ends_with("target/.rustc_info.json") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                let time = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
                found.insert(path.clone(), (time, fs::read(&path).expect("readable")));
            }
        }
    }
    found
}

#[test]
fn figures_are_those_of_the_files_and_the_project_stays_as_it_was() {
    let project = function("");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_the_outer_build(&mut cargo);
    let built = cargo.args(["build", "--release", "--offline", "--quiet"]).current_dir(project.path()).status();
    assert!(built.expect("cargo starts").success());
    let before = files(project.path());

    let outcome = tuned(&project, &["--only", "opt-level-z,cargo-lambda", "--event", "event.json"]);
    assert_eq!(files(project.path()), before, "neither sources nor the user's own builds change");
    let z = &experiment(&outcome, "opt-level-z")["figures"];
    let plain = &experiment(&outcome, "baseline")["figures"];
    // The same builds, made by another command in another folder.
    assert_eq!(number(&plain["zip_bytes"]), slimmed(&project, &[]));
    assert_eq!(number(&z["zip_bytes"]), slimmed(&project, &["--config", "profile.release.opt-level=\"z\""]));
    assert!(number(&plain["plain_zip_bytes"]) >= number(&plain["zip_bytes"]), "{plain}");
    assert_eq!(z["answers"], "everything");
    assert!(number(&z["start"]["touched_bytes"]) > 0 && z["start"]["init_ms"]["p50"].as_f64() > Some(0.0), "{z}");
    let cpu = &z["start"]["event_cpu_ms"];
    assert!(cpu["min"].as_f64() <= cpu["median"].as_f64() && cpu["median"].as_f64() <= cpu["max"].as_f64(), "{cpu}");
    // What only shows what others ship is no choice, and a function that does not compile with it has its reason.
    assert_eq!(experiment(&outcome, "cargo-lambda")["status"], "build_failed");
    let smallest = outcome["choices"].as_array().unwrap().iter().find(|choice| choice["rule"] == "smallest");
    let smaller = if number(&z["zip_bytes"]) < number(&plain["zip_bytes"]) { "opt-level-z" } else { "baseline" };
    assert_eq!(smallest.unwrap()["experiment"], smaller);
}

#[test]
fn experiments_that_do_not_build_start_or_answer_alike_are_rows_and_the_rest_goes_on() {
    let project = function("");
    let names = "panic-abort,icf-all,static-relocations,opt-level-s,trim-paths";
    let outcome = tuned(&project, &["--only", names, "--event", "event.json"]);
    let status = |name: &str| experiment(&outcome, name)["status"].clone();
    let reason = |name: &str| experiment(&outcome, name)["reason"].as_str().unwrap_or_default().to_owned();
    assert_eq!(status("panic-abort"), "build_failed");
    assert!(reason("panic-abort").contains("this function wants to catch panics"), "{outcome:#}");
    assert_eq!(status("static-relocations"), "answers_differ");
    assert!(reason("static-relocations").contains("fixed"), "{outcome:#}");
    assert_eq!(status("opt-level-s"), "measured");
    // Merging is lld's; another linker does not take the option.
    let folded = (status("icf-all"), reason("icf-all"));
    assert!(
        folded.0 == "build_failed" || (folded.0 == "start_failed" && folded.1.contains("one address")),
        "{folded:?}"
    );
    if !outcome["rustc"].as_str().unwrap_or_default().contains("nightly") {
        assert_eq!(status("trim-paths"), "not_here");
        assert!(reason("trim-paths").contains("remap-paths"), "{outcome:#}");
    }

    // The same for people: known from before, with the reasons below the table.
    let text = Run::of(&mut tune(&project, &["--only", names, "--event", "event.json", "--runs", "2"])).exits(0).stdout;
    assert!(
        text.contains("Failed or not tried") && text.contains("does not build: error: this function")
            || text.contains("does not build: this function"),
        "{text}"
    );
    assert!(text.contains("answers otherwise: "), "{text}");
}

#[test]
fn a_project_that_does_not_build_is_one_error() {
    let project = function("");
    project.write("src/main.rs", "fn main() { let x: u32 = \"no\"; }\n");
    let error = Run::of(&mut tune(&project, &["--only", "opt-level-z"])).exits(2);
    assert_eq!(error.stdout, "");
    assert!(
        error.stderr.contains("error: the project's own build fails, so no experiment was made: error[E0308]"),
        "{}",
        error.stderr
    );
}

#[test]
fn an_event_that_is_not_the_functions_is_one_error() {
    let project = function("");
    project.write("wrong.json", "{\"other\": 1}");
    let error =
        Run::of(&mut tune(&project, &["--only", "opt-level-z", "--event", "wrong.json", "--runs", "1"])).error();
    assert!(
        error.starts_with("the project's own build fails, so no experiment was made: ") && error.contains("who?"),
        "{error}"
    );
    project.write("wrong.json", "{");
    let error = Run::of(&mut tune(&project, &["--event", "wrong.json"])).error();
    assert!(error.contains("wrong.json: not a JSON event"), "{error}");
}

#[test]
fn experiments_are_listed_without_a_build_and_unknown_ones_are_refused() {
    let project = function("[profile.release]\nlto = true\n");
    let list = Run::of(&mut tune(&project, &["--list", "--format", "markdown"])).exits(0).stdout;
    assert!(list.contains("opt-level-z") && list.contains("linker-mold"), "{list}");
    let fat = list.lines().find(|line| line.contains("lto-fat")).expect("it is listed");
    assert!(fat.contains("so already"), "{fat}");
    assert!(!project.path().join("target").exists());
    let error = Run::of(&mut tune(&project, &["--only", "opt-level-9"])).error();
    assert!(
        error.contains("no experiment is called \"opt-level-9\"; there are ") && error.contains("opt-level-z"),
        "{error}"
    );
}
