//! Numbers that sum, and that another reader of `/proc` finds too.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::bench::Bench;
use crate::support::functions::build;
use crate::support::process::Process;
use crate::support::program::Run;
use crate::support::runtime_api::{Call, RuntimeApi};

/// A report of the package, with its measurement.
#[track_caller]
fn measured(bench: &Bench, args: &[&str]) -> Value {
    let run = Run::of(&mut bench.measure(&[args, &["--format", "json"]].concat())).exits(0);
    bench.assert_nothing_is_left(Duration::from_millis(100));
    run.json()
}

fn with_function(name: &str) -> Bench {
    let bench = Bench::new();
    bench.put("bootstrap", &fs::read(build(name)).unwrap());
    bench
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn sum(rows: &Value, key: &str) -> u64 {
    rows.as_array().expect("rows").iter().map(|row| number(&row[key])).sum()
}

#[test]
fn touched_bytes_by_section_and_crate_sum_to_the_pages_in_memory() {
    let bench = with_function("hello");
    let report = measured(&bench, &["--runs", "3"]);
    let (measurement, binary) = (&report["measurement"], &report["binaries"][0]);
    let touched = number(&measurement["touched_file_bytes"]);
    assert!(touched > 0 && touched.is_multiple_of(4096), "{touched}");
    for rows in ["sections", "crates", "crates_by_definition", "crates_by_instantiation"] {
        assert_eq!(sum(&binary[rows], "touched_bytes"), touched, "{rows}");
    }
    assert_eq!(sum(&measurement["files"], "touched_bytes"), touched);
    assert_eq!(sum(&measurement["anonymous"], "bytes"), number(&measurement["anonymous_bytes"]));
    assert_eq!(number(&measurement["touched_bytes"]), touched + number(&measurement["anonymous_bytes"]));
    // Nothing of what no segment loads can be in memory, apart from what shares a page with what is.
    let debug = binary["sections"].as_array().unwrap().iter().filter(|row| row["kind"] == "debug");
    assert!(debug.map(|row| number(&row["touched_bytes"])).sum::<u64>() <= 2 * 4096);
}

#[test]
fn functions_carry_what_their_crates_carry() {
    let bench = with_function("hello");
    let report = measured(&bench, &["--runs", "1", "--by", "function"]);
    let touched = number(&report["measurement"]["touched_file_bytes"]);
    assert_eq!(sum(&report["binaries"][0]["functions"], "touched_bytes"), touched);
}

/// The judge: its own Runtime API, its own start, its own sums over `smaps`.
fn resident(program: &std::path::Path) -> (u64, u64) {
    let api = RuntimeApi::start("{}").expect("a free port");
    let mut process = Process::start(program, api.address()).expect("it starts");
    let until = Instant::now() + Duration::from_secs(30);
    assert_eq!(api.next_call(&mut process, until), Ok(Call::Next));
    std::thread::sleep(Duration::from_millis(50));
    let smaps = fs::read_to_string(format!("/proc/{}/smaps", process.id())).unwrap();
    let name = program.canonicalize().unwrap();
    let (mut of_program, mut code) = (0, 0);
    let (mut is_program, mut is_code) = (false, false);
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !first.ends_with(':') {
            is_program = line.ends_with(name.to_str().unwrap());
            is_code = second.contains('x');
        } else if first == "Rss:" && is_program {
            let size: u64 = second.parse::<u64>().unwrap() * 1024;
            of_program += size;
            code += if is_code { size } else { 0 };
        }
    }
    (of_program, code)
}

#[test]
fn another_reader_finds_the_same_memory() {
    // A copy that was written page by page, as `measure` unpacks. Of a file that was read from disk the kernel may hold larger folios, and it maps
    // more of those.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("hello");
    let mut copy = fs::File::create(&program).unwrap();
    fs::read(build("hello")).unwrap().chunks(4096).for_each(|page| copy.write_all(page).unwrap());
    copy.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    drop(copy);
    let mut starts: Vec<(u64, u64)> = (0..5).map(|_| resident(&program)).collect();
    starts.sort_unstable();
    let report = measured(&with_function("hello"), &["--runs", "5"]);
    let spread = &report["measurement"]["spread"];
    let near = |mine: &Value, others: [u64; 2]| {
        // Which 16 pages around a fault are mapped depends on the random address: each start differs by a few pages.
        let slack = 64 * 1024;
        let (least, most) = (number(&mine["min"]), number(&mine["max"]));
        assert!(least <= others[1] + slack && others[0] <= most + slack, "{mine} against {others:?}");
    };
    near(&spread["touched_file_bytes"], [starts[0].0, starts[4].0]);
    let mut code: Vec<u64> = starts.iter().map(|start| start.1).collect();
    code.sort_unstable();
    near(&spread["touched_code_bytes"], [code[0], code[4]]);
}

#[test]
fn an_event_is_answered_and_told_apart_from_init() {
    let bench = with_function("hello");
    let event = bench.package().with_file_name("event.json");
    fs::write(&event, r#"{"name": "x"}"#).unwrap();
    let args = ["--runs", "2", "--event", event.to_str().unwrap()];
    let measurement = measured(&bench, &args)["measurement"].clone();
    assert!(measurement["first_response_ms"].as_f64().unwrap() > 0.0, "{measurement}");
    assert!(number(&measurement["first_event"]["minor_faults"]) > 0, "{measurement}");
    let without = measured(&bench, &["--runs", "2"])["measurement"].clone();
    assert_eq!((&without["first_response_ms"], &without["first_event"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_zip_a_folder_and_a_program_touch_alike_and_extensions_are_started_too() {
    let bench = with_function("hello");
    let alone = number(&measured(&bench, &["--runs", "3"])["measurement"]["touched_file_bytes"]);
    let bare = Run::of(&mut bench.measure_of(&build("hello"), &["--runs", "3", "--format", "json"])).exits(0).json();
    assert_eq!(bare["measurement"]["files"][0]["path"], bare["binaries"][0]["path"]);
    let of_bare = number(&bare["measurement"]["touched_file_bytes"]);
    assert!(alone.abs_diff(of_bare) <= alone / 10, "{alone} {of_bare}");
    bench.put("extensions/agent", &fs::read(build("extension")).unwrap());
    let both = measured(&bench, &["--runs", "3"]);
    let files: Vec<&str> =
        both["measurement"]["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(files.contains(&"bootstrap") && files.contains(&"extensions/agent"), "{files:?}");
}

#[test]
fn the_estimate_of_a_measured_report_is_of_what_was_measured() {
    let bench = with_function("hello");
    let report = bench.package().with_file_name("report.json");
    let file = report.to_str().unwrap();
    Run::of(&mut bench.measure(&["--runs", "1", "--format", "json", "-o", file])).exits(0);
    let mut command = crate::support::program::lambda_slim();
    let estimated = Run::of(command.args(["estimate", file, "--format", "json"])).exits(0).json();
    assert_eq!(estimated["estimate"]["touched_measured"], true);
    let touched = number(&estimated["measurement"]["touched_bytes"]) as f64 / 1e6;
    assert!((estimated["estimate"]["touched_mb"]["p50"].as_f64().unwrap() - touched).abs() < 0.01);
}
