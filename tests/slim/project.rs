//! In a project: `cargo lambda-slim slim` builds and packages, and nothing is compiled twice.

use std::fs;
use std::path::Path;

use crate::support::functions::target_dir;
use crate::support::program::{Run, arg, cargo, cargo_lambda_slim, command};
use crate::support::project::hello_project;
use crate::support::zipfile;

fn cargo_slim(folder: &Path, args: &[&str]) -> Run {
    let mut cargo = cargo();
    cargo.arg("lambda-slim").args(args).args(["--release", "--bin", "slim-me", "--offline"]);
    Run::of(cargo.current_dir(folder).env("CARGO_TARGET_DIR", target_dir("functions")))
}

#[test]
fn a_project_is_built_packaged_and_not_built_again() {
    let folder = hello_project("slim-me", "slim-me", "", |main| main);
    let zip = target_dir("functions").join("lambda/slim-me/bootstrap.zip");
    let _ = fs::remove_file(&zip);
    let slimmed = cargo_slim(&folder, &["slim", "--effort", "fast"]).exits(0);
    let said = slimmed.stderr.lines().last().expect("a note");
    assert_eq!(said, format!("note: wrote {}", zip.display()));
    zipfile::assert_accepted(&zip);
    if let Some(entries) = zipfile::entries(&zip) {
        assert_eq!(entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["bootstrap"]);
    }

    let analyzed = cargo_slim(&folder, &["analyze", "--format", "json"]).exits(0);
    assert!(!analyzed.stderr.contains("Compiling"), "{}", analyzed.stderr);
    assert!(analyzed.stderr.contains("Finished"), "cargo's words are passed on: {}", analyzed.stderr);
    let report = analyzed.json();
    let crates = report["binaries"][0]["crates"].as_array().expect("crates").clone();
    let tokio =
        crates.iter().find(|row| row["name"] == "tokio").expect("tokio is named, though the package is stripped");
    assert_eq!(tokio["why"][0], "slim-me");
    assert_ne!(tokio["version"], serde_json::Value::Null);

    // What is built is found, and its names come from cargo's program beside it.
    let found = cargo_slim(&folder, &["analyze", "--no-build", "--format", "json"]).exits(0);
    assert!(found.stderr.contains(&format!("note: using {}", zip.display())), "{}", found.stderr);
    let found = found.json();
    assert_eq!(found["binaries"][0]["stripped"], true);
    assert!(found["binaries"][0]["crates"].as_array().expect("crates").iter().any(|row| row["name"] == "tokio"));
}

#[test]
fn cargo_finds_the_subcommand_and_both_names_are_one_program() {
    let help = Run::of(cargo().args(["lambda-slim", "slim", "-h"])).exits(0);
    assert!(help.stdout.contains("Usage: cargo lambda-slim slim "), "{}", help.stdout);
    let direct = Run::of(command(&cargo_lambda_slim()).args(["slim", "-h"])).exits(0);
    assert!(direct.stdout.contains("Usage: cargo-lambda-slim slim "), "{}", direct.stdout);
    let wrong = Run::of(cargo().args(["lambda-slim", "slim", "--bogus"]));
    assert!(wrong.error().contains("--bogus"));
    assert!(arg(&cargo_lambda_slim()).contains("cargo-lambda-slim"));
}
