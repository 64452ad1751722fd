//! `estimate` takes all that the other commands take, and says what it does not know.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::functions::package;
use crate::support::program::{arg, run};
use crate::support::zipfile;

fn estimate(input: &Path, args: &[&str]) -> Value {
    run([&["estimate", arg(input), "--format", "json"], args].concat()).exits(0).json()["estimate"].clone()
}

#[test]
fn zip_folder_program_and_report_are_estimated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (zip, unpacked) = (package("arm64.zip"), folder.path().join("unpacked"));
    let of_zip = estimate(&zip, &[]);
    assert_eq!(of_zip["architecture"], "arm64");
    assert_eq!(of_zip["memory_mb"], 128);
    let report = folder.path().join("report.json");
    run(["analyze", arg(&zip), "--format", "json", "-o", arg(&report)]).exits(0);
    let of_report = estimate(&report, &[]);
    for key in ["terms", "before_init_ms", "init_ms", "cold_total_ms"] {
        assert_eq!(of_report[key], of_zip[key], "{key}");
    }
    if zipfile::unpack(&zip, &unpacked).is_none() {
        return;
    }
    let (of_folder, of_program) = (estimate(&unpacked, &[]), estimate(&unpacked.join("bootstrap"), &[]));
    assert_eq!(of_folder["init_ms"], of_zip["init_ms"]);
    assert_eq!(of_program, of_folder);
    fs::remove_file(unpacked.join("bootstrap")).expect("our file");
    fs::write(unpacked.join("data.txt"), "no program").expect("a file");
    let error = run(["estimate", arg(&unpacked)]).error();
    assert!(error.ends_with("holds no program that Lambda starts: nothing to estimate"), "{error}");
}

#[test]
fn memory_is_lambdas_range() {
    let zip = package("arm64.zip");
    for memory in ["128", "10240"] {
        assert_eq!(estimate(&zip, &["--memory", memory])["memory_mb"].to_string(), memory);
    }
    for memory in ["127", "10241", "0"] {
        let error = run(["estimate", arg(&zip), "--memory", memory]).error();
        assert_eq!(error, format!("memory setting of {memory} MB is outside Lambda's range of 128 to 10240 MB"));
    }
    for memory in ["-1", "much", "1.5"] {
        run(["estimate", arg(&zip), "--memory", memory]).exits(2);
    }
}
