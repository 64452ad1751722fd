//! The JSON Schema of the report: it is what the types say, and what every command prints holds to it, as a validator that we did not write
//! finds. Reports of earlier versions stay readable.

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lambda_slim::report::{REPORT_SCHEMA, ReadError, Report, SCHEMA_VERSION};
use serde_json::{Value, json};

use crate::support::program::{Run, arg, run};
use crate::support::python::python_with;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn package(name: &str) -> PathBuf {
    root().join("testdata/packages").join(name)
}

/// The schema as the types say it.
fn generated() -> String {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Report>();
    let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
    schema["title"] = json!(format!("Report of lambda-slim, schema_version {SCHEMA_VERSION}"));
    schema["properties"]["schema_version"] = json!({
        "const": SCHEMA_VERSION,
        "description": "Version of this layout. Keys may be added to it; none may go or change meaning. null is 'not known here', never 0."
    });
    serde_json::to_string_pretty(&schema).expect("it is JSON") + "\n"
}

#[test]
fn the_schema_is_what_the_types_say() {
    let path = root().join("src/report/report.schema.json");
    let generated = generated();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, generated).expect("written");
        return;
    }
    let checked_in = fs::read_to_string(&path).expect("the schema is checked in");
    assert!(
        checked_in == generated,
        "src/report/report.schema.json is not what the types say: UPDATE_GOLDEN=1 rewrites it"
    );
    assert_eq!(REPORT_SCHEMA, generated);
    assert_eq!(run(["schema"]).exits(0).stdout, generated, "`schema` prints it");
}

/// Reports as every command prints them, by name.
fn reports(folder: &Path) -> Vec<(&'static str, String)> {
    let (hello, plain, arm) =
        (package("hello-unstripped.zip"), package("hello-cargo-lambda.zip"), package("arm64.zip"));
    let graph = package("hello-unstripped.metadata.json");
    let (hello, plain, arm, graph) = (arg(&hello), arg(&plain), arg(&arm), arg(&graph));
    let trace = folder.join("event.json");
    fs::write(&trace, "{}").expect("written");
    let runs: [(&str, &[&str]); 9] = [
        ("analyze", &["analyze", hello, "--metadata", graph]),
        ("analyze-functions", &["analyze", hello, "--metadata", graph, "--by", "function"]),
        ("analyze-why", &["analyze", hello, "--metadata", graph, "--why", "serde_core"]),
        ("analyze-elf", &["analyze", arm]),
        ("slim", &["slim", hello, "--dry-run"]),
        ("slim-nothing-to-do", &["slim", plain, "--dry-run", "--effort", "fast"]),
        ("estimate", &["estimate", hello, "--memory", "512"]),
        (
            "estimate-traffic",
            &[
                "estimate",
                hello,
                "--against",
                plain,
                "--requests-per-month",
                "100000",
                "--sweep",
                "--client-timeout",
                "3",
            ],
        ),
        ("measure", &["measure", plain, "--runs", "2"]),
    ];
    let mut reports: Vec<(&str, String)> = Vec::new();
    for (name, args) in runs {
        let Run { code, stdout, stderr } = run([args, &["--format", "json"]].concat());
        // Not every machine may start programs of another architecture, or isolate them.
        if name == "measure" && code == Some(2) && stdout.is_empty() {
            support::skip::skip("a measured report", &stderr);
            continue;
        }
        assert_eq!(code, Some(0), "{name}: {stderr}");
        reports.push((name, stdout));
    }
    for (name, file) in [("layout", "testdata/reports/layout.json"), ("golden", "testdata/golden/analyze.json")] {
        // Read and written anew: keys may have come since.
        let read = Report::from_json(&fs::read_to_string(root().join(file)).expect("checked in")).expect("a report");
        reports.push((name, serde_json::to_string(&read).expect("JSON")));
    }
    reports
}

#[test]
fn reports_of_every_command_hold_to_the_schema() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(python) = python_with("jsonschema", &["jsonschema==4.26.0"]) else { return };
    let mut paths = Vec::new();
    for (name, report) in reports(folder.path()) {
        let path = folder.path().join(format!("{name}.report.json"));
        fs::write(&path, report).expect("written");
        paths.push(path);
    }
    let script = root().join("tests/schema/validate.py");
    let mut judge = Command::new(python);
    judge.arg(script).arg(root().join("src/report/report.schema.json")).args(&paths).stdin(Stdio::null());
    let judged = Run::of(&mut judge).exits(0);
    assert_eq!(judged.stdout.lines().count(), paths.len(), "{}", judged.stdout);
}

/// As the first version that had a report wrote it, on 2026-11-23.
fn first() -> String {
    fs::read_to_string(root().join("testdata/reports/analyze-2026-11-23.json")).expect("checked in")
}

#[test]
fn the_first_report_is_read_and_its_numbers_are_what_they_were() {
    let written: Value = serde_json::from_str(&first()).expect("JSON");
    let read = Report::from_json(&first()).expect("a report of version 1");
    let again = serde_json::to_value(&read).expect("JSON");
    assert_holds(&written, &again, "");
    let path = root().join("testdata/reports/analyze-2026-11-23.json");
    let verdict = run(["check", arg(&path), "--max-zip", "600kB", "--format", "json"]);
    assert_eq!(verdict.json()["subject"], written["artifact"]["path"], "{}", verdict.stdout);
}

/// Every key that was written is there, with the value that it had.
fn assert_holds(written: &Value, read: &Value, at: &str) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (key, value) in written {
                // What is empty or not known may be left out.
                let nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                match read.get(key) {
                    None => assert!(nothing, "{at}/{key} is gone"),
                    Some(read) => assert_holds(value, read, &format!("{at}/{key}")),
                }
            }
        }
        (Value::Array(written), Value::Array(read)) => {
            assert_eq!(written.len(), read.len(), "{at}");
            written.iter().zip(read).enumerate().for_each(|(n, (a, b))| assert_holds(a, b, &format!("{at}/{n}")));
        }
        _ => assert_eq!(written, read, "{at}"),
    }
}

#[test]
fn keys_of_tomorrow_are_passed_over_and_another_version_is_refused() {
    let mut report: Value = serde_json::from_str(&first()).expect("JSON");
    let known = Report::from_json(&report.to_string()).expect("a report");
    report["weather"] = json!({"wind_bytes": 3});
    report["artifact"]["colour"] = json!("blue");
    report["binaries"][0]["crates"][0]["mood_bytes"] = json!(7);
    assert_eq!(Report::from_json(&report.to_string()).expect("a report"), known);
    report["schema_version"] = json!(SCHEMA_VERSION + 1);
    assert_eq!(
        Report::from_json(&report.to_string()),
        Err(ReadError::Version { found: u64::from(SCHEMA_VERSION) + 1 })
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("later.json");
    fs::write(&path, report.to_string()).expect("written");
    let error = run(["check", arg(&path)]).error();
    assert!(
        error.contains("later.json: schema_version is 2; this version of lambda-slim reads 1 to 1: update it"),
        "{error}"
    );
}
