//! Inits that fail: each is a result with one finding, exit code 2, and nothing left behind.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::bench::Bench;
use crate::support::functions::build;
use crate::support::program::Run;

/// The finding's message, as the report has it; the text on stderr shows what the program wrote.
#[track_caller]
fn failure(bench: &Bench, args: &[&str]) -> (String, String) {
    let run = Run::of(&mut bench.measure(&[args, &["--format", "json"]].concat())).exits(2);
    bench.assert_nothing_is_left(Duration::from_millis(100));
    let report = run.json();
    assert_eq!(report["measurement"], serde_json::Value::Null);
    let findings = report["findings"].as_array().unwrap();
    let failed: Vec<_> = findings.iter().filter(|finding| finding["code"] == "init-failed").collect();
    assert_eq!(failed.len(), 1, "{findings:?}");
    assert_eq!(failed[0]["severity"], "error");
    (failed[0]["message"].as_str().unwrap().to_owned(), run.stderr)
}

#[test]
fn an_exit_during_init_is_told_with_its_status_and_its_last_words() {
    let (message, stderr) = failure(&Bench::shell("echo 'no TABLE' >&2; exit 3"), &[]);
    assert!(message.starts_with("bootstrap ended before it asked for an event (exit status: 3): "), "{message}");
    assert!(
        stderr.contains("error: init failed: see the finding 'init-failed'\nit wrote:\n  | no TABLE\n"),
        "{stderr}"
    );
}

#[test]
fn a_panic_during_init_is_told_with_its_message() {
    let bench = Bench::new();
    // Without its variables lambda_runtime would panic by itself; this one is asked to, by a shell in front of it.
    bench.put("function", &fs::read(build("panics")).unwrap());
    bench.put("bootstrap", b"#!/bin/sh\nunset AWS_LAMBDA_FUNCTION_NAME\nexec ./function\n");
    let (message, stderr) = failure(&bench, &[]);
    assert!(message.contains("ended before it asked for an event (exit status: 101)"), "{message}");
    assert!(stderr.contains("  | thread 'main'") && stderr.contains("panicked at"), "{stderr}");
}

#[test]
fn a_program_that_never_asks_is_ended_at_the_limit() {
    let (message, _) = failure(&Bench::shell("sleep 1000"), &["--boot-limit", "1"]);
    assert!(message.starts_with("bootstrap did not ask for an event in 1 s: Lambda gives init 10 s"), "{message}");
}

#[test]
fn a_missing_library_is_named() {
    let bench = Bench::new();
    let mut program = fs::read(build("hello")).unwrap();
    let name = b"libc.so.6\0";
    let places: Vec<usize> =
        program.windows(name.len()).enumerate().filter(|(_, at)| at == name).map(|(place, _)| place).collect();
    places.iter().for_each(|&place| program[place..place + name.len()].copy_from_slice(b"libz.so.9\0"));
    bench.put("bootstrap", &program);
    let (message, stderr) = failure(&bench, &[]);
    assert!(message.contains("bootstrap misses the library libz.so.9: put libz.so.9 into lib/"), "{message}");
    assert!(stderr.contains("error while loading shared libraries"), "{stderr}");
}

#[test]
fn a_program_for_another_processor_is_not_run() {
    let bench = Bench::new();
    let mut program = fs::read(build("hello")).unwrap();
    // e_machine: x86-64 becomes AArch64, and the other way round.
    program[18] = if program[18] == 62 { 183 } else { 62 };
    bench.put("bootstrap", &program);
    let error = Run::of(&mut bench.measure(&[])).error();
    assert!(error.contains("bootstrap"), "{error}");
    bench.assert_nothing_is_left(Duration::ZERO);
}

#[test]
fn ctrl_c_leaves_no_process_and_no_file() {
    let bench = Bench::shell("sleep 1000");
    let mut command = bench.measure(&["--boot-limit", "100"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    bench.wait_for_processes(1);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.is_ok_and(|status| status.success()), "kill");
    child.wait().unwrap();
    bench.assert_nothing_is_left(Duration::from_secs(10));
}
