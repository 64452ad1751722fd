//! What each kind of evidence is worth, measured against what the linker itself wrote down.

#![expect(clippy::disallowed_macros, clippy::print_stdout, reason = "tests print the figures that they reached")]

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::functions::{build, cases_dir};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-slim"));
    command.arg("analyze").args(arguments).args(["--format", "json"]).output().expect("runs")
}

fn analyze(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document on stdout")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// Bytes by crate of one section, special rows left out: `[padding]`, `[native]` and their like are no crates.
fn in_section(report: &Value, section: &str) -> BTreeMap<String, u64> {
    let tree = report["binaries"][0]["tree"].as_array().expect("a tree");
    let section = tree.iter().find(|node| node["name"] == section).expect("the section");
    let mut bytes = BTreeMap::new();
    for row in section["crates_by_instantiation"].as_array().expect("crates") {
        let name = row["name"].as_str().expect("a name");
        if !name.starts_with('[') {
            *bytes.entry(name.to_owned()).or_default() += row["file_bytes"].as_u64().expect("a size");
        }
    }
    bytes
}

/// The same from `hello.truth.json`, what the linker made (`<linker>`, `<crt>`) left out.
fn truth(cases: &Path, section: &str) -> BTreeMap<String, u64> {
    let truth = std::fs::read_to_string(cases.join("hello.truth.json")).expect("readable");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let rows = truth["sections"][section].as_object().expect("crates");
    let crates = rows.iter().filter(|(name, _)| !name.starts_with('<'));
    crates.map(|(name, size)| (name.clone(), size.as_u64().expect("a size"))).collect()
}

/// `1 - Σ|A - T| / (ΣA + ΣT)`, as `../shared/cases/README.md` defines it.
fn agreement(ours: &BTreeMap<String, u64>, truth: &BTreeMap<String, u64>) -> f64 {
    let of = |side: &BTreeMap<String, u64>, name: &String| side.get(name).copied().unwrap_or(0);
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(truth.keys()).collect();
    let apart: u64 = names.iter().map(|name| of(ours, name).abs_diff(of(truth, name))).sum();
    let all: u64 = ours.values().chain(truth.values()).sum();
    1.0 - apart as f64 / all as f64
}

/// Loaded bytes without an owner, of all loaded bytes.
fn unattributed_share(report: &Value) -> f64 {
    let binary = &report["binaries"][0];
    let unloaded = ["symbols", "debug", "header", "note"];
    let kinds: BTreeMap<&str, &str> = binary["sections"]
        .as_array()
        .expect("sections")
        .iter()
        .map(|row| (row["name"].as_str().expect("a name"), row["kind"].as_str().expect("a kind")))
        .collect();
    let (mut loaded, mut nobody) = (0, 0);
    for section in binary["tree"].as_array().expect("a tree") {
        if unloaded.contains(&kinds[section["name"].as_str().expect("a name")]) {
            continue;
        }
        loaded += section["file_bytes"].as_u64().expect("a size");
        for row in section["crates"].as_array().expect("crates") {
            if row["kind"] == "unattributed" {
                nobody += row["file_bytes"].as_u64().expect("a size");
            }
        }
    }
    nobody as f64 / loaded as f64
}

/// The map of the case `hello`, unpacked.
fn hello_map(cases: &Path, folder: &Path) -> PathBuf {
    let packed = std::fs::File::open(cases.join("hello.map.gz")).expect("readable");
    let mut map = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut map).expect("sound");
    let path = folder.join("hello.map");
    std::fs::write(&path, map).expect("written");
    path
}

/// The sections whose every byte but merged strings the map gives to an object.
const MAPPED: [&str; 4] = [".text", ".data.rel.ro", ".eh_frame", ".gcc_except_table"];

#[test]
fn instantiation_agrees_with_the_linker_s_map() {
    let Some(cases) = cases_dir() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (hello, map) = (cases.join("hello"), hello_map(&cases, folder.path()));
    let alone = analyze(&[text(&hello)]);
    let with_map = analyze(&[text(&hello), "--link-map", text(&map)]);
    for (report, what, least, most_unattributed) in
        [(&alone, "without the map", 0.99, 0.02), (&with_map, "with the map", 0.999, 0.005)]
    {
        for section in MAPPED {
            let reached = agreement(&in_section(report, section), &truth(&cases, section));
            println!("{what}: agreement on {section} {reached:.4}");
            assert!(reached >= least, "{what}: {section} {reached}");
        }
        // The map calls merged strings the linker's. They are cut and given to those who use them, so that crates have more
        // read-only data than the map gives them, and none has less.
        let (ours, by_map) = (in_section(report, ".rodata"), truth(&cases, ".rodata"));
        let missing: u64 =
            by_map.iter().map(|(name, size)| size.saturating_sub(ours.get(name).copied().unwrap_or(0))).sum();
        let all: u64 = by_map.values().sum();
        println!("{what}: {missing} of {all} bytes of .rodata are not where the map has them");
        assert!(missing * 200 <= all, "{missing} of {all}");
        let share = unattributed_share(report);
        println!("{what}: {:.3} % of loaded bytes unattributed", share * 100.0);
        assert!(share <= most_unattributed, "{share}");
    }
}

#[test]
fn the_map_of_another_link_is_refused() {
    let Some(cases) = cases_dir() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let map = hello_map(&cases, folder.path());
    let other = build("hello");
    let output = run(&[text(&other), "--link-map", text(&map)]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("hello.map") && message.contains("another link"), "{message}");
    assert!(output.stdout.is_empty());
    std::fs::write(&map, "no map at all\n").expect("written");
    let output = run(&[text(&other), "--link-map", text(&map)]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn panic_locations_tell_two_versions_apart_without_any_graph() {
    let report = analyze(&[text(&build("two-versions"))]);
    let rows = report["binaries"][0]["crates_by_definition"].as_array().expect("rows");
    let versions: Vec<&str> =
        rows.iter().filter(|row| row["name"] == "httpdate").filter_map(|row| row["version"].as_str()).collect();
    let major: std::collections::BTreeSet<&str> = versions.iter().map(|version| &version[..2]).collect();
    assert_eq!(major, ["0.", "1."].into(), "{versions:?}");
    let tokio = rows.iter().find(|row| row["name"] == "tokio").expect("tokio has code");
    assert!(tokio["version"].is_string(), "{tokio}");
}

#[test]
fn a_stripped_program_is_estimated_from_its_paths_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let twin = build("hello");
    let stripped = folder.path().join("bootstrap");
    support::symbols::strip(&twin, &stripped);
    let code = |report: &Value| {
        let rows = report["binaries"][0]["crates"].as_array().expect("rows");
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row["name"].as_str().expect("a name").starts_with('[')) {
            *bytes.entry(row["name"].as_str().expect("a name").to_owned()).or_default() +=
                row["code_bytes"].as_u64().expect("a size");
        }
        bytes
    };
    let report = analyze(&[text(&stripped)]);
    let (ours, whole) = (code(&report), code(&analyze(&[text(&twin)])));
    let right: u64 = ours.iter().map(|(name, size)| (*size).min(whole.get(name).copied().unwrap_or(0))).sum();
    let (named, all): (u64, u64) = (ours.values().sum(), whole.values().sum());
    println!("stripped: {named} of {all} code bytes named, {right} of them as the twin names them");
    assert!(named * 2 > all, "{named} of {all}");
    assert!(right * 5 > named * 4, "{right} of {named}");
    for row in report["binaries"][0]["crates"].as_array().expect("rows") {
        let by_path = row["evidence"].as_array().expect("evidence").iter().any(|e| e["source"] == "path_string");
        let names_a_crate = !row["name"].as_str().expect("a name").starts_with('[');
        assert!(!names_a_crate || row["code_bytes"] == 0 || by_path, "an estimate is shown as one: {row}");
    }
}

#[test]
fn any_elf_file_of_the_system_is_counted_to_the_byte() {
    let candidates = [
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "/bin/bash",
        "/usr/bin/git",
    ];
    let mut seen = 0;
    for path in candidates.map(Path::new).into_iter().filter(|path| path.is_file()) {
        let report = analyze(&[text(path)]);
        let binary = &report["binaries"][0];
        for list in ["sections", "crates", "crates_by_definition", "crates_by_instantiation", "evidence"] {
            let rows = binary[list].as_array().expect("rows");
            let sum: u64 = rows.iter().map(|row| row["file_bytes"].as_u64().expect("a size")).sum();
            assert_eq!(Some(sum), binary["file_bytes"].as_u64(), "{list} of {}", path.display());
        }
        let rows = binary["crates"].as_array().expect("rows");
        let rust: Vec<&Value> = rows.iter().filter(|row| row["kind"] == "dependency" || row["kind"] == "std").collect();
        assert!(rust.is_empty(), "{} has no Rust in it: {rust:?}", path.display());
        seen += 1;
    }
    println!("{seen} files of the system");
}

#[test]
fn a_bare_file_says_what_it_would_cost_in_a_zip() {
    let path = build("hello");
    let report = analyze(&[text(&path), "--slimmed"]);
    let (binary, entry) = (&report["binaries"][0], &report["artifact"]["entries"][0]);
    let compressed: u64 = binary["crates"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["compressed_bytes"].as_u64().expect("a size"))
        .sum();
    assert_eq!(Some(compressed), entry["compressed_bytes"].as_u64());
    let folder = tempfile::tempdir().expect("a folder");
    let zip = folder.path().join("out.zip");
    let slim = Command::new(env!("CARGO_BIN_EXE_lambda-slim")).arg("slim").arg(&path).arg("-o").arg(&zip).output();
    assert!(slim.expect("runs").status.success());
    assert_eq!(report["artifact"]["zip_bytes"].as_u64(), Some(std::fs::metadata(&zip).expect("written").len()));
}
