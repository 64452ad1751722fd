//! `analyze` and `diff`: every format parses, every view sums, names come from a twin or not at all.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::functions::{build, manifest_path, package};
use crate::support::program::{Run, arg, lambda_slim, run};
use crate::support::skip::skip;
use crate::support::symbols;

fn analyze(input: &Path, args: &[&str]) -> Run {
    run([&["analyze", arg(input)], args].concat())
}

fn report(input: &Path, args: &[&str]) -> Value {
    analyze(input, &[&["--format", "json"], args].concat()).exits(0).json()
}

fn sum(rows: &Value, key: &str) -> u64 {
    rows.as_array().expect("rows").iter().map(|row| row[key].as_u64().unwrap_or_else(|| panic!("{key} in {row}"))).sum()
}

/// Law 1, as an outsider adds it up.
fn assert_sums_hold(report: &Value) {
    let entries = sum(&report["artifact"]["entries"], "compressed_bytes");
    let zip = &report["artifact"];
    assert_eq!(entries + zip["zip_overhead_bytes"].as_u64().expect("a zip"), zip["zip_bytes"].as_u64().expect("a zip"));
    for binary in report["binaries"].as_array().expect("binaries") {
        let file = binary["file_bytes"].as_u64().expect("a size");
        let entry = zip["entries"].as_array().expect("entries").iter().find(|entry| entry["path"] == binary["path"]);
        let packed = entry.expect("the binary is an entry")["compressed_bytes"].as_u64().expect("a size");
        for key in ["sections", "crates", "crates_by_definition", "crates_by_instantiation"] {
            assert_eq!(sum(&binary[key], "file_bytes"), file, "{key}");
            assert_eq!(sum(&binary[key], "compressed_bytes"), packed, "{key} in the zip");
        }
        assert_eq!(sum(&binary["evidence"], "file_bytes"), file);
    }
}

/// Rows of a CSV as Python reads it, as JSON: a list of objects.
fn csv(text: &str) -> Option<Value> {
    const SCRIPT: &str = "import csv, json, sys; json.dump(list(csv.DictReader(sys.stdin, strict=True)), sys.stdout)";
    let mut python = Command::new("python3");
    python.args(["-I", "-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        skip("CSV", "no python3 here");
        return None;
    };
    let written = std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), text.as_bytes());
    let output = child.wait_with_output().expect("python ends");
    assert!(written.is_ok() && output.status.success(), "python cannot read the CSV");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn every_row_kind_and_view_is_told_in_every_format() {
    let zip = package("hello-unstripped.zip");
    let whole = fs::metadata(&zip).expect("a package").len();
    for by in ["crate", "section", "function", "file"] {
        for view in ["owner", "definition", "instantiation"] {
            let args = ["--by", by, "--view", view];
            let text = analyze(&zip, &args).exits(0).stdout;
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{by} {view}");
            assert!(analyze(&zip, &[&args[..], &["--format", "markdown"]].concat()).exits(0).stdout.contains("| "));
            let rows = analyze(&zip, &[&args[..], &["--format", "csv"]].concat()).exits(0).stdout;
            let Some(rows) = csv(&rows) else { continue };
            let rows = rows.as_array().expect("rows");
            assert!(!rows.is_empty() && rows.iter().all(|row| row.get("null").is_none()), "{by} {view}");
        }
    }
    let folded = analyze(&zip, &["--format", "folded"]).exits(0).stdout;
    let weight = |line: &str| line.rsplit_once(' ').and_then(|(_, bytes)| bytes.parse::<u64>().ok());
    let total: u64 = folded.lines().map(|line| weight(line).unwrap_or_else(|| panic!("{line:?}"))).sum();
    let json = report(&zip, &[]);
    assert_sums_hold(&json);
    assert_eq!(json["artifact"]["zip_bytes"], whole);
    assert_eq!(total, json["binaries"][0]["file_bytes"].as_u64().expect("a size"));
}

#[test]
fn csv_rows_sum_to_the_file() {
    let zip = package("hello-unstripped.zip");
    let size = report(&zip, &[])["binaries"][0]["file_bytes"].as_u64().expect("a size");
    for by in ["crate", "section", "function"] {
        let Some(rows) = csv(&analyze(&zip, &["--by", by, "--format", "csv"]).exits(0).stdout) else { return };
        let bytes = |row: &Value| row["file_bytes"].as_str().and_then(|text| text.parse::<u64>().ok()).expect("bytes");
        assert_eq!(rows.as_array().expect("rows").iter().map(bytes).sum::<u64>(), size, "{by}");
    }
}

#[test]
fn a_stripped_package_gets_its_names_from_its_twin_alone() {
    let (function, other) = (build("two-versions"), build("derive"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stripped = folder.path().join("bootstrap");
    if symbols::strip(&function, &stripped).is_none() {
        return;
    }
    let zip = folder.path().join("package.zip");
    run(["slim", arg(&stripped), "-o", arg(&zip), "--effort", "fast", "-q"]).exits(0);
    let named = |report: &Value| {
        let rows = report["binaries"][0]["crates"].as_array().expect("crates").clone();
        let by_symbol =
            |row: &Value| row["evidence"].as_array().is_some_and(|by| by.iter().any(|e| e["source"] == "symbol"));
        rows.iter().any(|row| row["name"] == "tokio" && by_symbol(row))
    };
    let alone = report(&zip, &[]);
    assert_sums_hold(&alone);
    assert!(!named(&alone), "no symbol says what is tokio's: what is shown is estimated");
    let twin = report(&zip, &["--symbols", arg(&function)]);
    assert_sums_hold(&twin);
    assert!(named(&twin));
    let from = twin["binaries"][0]["symbols_from"].as_str().expect("a path");
    assert!(function.ends_with(from), "{from}: as it was given, or below the current folder");
    assert_eq!(twin["artifact"], alone["artifact"]);
    let error = analyze(&zip, &["--symbols", arg(&other)]).error();
    assert!(error.contains("its symbols are of another link") && error.contains("build id"), "{error}");
    let error = analyze(&zip, &["--symbols", arg(&stripped)]).error();
    assert!(error.contains("no symbol table"), "{error}");
    let error = analyze(&zip, &["--symbols", arg(&zip)]).error();
    assert_eq!(error, "--symbols takes an ELF file: the unstripped program, or its debug file");
}

#[test]
fn saved_metadata_beside_a_project_is_read_with_its_own_root() {
    // The saved graph is far smaller than the project's: a number of the one is no package of the other.
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cargo/workspace.json");
    let manifest = manifest_path();
    let project = ["--manifest-path", arg(&manifest), "--bin", "two-versions"];
    let both = [&project[..], &["--metadata", arg(&saved)]].concat();
    let zip = package("hello-unstripped.zip");
    assert_sums_hold(&report(&zip, &both));
    let with_its_own = package("hello-unstripped.metadata.json");
    let both = [&project[..], &["--metadata", arg(&with_its_own)]].concat();
    let report = report(&zip, &both);
    let crates = report["binaries"][0]["crates"].as_array().expect("crates");
    let hyper = crates.iter().find(|row| row["name"] == "hyper").expect("hyper is in it");
    assert_eq!(hyper["why"], serde_json::json!(["hello", "lambda_runtime", "hyper"]));
}

#[test]
fn metadata_gives_versions_and_paths_and_why_tells_one() {
    let (zip, metadata) = (package("hello-unstripped.zip"), package("hello-unstripped.metadata.json"));
    let with = ["--metadata", arg(&metadata)];
    let report = report(&zip, &with);
    let crates = report["binaries"][0]["crates"].as_array().expect("crates");
    let hyper = crates.iter().find(|row| row["name"] == "hyper").expect("hyper is in it");
    assert_eq!(hyper["why"], serde_json::json!(["hello", "lambda_runtime", "hyper"]));
    let why = analyze(&zip, &[&with[..], &["--why", "hyper"]].concat()).exits(0).stdout;
    assert!(
        why.starts_with(&format!(
            "hyper {} (dependency) in bootstrap\n",
            hyper["version"].as_str().expect("a version")
        ))
    );
    assert!(why.contains("hello > lambda_runtime > hyper"), "{why}");
    let markdown = analyze(&zip, &[&with[..], &["--why", "hyper", "--format", "markdown"]].concat()).exits(0).stdout;
    assert!(markdown != why && markdown.contains("hyper"), "{markdown}");
    let json = analyze(&zip, &[&with[..], &["--why", "hyper", "--format", "json"]].concat()).exits(0).stdout;
    assert!(json.contains("\"paths_count\""), "{json}");
    analyze(&zip, &[&with[..], &["--why", "hyper", "--format", "folded"]].concat()).error();
    let error = analyze(&zip, &[&with[..], &["--why", "nonesuch"]].concat()).error();
    assert_eq!(error, "--why nonesuch: no crate of that name has bytes in the package; `analyze -n 0` lists all");
    let error = analyze(&zip, &["--metadata", arg(&zip)]).error();
    assert!(error.contains("hello-unstripped.zip"), "{error}");
}

#[test]
fn a_filter_keeps_the_total() {
    let zip = package("hello-unstripped.zip");
    let all = analyze(&zip, &[]).exits(0).stdout;
    let some = analyze(&zip, &["--filter", "^tokio$"]).exits(0).stdout;
    let total = |text: &str| text.lines().find(|line| line.starts_with("file ")).expect("a total").to_owned();
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(total(&some)), words(total(&all)));
    assert!(
        some.lines().any(|line| line.starts_with("tokio ")) && !some.lines().any(|line| line.starts_with("hyper "))
    );
    let error = analyze(&zip, &["--filter", "("]).error();
    assert!(error.starts_with("--filter \"(\": "), "{error}");
}

#[test]
fn the_number_of_rows_is_the_readers_choice() {
    let zip = package("hello-unstripped.zip");
    let rows = |n: &str| analyze(&zip, &["-n", n]).exits(0).stdout.lines().count();
    assert_eq!(rows("6"), rows("5") + 1);
    assert!(rows("0") > rows("20"));
}

#[test]
fn a_result_in_a_file_is_the_one_on_stdout_and_replaces_what_was_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.json");
    fs::write(&file, "before").expect("a file");
    let zip = package("arm64.zip");
    let printed = analyze(&zip, &["--format", "json"]).exits(0).stdout;
    let written = analyze(&zip, &["--format", "json", "-o", arg(&file)]).exits(0);
    assert_eq!(written.stdout, "");
    assert_eq!(fs::read_to_string(&file).expect("the report"), printed);
    analyze(Path::new("no/such.zip"), &["-o", arg(&file)]).error();
    assert_eq!(fs::read_to_string(&file).expect("still there"), printed);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "no temporary file is left");
}

#[test]
fn diff_sums_and_takes_reports_as_well_as_artifacts() {
    let (old, new) = (package("hello-unstripped.zip"), package("hello-cargo-lambda.zip"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = folder.path().join("old.json");
    analyze(&old, &["--format", "json", "-o", arg(&saved)]).exits(0);
    let diff = |old: &Path| run(["diff", arg(old), arg(&new), "--format", "json"]).exits(0).json();
    let told = diff(&old);
    assert_eq!(told, diff(&saved));
    assert_eq!(told["zip"]["new_bytes"], fs::metadata(&new).expect("a package").len());
    let change = |row: &Value| row["file"]["delta_bytes"].as_i64().unwrap_or_else(|| panic!("{row}"));
    let binary = &told["binaries"][0];
    for key in ["crates", "sections"] {
        let rows = binary[key].as_array().expect("rows");
        assert_eq!(rows.iter().map(change).sum::<i64>(), change(binary), "{key}");
    }
    let same = run(["diff", arg(&old), arg(&old)]).exits(0);
    assert!(!same.stdout.is_empty());
    let bare = run(["diff", arg(&saved), arg(&new), "--by", "function"]).exits(0);
    assert!(
        bare.stdout.contains("lists none") && bare.stdout.contains("--by function --format json"),
        "{}",
        bare.stdout
    );
    let by_function = run(["diff", arg(&old), arg(&new), "--by", "function", "--format", "json"]).exits(0).json();
    let rows = by_function["binaries"][0]["functions"].as_array().expect("functions");
    assert_eq!(rows.iter().map(change).sum::<i64>(), change(&by_function["binaries"][0]));
    let named = run(["diff", arg(&saved), arg(&new), "--symbols-old", arg(&old)]).error();
    assert!(named.contains("a report has its names already"), "{named}");
    let mut csv = lambda_slim();
    let error = Run::of(csv.args(["diff", "no/old.zip", "no/new.zip", "--format", "csv"])).error();
    assert!(error.starts_with("invalid value 'csv' for '--format <FORMAT>'"), "before any file is opened: {error}");
}
