//! Packages that start and answer as before.

use std::fs;

use serde_json::{Value, json};

use crate::support::bench::Bench;
use crate::support::functions::build;
use crate::support::program::Run;

/// The check's own row of the report. The zip was written.
#[track_caller]
fn checked(bench: &Bench, args: &[&str]) -> Value {
    let run = bench.check(&[args, &["--format", "json"]].concat()).exits(0);
    assert!(bench.out().is_file());
    let check = run.json()["slim"]["boot_check"].clone();
    assert_eq!(check["alike"], json!(true), "{check}");
    check
}

fn with_program(path: &str, function: &str) -> Bench {
    let bench = Bench::new();
    bench.put(path, &fs::read(build(function)).unwrap());
    bench
}

#[test]
fn a_real_function_answers_alike_and_the_report_says_so() {
    let bench = with_program("bootstrap", "hello");
    let check = checked(&bench, &[]);
    assert_eq!(check["event"], "{}");
    assert_eq!((&check["before"], &check["after"]), (&json!("answered"), &json!("answered")));
    assert_eq!(check["compared"], "everything");
    let text = bench.check(&[]).exits(0).stdout;
    assert!(text.contains("answered before, answered after: alike"), "{text}");
}

#[test]
fn the_event_reaches_the_function() {
    let bench = with_program("bootstrap", "two-versions");
    // Without its fields the function's own error is the answer.
    assert_eq!(checked(&bench, &[])["before"], "function-error");
    let event = bench.package().with_file_name("event.json");
    fs::write(&event, r#"{"value": 1.5, "seconds": 1700000000}"#).unwrap();
    let check = checked(&bench, &["--event", event.to_str().unwrap()]);
    assert_eq!((&check["after"], &check["event"]), (&json!("answered"), &json!(event.to_str().unwrap())));
}

#[test]
fn a_layer_s_extension_registers_and_takes_its_event() {
    let bench = with_program("extensions/agent", "extension");
    assert_eq!(checked(&bench, &[])["before"], "extensions-ready");
}

#[test]
fn a_function_with_an_extension_is_started_with_it() {
    let bench = with_program("bootstrap", "hello");
    bench.put("extensions/agent", &fs::read(build("extension")).unwrap());
    assert_eq!(checked(&bench, &[])["before"], "answered");
    bench.put("extensions/silent", b"#!/bin/sh\nsleep 1000\n");
    fs::remove_file(bench.out()).unwrap();
    let error = bench.refused(&["--boot-limit", "1"]);
    assert!(error.contains("extensions/silent did not ask for an event in 1 s"), "{error}");
}

#[test]
fn a_bare_program_and_a_zip_are_started_as_what_they_become() {
    let bench = with_program("program", "hello");
    let (program, zip) = (bench.package().join("program"), bench.out());
    for (artifact, out) in [(&program, &zip), (&zip, &zip.with_extension("again.zip"))] {
        let run = Run::of(&mut bench.command_of(artifact, out, &["--format", "json"])).exits(0);
        assert_eq!(run.json()["slim"]["boot_check"]["after"], "answered", "{}", artifact.display());
    }
}

#[test]
fn an_answer_in_chunks_is_an_answer() {
    let streamed = r#"
id, event = next_event()
headers = {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked", "Expect": "100-continue"}
call("POST", id + "/response", iter([b"one ", b"two ", b"x" * 300000]), headers, chunked=True)
next_event()
"#;
    let Some(bench) = Bench::python(streamed) else { return };
    assert_eq!(checked(&bench, &[])["compared"], "everything");
}

#[test]
fn what_differs_from_start_to_start_is_not_compared() {
    let clock = r#"
id, event = next_event()
call("POST", id + "/response", json.dumps({"at": time.time_ns(), "sort": "clock"}))
next_event()
"#;
    let Some(bench) = Bench::python(clock) else { return };
    assert_eq!(checked(&bench, &[])["compared"], "stable-values");
    let bench =
        Bench::python("id, event = next_event()\ncall('POST', id + '/response', str(time.time_ns()))\nnext_event()");
    assert_eq!(checked(&bench.unwrap(), &[])["compared"], "kind-only");
}
