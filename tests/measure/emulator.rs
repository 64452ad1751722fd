//! Programs for another processor, in an emulator.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::bench::Bench;
use crate::support::functions::{build, package};
use crate::support::program::{Run, arg, run};
use crate::support::skip::skip;

/// Where Debian's cross compilers have an arm64 C library.
const SYSROOT: &str = "/usr/aarch64-linux-gnu";

/// `hello`, said to be for another processor.
fn foreign() -> Vec<u8> {
    let mut program = fs::read(build("hello")).unwrap();
    // e_machine: x86-64 becomes AArch64, and the other way round.
    program[18] = if program[18] == 62 { 183 } else { 62 };
    program
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn an_arm64_program_in_qemu_shows_its_pages_and_no_prediction_takes_the_emulator_s_memory_for_its_own() {
    let has_qemu = Command::new("qemu-aarch64").arg("--version").output().is_ok();
    if cfg!(target_arch = "aarch64") || !has_qemu || !Path::new(SYSROOT).join("lib/ld-linux-aarch64.so.1").exists() {
        return skip("an arm64 program in qemu", "no qemu-aarch64 with an arm64 C library here, or no need for it");
    }
    let bench = Bench::new();
    let event = bench.out().with_file_name("event.json");
    fs::write(&event, "\"ab\"").unwrap();
    let artifact = package("arm64.zip");
    let emulator = format!("qemu-aarch64 -L {SYSROOT}");
    let args = ["--emulator", &emulator, "--runs", "3", "--event", arg(&event), "--boot-limit", "60"];
    let mut measure = bench.measure_of(&artifact, &args);
    let report = Run::of(measure.args(["--format", "json"])).exits(0).json();
    bench.assert_nothing_is_left(Duration::from_millis(100));

    let (measurement, binary) = (&report["measurement"], &report["binaries"][0]);
    assert_eq!(measurement["emulator"], emulator.as_str());
    assert!(codes(&report).contains(&"emulated"), "{report}");
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("no number: {value}"));
    let touched = number(&measurement["touched_file_bytes"]);
    let sections = binary["sections"].as_array().unwrap();
    let of = |name: &str| sections.iter().find(|row| row["name"] == name).expect("a section");
    assert_eq!(sections.iter().map(|row| number(&row["touched_bytes"])).sum::<u64>(), touched);
    // An emulator maps code without the right to execute it: it is told by the file. What is beside .text in its segment is less than a page.
    let code = number(&measurement["touched_code_bytes"]);
    assert!(number(&of(".text")["touched_bytes"]).abs_diff(code) <= 2 * 4096, "{code} of {sections:?}");
    assert!(code >= 64 * 1024 && code < touched, "{code} of {touched}");
    assert!(number(&measurement["relocated_dirty_bytes"]) > 0, "{measurement}");
    assert_eq!(measurement["waits"], Value::Null);

    let estimated = run(["estimate", arg(&artifact), "--format", "json"]).exits(0).json();
    assert_eq!(report["estimate"]["init_ms"], estimated["estimate"]["init_ms"]);
}

#[test]
fn an_emulator_gets_its_arguments_and_the_program_behind_them() {
    let bench = Bench::new();
    bench.put("bootstrap", &foreign());
    let emulator = bench.out().with_file_name("emulator");
    let native = build("hello");
    let script = format!(
        "#!/bin/sh\n[ $# = 2 ] && [ \"$1\" = -x ] && [ \"$2\" = \"$LAMBDA_TASK_ROOT/bootstrap\" ] || exit 9\nexec {}\n",
        native.display()
    );
    fs::write(&emulator, script).unwrap();
    fs::set_permissions(&emulator, fs::Permissions::from_mode(0o755)).unwrap();
    let asked = format!("{} -x", emulator.display());
    let run = Run::of(&mut bench.measure(&["--emulator", &asked, "--runs", "1", "--format", "json"])).exits(0);
    bench.assert_nothing_is_left(Duration::from_millis(100));
    assert_eq!(run.json()["measurement"]["emulator"], asked.as_str());
    let text = Run::of(&mut bench.measure(&["--emulator", &asked, "--runs", "1"])).exits(0).stdout;
    assert!(text.contains("ran it: touched file memory is that of the program"), "{text}");
}

#[test]
fn a_program_for_this_processor_needs_no_emulator() {
    let bench = Bench::new();
    bench.put("bootstrap", &fs::read(build("hello")).unwrap());
    let run = Run::of(&mut bench.measure(&["--emulator", "false", "--runs", "1", "--format", "json"])).exits(0);
    let report = run.json();
    assert_eq!(report["measurement"]["emulator"], Value::Null);
    assert!(!codes(&report).contains(&"emulated"));
}

#[test]
fn an_emulator_that_is_not_there_is_trouble() {
    let bench = Bench::new();
    bench.put("bootstrap", &foreign());
    let error = Run::of(&mut bench.measure(&["--emulator", "no-such-qemu -L /x"])).error();
    assert_eq!(
        error,
        "there is no emulator \"no-such-qemu\": it is neither a program on the search path nor the path of one"
    );
}
