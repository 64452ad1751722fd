//! What holds whatever the input: never larger, twice is once, the same bytes anywhere, every loaded byte kept.

use std::fs;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::functions::{cases_dir, package};
use crate::support::program::{Run, arg, command, lambda_slim, run};
use crate::support::skip::skip;
use crate::support::zipfile;

const PACKAGES: [&str; 3] = ["arm64.zip", "hello-cargo-lambda.zip", "hello-unstripped.zip"];

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Slims `input` with `flags` and returns the result's bytes.
pub(crate) fn slim(input: &Path, output: &Path, flags: &[&str]) -> Vec<u8> {
    run([&["slim", arg(input), "-o", arg(output), "-q"], flags].concat()).exits(0);
    fs::read(output).expect("it wrote its output")
}

/// Slims `input` without writing, and returns the report.
pub(crate) fn report(input: &Path, flags: &[&str]) -> Value {
    run([&["slim", arg(input), "--dry-run", "--format", "json"], flags].concat()).exits(0).json()
}

/// The row of the rewrite `name` in a report.
#[track_caller]
pub(crate) fn row(report: &Value, name: &str) -> Value {
    let rows = report["slim"]["rewrites"].as_array().expect("rewrites");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name}: {rows:?}")).clone()
}

/// What became of the rewrite `name` where `input` is slimmed with `flags`: the status, and why not.
#[track_caller]
pub(crate) fn verdict(input: &Path, name: &str, flags: &[&str]) -> (String, String) {
    let row = row(&report(input, &[&["--effort", "fast"], flags].concat()), name);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&row["status"]), text(&row["reason"]))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").len()
}

/// What a loader gets to see, as goblin reads it.
#[derive(PartialEq, Eq)]
struct Loaded {
    build_id: Option<Vec<u8>>,
    /// Address and bytes of every segment.
    segments: Vec<(u64, Vec<u8>)>,
}

/// The three fields of the ELF header that say where the section headers are may change: no loader reads them.
fn loaded(file: &[u8]) -> Loaded {
    let elf = Elf::parse(file).expect("goblin reads it");
    let mut bytes = file.to_vec();
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    let segments = elf.program_headers.iter().filter(|header| header.p_type == PT_LOAD);
    let segments = segments.map(|header| (header.p_vaddr, bytes[header.file_range()].to_vec())).collect();
    let notes = elf.iter_note_headers(file).into_iter().flatten();
    let mut notes = notes.map(|note| note.expect("a whole note"));
    let build_id = notes.find(|note| note.name == "GNU" && note.n_type == 3).map(|note| note.desc.to_vec());
    Loaded { build_id, segments }
}

#[test]
fn what_cargo_lambda_ships_gets_below_527_400_bytes() {
    let Some(cases) = cases_dir() else { return };
    let folder = folder();
    let zip = folder.path().join("out.zip");
    let shipped = cases.join("hello-cargo-lambda.zip");
    assert_eq!(size(&shipped), 551_287);
    assert!(slim(&shipped, &zip, &[]).len() <= 527_400, "{} bytes", size(&zip));
    zipfile::assert_accepted(&zip);
    let unstripped = cases.join("hello");
    slim(&unstripped, &zip, &["--level", "strict"]);
    zipfile::assert_accepted(&zip);
    let Some(slimmed) = zipfile::read(&zip, "bootstrap") else { return };
    assert!(loaded(&slimmed) == loaded(&fs::read(unstripped).expect("the case")));
}

#[test]
fn no_package_gets_larger_and_twice_is_once() {
    let folder = folder();
    for name in PACKAGES {
        let (once, twice) = (folder.path().join(name), folder.path().join("twice.zip"));
        let first = slim(&package(name), &once, &[]);
        assert!((first.len() as u64) < size(&package(name)), "{name}");
        assert!(slim(&once, &twice, &[]) == first, "{name} changes when it is slimmed again");
        // Less effort does not spoil what more effort made.
        assert!(slim(&once, &twice, &["--effort", "fast"]) == first, "{name} changes with less effort");
    }
}

#[test]
fn a_better_compressor_was_here_and_the_package_stays_as_it_came() {
    // drop-comment would leave a smaller program in a larger stream.
    let folder = folder();
    let (best, again) = (folder.path().join("best.zip"), folder.path().join("again.zip"));
    let best_bytes = slim(&package("arm64.zip"), &best, &["--effort", "max", "--without", "drop-comment"]);
    assert!(slim(&best, &again, &["--effort", "fast"]) == best_bytes);
    let report = report(&best, &["--effort", "fast"]);
    let rows = report["slim"]["rewrites"].as_array().expect("rewrites");
    let comment = rows.iter().find(|row| row["name"] == "drop-comment").expect("it was tried");
    assert_eq!(comment["status"], "no_gain");
    assert_eq!(comment["saved_bytes"], 0);
    assert_eq!(report["slim"]["before"], report["slim"]["after"]);
}

#[test]
fn every_loaded_byte_and_the_build_id_are_kept_at_level_strict() {
    let folder = folder();
    for name in PACKAGES {
        let Some(before) = zipfile::read(&package(name), "bootstrap") else { return };
        let zip = folder.path().join("out.zip");
        slim(&package(name), &zip, &["--level", "strict", "--effort", "fast"]);
        let after = zipfile::read(&zip, "bootstrap").expect("python was here above");
        assert!(after.len() < before.len(), "{name} keeps what nothing loads");
        assert!(loaded(&after) == loaded(&before), "{name} loads otherwise");
    }
}

#[test]
fn host_time_user_and_folder_leave_no_trace() {
    let folder = folder();
    let input = package("arm64.zip");
    let plain = slim(&input, &folder.path().join("plain.zip"), &[]);
    let script = "umask 077; exec \"$0\" slim \"$1\" -o elsewhere.zip -q";
    let program = lambda_slim();
    let mut elsewhere = command(Path::new("sh"));
    elsewhere.args(["-c", script]).arg(program.get_program()).arg(&input).current_dir(folder.path());
    elsewhere.env("TZ", "Pacific/Kiritimati").env("USER", "nobody").env("HOME", "/nonexistent").env("LC_ALL", "C");
    Run::of(&mut elsewhere).exits(0);
    assert!(fs::read(folder.path().join("elsewhere.zip")).expect("it wrote") == plain);
    // Modes of a folder come from the files, and a git checkout knows but one bit of them.
    let unpacked = folder.path().join("unpacked");
    if zipfile::unpack(&input, &unpacked).is_none() {
        return;
    }
    assert!(slim(&unpacked, &folder.path().join("folder.zip"), &[]) == plain);
}

#[test]
fn source_date_epoch_is_the_date_of_every_entry() {
    let folder = folder();
    let input = package("arm64.zip");
    let dated = |output: &Path, epoch: &str| {
        let mut command = lambda_slim();
        command.args(["slim", arg(&input), "-o", arg(output), "-q"]).env("SOURCE_DATE_EPOCH", epoch);
        Run::of(&mut command)
    };
    let paths: Vec<PathBuf> = ["one.zip", "two.zip"].iter().map(|name| folder.path().join(name)).collect();
    for path in &paths {
        dated(path, "1700000000").exits(0);
    }
    assert!(fs::read(&paths[0]).expect("one") == fs::read(&paths[1]).expect("two"));
    if let Some(entries) = zipfile::entries(&paths[0]) {
        assert_eq!(entries[0].modified, [2023, 11, 14, 22, 13, 20]);
    }
    let error = dated(&folder.path().join("three.zip"), "yesterday").error();
    assert_eq!(error, "SOURCE_DATE_EPOCH=\"yesterday\": expected seconds since 1970-01-01, a whole number");
}

#[test]
fn more_effort_is_not_larger() {
    let sizes: Vec<u64> = ["fast", "default", "max"]
        .iter()
        .map(|effort| {
            let report = report(&package("arm64.zip"), &["--effort", effort]);
            assert_eq!(report["slim"]["effort"], *effort);
            report["slim"]["after"]["zip_bytes"].as_u64().expect("a size")
        })
        .collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
}

#[test]
fn each_rewrite_can_be_left_out_and_costs_what_it_saved() {
    let input = package("hello-unstripped.zip");
    let effort = ["--effort", "fast"];
    let all = report(&input, &effort);
    let unzipped = |report: &Value| report["slim"]["after"]["unzipped_bytes"].as_i64().expect("a size");
    for name in ["strip-debug", "strip-symbols", "drop-comment", "recompress"] {
        let row = |report: &Value| {
            let rows = report["slim"]["rewrites"].as_array().expect("rewrites").clone();
            rows.into_iter().find(|row| row["name"] == name)
        };
        let without = report(&input, &[&effort[..], &["--without", name]].concat());
        assert_eq!(row(&without), None, "{name} is left out");
        let saved = row(&all).expect("it is tried")["saved_bytes"].as_i64().expect("a size");
        assert!(saved > 0, "{name}");
        let kept = unzipped(&without) - unzipped(&all);
        // Sections begin at multiples of their alignment.
        assert!(
            name == "recompress" && kept == 0 || name != "recompress" && (saved - kept).abs() < 64,
            "{name}: {kept}"
        );
    }
    let level = [
        "strip-debug",
        "strip-symbols",
        "drop-comment",
        "drop-dead-lsdas",
        "repack-unwind",
        "zero-padding",
        "merge-unwind",
        "round-call-sites",
        "recompress",
    ];
    let nothing: Vec<&str> = level.iter().flat_map(|name| ["--without", name]).collect();
    let untouched = report(&input, &nothing);
    assert_eq!(untouched["slim"]["before"], untouched["slim"]["after"]);
    assert_eq!(untouched["slim"]["rewrites"], serde_json::json!([]));
}

#[test]
fn with_takes_known_names_and_contradicts_nothing() {
    let input = package("arm64.zip");
    assert_eq!(report(&input, &["--with", "strip-debug"])["slim"], report(&input, &[])["slim"]);
    let unknown = run(["slim", arg(&input), "--dry-run", "--with", "strip-all"]).exits(2).stderr;
    assert!(unknown.contains("invalid value 'strip-all' for '--with <NAME>'"), "{unknown}");
    assert!(unknown.contains("possible values: abort-on-panic, drop-backtraces,"), "{unknown}");
    let both = run(["slim", arg(&input), "--dry-run", "--with", "recompress", "--without", "recompress"]).error();
    assert_eq!(both, "--with recompress and --without recompress contradict each other");
}

#[test]
fn what_is_reported_is_what_was_written() {
    let folder = folder();
    let zip = folder.path().join("out.zip");
    let run = run(["slim", arg(&package("arm64.zip")), "-o", arg(&zip), "--format", "json"]).exits(0);
    let report = run.json();
    assert_eq!(report["slim"]["after"]["zip_bytes"], size(&zip));
    assert_eq!(report["slim"]["before"]["zip_bytes"], size(&package("arm64.zip")));
    let Some(entries) = zipfile::entries(&zip) else {
        return skip("the sum of the files", "no python");
    };
    let unzipped: u64 = entries.iter().map(|entry| entry.uncompressed_bytes).sum();
    assert_eq!(report["slim"]["after"]["unzipped_bytes"], unzipped);
    assert_eq!(run.stderr, format!("note: wrote {}\n", zip.display()));
}
