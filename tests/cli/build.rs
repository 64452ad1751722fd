//! In a project: cargo's words on stderr, the result alone on stdout, and clear errors where there is no one program.

use std::fs;
use std::path::Path;

use crate::support::functions::package;
use crate::support::program::{Run, lambda_slim};
use crate::support::project::TinyProject;

fn in_project(project: &Path, args: &[&str]) -> Run {
    Run::of(lambda_slim().args(args).current_dir(project))
}

#[test]
fn stdout_carries_the_result_and_stderr_all_else() {
    let project = TinyProject::new("");
    let run = in_project(project.path(), &["slim", "--format", "json"]).exits(0);
    let report = run.json();
    let zip = project.path().join("target/lambda/app/bootstrap.zip");
    assert_eq!(report["slim"]["after"]["zip_bytes"], fs::metadata(&zip).expect("it was written").len());
    assert!(run.stderr.contains("Compiling app"), "{}", run.stderr);
    assert!(
        run.stderr.contains("note: wrote ") && run.stderr.ends_with("lambda/app/bootstrap.zip\n"),
        "{}",
        run.stderr
    );
    // Quiet is quiet in cargo too; and nothing is compiled a second time.
    let quiet = in_project(project.path(), &["analyze", "--format", "json", "-q"]).exits(0);
    assert_eq!(quiet.stderr, "");
    assert_eq!(quiet.json()["artifact"]["sha256"], report["artifact"]["sha256"]);
    let named = in_project(project.path(), &["slim", "-o", "here.zip", "--no-build"]).exits(0);
    assert!(named.stderr.ends_with("note: wrote here.zip\n"), "{}", named.stderr);
    assert!(fs::read(project.path().join("here.zip")).expect("it wrote") == fs::read(&zip).expect("it is there"));
}

#[test]
fn settings_of_the_project_hold_for_slim() {
    let project = TinyProject::new(
        "[package.metadata.lambda-slim]\neffort = \"fast\"\n[package.metadata.lambda.build]\nlambda_dir = \"dist\"\ninclude = [\"data\"]\n",
    );
    project.write("data/a.txt", "a");
    let report = in_project(project.path(), &["slim", "--format", "json", "-q"]).exits(0).json();
    assert_eq!(report["slim"]["effort"], "fast");
    // What `analyze` shows of a fresh build is what `slim` writes of it.
    let shown = in_project(project.path(), &["analyze", "--format", "json", "-q"]).exits(0).json();
    assert_eq!(shown["artifact"]["sha256"], report["artifact"]["sha256"]);
    let entries = report["artifact"]["entries"].as_array().expect("entries");
    assert_eq!(
        entries.iter().map(|entry| entry["path"].as_str()).collect::<Vec<_>>(),
        [Some("bootstrap"), Some("data/a.txt")]
    );
    assert!(project.path().join("dist/app/bootstrap.zip").is_file());
}

#[test]
fn no_build_finds_what_cargo_lambda_made() {
    let project = TinyProject::new("");
    let missing = in_project(project.path(), &["analyze", "--no-build"]).error();
    assert!(missing.starts_with("app is not built; looked for "), "{missing}");
    assert!(missing.contains("target/lambda/app/bootstrap.zip"), "{missing}");
    let zip = project.path().join("target/lambda/app/bootstrap.zip");
    fs::create_dir_all(zip.parent().expect("a folder")).expect("a folder");
    fs::copy(package("arm64.zip"), &zip).expect("a copy");
    let found = in_project(project.path(), &["analyze", "--no-build", "--format", "json"]).exits(0);
    assert_eq!(found.json()["artifact"]["zip_bytes"], 190_913);
    assert!(
        found.stderr.contains("note: using ") && found.stderr.contains("lambda/app/bootstrap.zip"),
        "{}",
        found.stderr
    );
}

#[test]
fn several_programs_are_a_question_and_a_failing_build_is_cargos_answer() {
    let project = TinyProject::new("");
    project.write("src/bin/worker.rs", "fn main() { let number: u8 = \"text\"; }\n");
    for args in [&["analyze"][..], &["slim"], &["estimate"], &["check"]] {
        let error = in_project(project.path(), args).error();
        assert_eq!(error, "several binaries (app, worker): choose one with --bin NAME");
    }
    let error = in_project(project.path(), &["analyze", "--bin", "nonesuch"]).error();
    assert_eq!(error, "no binary \"nonesuch\"; there is app, worker");
    let failed = in_project(project.path(), &["slim", "--bin", "worker"]).exits(2);
    assert_eq!(failed.stdout, "");
    assert!(failed.stderr.contains("mismatched types"), "{}", failed.stderr);
    let last = failed.stderr.lines().last().expect("an error");
    assert!(last.starts_with("error: the build failed: `cargo rustc ") && !last.contains('\x1b'), "{last}");
    assert!(!project.path().join("target/lambda").exists(), "nothing is written of a failed build");
    let colored = in_project(project.path(), &["slim", "--bin", "worker", "--color", "always"]).exits(2);
    assert!(colored.stderr.contains('\x1b'), "cargo is told of --color");
}

#[test]
fn outside_of_a_project_the_error_says_what_to_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = in_project(folder.path(), &["slim"]).error();
    assert!(error.contains("no Cargo.toml in this folder or above it: name an artifact"), "{error}");
}
