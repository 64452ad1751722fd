//! Whose limit holds: flags, then the environment, then the package, then the workspace.

use std::fs;
use std::path::Path;

use crate::support::functions::package;
use crate::support::program::{Run, arg, lambda_slim};
use crate::support::project::TinyProject;

const PACKAGE: &str = "[package.metadata.lambda-slim]\nmax-zip = 300000\n";
const WORKSPACE: &str = "[workspace.metadata.lambda-slim]\nmax-zip = 200000\nmax-unzipped = \"1 MB\"\n";

fn check(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Run {
    let mut command = lambda_slim();
    command.args(["check", arg(&package("arm64.zip")), "--format", "json"]).args(args).current_dir(folder);
    Run::of(command.envs(environment.iter().copied()))
}

/// The limits that `check` applies to a named artifact, as name and bytes.
fn limits(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Vec<(String, u64)> {
    let verdict = check(folder, args, environment).json();
    let gates = verdict["gates"].as_array().expect("gates").clone();
    let limit = |gate: &serde_json::Value| {
        (gate["budget"].as_str().expect("a name").to_owned(), gate["limit_bytes"].as_u64().expect("bytes"))
    };
    gates.iter().map(limit).collect()
}

fn of(limits: &[(&str, u64)]) -> Vec<(String, u64)> {
    limits.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect()
}

#[test]
fn flags_come_before_environment_package_and_workspace() {
    let project = TinyProject::new(&format!("{WORKSPACE}{PACKAGE}"));
    let here = project.path();
    let environment = [("LAMBDA_SLIM_MAX_ZIP", "400000")];
    let zip = |bytes| of(&[("max-zip", bytes), ("max-unzipped", 1_000_000)]);
    assert_eq!(limits(here, &["--max-zip", "500kB"], &environment), zip(500_000));
    assert_eq!(limits(here, &[], &environment), zip(400_000));
    assert_eq!(limits(here, &[], &[]), zip(300_000));
    assert_eq!(limits(TinyProject::new(WORKSPACE).path(), &[], &[]), zip(200_000));
    assert_eq!(limits(TinyProject::new("").path(), &[], &[]), of(&[]));
    // From a folder inside, as cargo does it; and from outside with the manifest's path.
    assert_eq!(limits(&here.join("src"), &[], &[]), zip(300_000));
    // Asking changed nothing.
    assert!(!here.join("Cargo.lock").exists() && !here.join("target").exists());
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(limits(elsewhere.path(), &[], &[]), of(&[]));
    let manifest = here.join("Cargo.toml");
    assert_eq!(limits(elsewhere.path(), &["--manifest-path", arg(&manifest)], &[]), zip(300_000));
}

#[test]
fn a_configured_baseline_is_found_from_the_packages_folder() {
    let project = TinyProject::new("[package.metadata.lambda-slim]\nmax-growth = \"0 B\"\nbaseline = \"sizes.json\"\n");
    let inside = project.path().join("src");
    let missing = check(&inside, &[], &[]).error();
    assert!(missing.contains("sizes.json: no such baseline"), "{missing}");
    check(&inside, &["--update-baseline"], &[]).exits(0);
    assert!(project.path().join("sizes.json").is_file());
    check(&inside, &[], &[]).exits(0);
    let error = check(&inside, &[], &[("LAMBDA_SLIM_BASELINE", "other.json")]).error();
    assert!(error.starts_with("other.json: no such baseline"), "the environment comes first: {error}");
}

#[test]
fn a_misspelt_or_wrong_setting_is_an_error_and_not_a_pass() {
    for (setting, told) in [
        ("max-zipped = 1", "max-zipped"),
        ("max-zip = true", "max-zip"),
        ("max-zip = \"5 apples\"", "max-zip"),
        ("baseline = 5", "baseline = 5 in [package.metadata.lambda-slim]: expected the path of a report"),
        ("bin.other.max-zip = 5", "bin = { \"other\" }"),
        ("bin = 5", "bin = 5"),
        ("crates.hyper = { file = 1, unzipped = 2 }", "crates.hyper.unzipped"),
        ("sections = \"small\"", "sections"),
        ("noise = 5", "noise"),
        ("memory = \"much\"", "memory"),
        ("effort = \"most\"", "effort"),
    ] {
        let project = TinyProject::new(&format!("[package.metadata.lambda-slim]\n{setting}\n"));
        let error = check(project.path(), &[], &[]).error();
        assert!(error.contains(told), "{setting}: {error}");
    }
    let project = TinyProject::new("");
    let error = check(project.path(), &[], &[("LAMBDA_SLIM_MAX_ZIP", "5 apples")]).error();
    assert!(error.contains("5 apples"), "{error}");
}

#[test]
fn several_programs_with_limits_are_a_question_and_the_packages_folder_answers_it() {
    let project = TinyProject::new(PACKAGE);
    project.write("src/bin/worker.rs", "fn main() {}\n");
    let error = check(project.path(), &[], &[]).error();
    assert_eq!(error, "several binaries (app, worker): choose one with --bin NAME");
    assert_eq!(limits(project.path(), &["--bin", "worker"], &[]), of(&[("max-zip", 300_000)]));
    let built = project.path().join("target/lambda/worker/bootstrap.zip");
    fs::create_dir_all(built.parent().expect("a folder")).expect("a folder");
    fs::copy(package("arm64.zip"), &built).expect("a copy");
    let mut command = lambda_slim();
    let run = Run::of(command.args(["check", arg(&built), "--format", "json"]).current_dir(project.path())).exits(0);
    assert_eq!(run.json()["gates"][0]["limit_bytes"], 300_000);
}
