//! Which functions are found, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use lambda_slim::host::{BootLimits, BootOutcome, HostError, LaunchFile, LaunchFileKind, TraceTarget, trace_start};

use crate::program::{Program, options};
use crate::support::functions::build;

const ORDER: &str = include_str!("programs/order.c");

fn order() -> Option<Program> {
    Program::c(ORDER, &["-finstrument-functions"])
}

/// What the instrumented program says: the addresses of its functions, in the order of their first calls.
fn said(program: &Program, log: &str) -> Vec<u64> {
    let entered = log.lines().filter_map(|line| line.strip_prefix("entered "));
    let main = program.address("main");
    entered.map(|offset| main.wrapping_add_signed(offset.parse().expect("a number"))).collect()
}

#[test]
fn calls_are_those_that_the_compiler_s_instrumentation_sees_in_its_order() {
    let Some(program) = order() else { return };
    let Some(traced) = program.trace(Some(b"{}")) else { return };
    assert_eq!(traced.outcome, BootOutcome::Answered { body: b"4".to_vec() }, "{}", traced.log);
    let expected = said(&program, &traced.log);
    assert!(expected.len() >= 10, "{}", traced.log);
    let calls: Vec<u64> = traced.init.iter().chain(&traced.first_event).map(|call| call.address).collect();
    // Startup code, the runtime of the test and the instrumentation itself say nothing.
    let saying: BTreeSet<u64> = expected.iter().copied().collect();
    let found: Vec<u64> = calls.iter().copied().filter(|address| saying.contains(address)).collect();
    assert_eq!(found, expected);
    assert_eq!(calls.iter().collect::<BTreeSet<_>>().len(), calls.len(), "each once");
    assert!(!calls.contains(&program.address("never")));
    assert!(calls.contains(&program.address("_start")), "before the first line of C");
    let names = program.names(&traced.first_event);
    let handler: Vec<&str> =
        names.into_iter().filter(|name| ["handle", "only_in_event", "last"].contains(name)).collect();
    assert_eq!(handler, ["handle", "only_in_event", "last"], "the event begins where init ends");
}

#[test]
fn a_program_at_fixed_addresses_is_traced_as_well() {
    let Some(program) = Program::c(ORDER, &["-finstrument-functions", "-no-pie", "-fno-pie"]) else { return };
    let Some(traced) = program.trace(None) else { return };
    assert_eq!(traced.outcome, BootOutcome::Ready);
    let expected = said(&program, &traced.log);
    let saying: BTreeSet<u64> = expected.iter().copied().collect();
    let calls: Vec<u64> = traced.init.iter().map(|call| call.address).filter(|a| saying.contains(a)).collect();
    assert_eq!(calls, expected);
}

#[test]
fn what_runs_between_the_request_and_the_wait_for_an_event_is_found_without_one() {
    let Some(program) = order() else { return };
    let Some(traced) = program.trace(None) else { return };
    let calls = [traced.init, traced.first_event].concat();
    assert!(program.names(&calls).contains(&"receive"), "{}", traced.log);
}

#[test]
fn a_start_that_fails_is_an_outcome_with_what_ran_until_then() {
    let Some(program) = Program::c("EACH void init(void) { exit(3); }\nconst char *handle(void) { return 0; }", &[])
    else {
        return;
    };
    let Some(traced) = program.trace(Some(b"{}")) else { return };
    let status = "exit status: 3".to_owned();
    assert_eq!(traced.outcome, BootOutcome::ExitedDuringInit { program: "bootstrap".to_owned(), status });
    assert!(program.names(&traced.init).contains(&"init"));
    assert_eq!(traced.first_event, []);
}

#[test]
fn the_program_behind_a_script_is_traced_and_the_script_s_shell_is_not() {
    let Some(program) = order() else { return };
    let script = LaunchFile {
        path: "bootstrap",
        unix_mode: 0o755,
        kind: LaunchFileKind::File(b"#!/bin/sh\n/bin/true\nexec \"$LAMBDA_TASK_ROOT/bin/program\"\n"),
    };
    let files = [script, program.file("bin/program")];
    let Some(traced) = program.trace_in(&files, "bin/program", Some(b"{}"), BootLimits::default()) else { return };
    assert_eq!(traced.outcome.code(), "answered");
    let found: BTreeSet<u64> = traced.init.iter().chain(&traced.first_event).map(|call| call.address).collect();
    let expected = said(&program, &traced.log);
    assert!(expected.iter().all(|address| found.contains(address)), "{}", traced.log);
}

#[test]
fn several_programs_are_told_apart() {
    let hello = build("hello");
    let extension = build("extension");
    let (Some(hello), Some(extension)) = (Program::read(&hello), Program::read(&extension)) else { return };
    let files = [hello.file("bootstrap"), extension.file("extensions/agent")];
    let addresses = |program: &Program| program.functions.keys().copied().collect::<Vec<u64>>();
    let (a, b) = (addresses(&hello), addresses(&extension));
    let targets =
        [TraceTarget { path: "bootstrap", functions: &a }, TraceTarget { path: "extensions/agent", functions: &b }];
    let traced = match trace_start(&files, Some(b"{}"), BootLimits::default(), &options(), &targets) {
        Err(HostError::CannotTrace { why }) => return crate::support::skip::skip("a traced start", &why),
        traced => traced.unwrap(),
    };
    assert_eq!(traced.outcome.code(), "answered");
    let mut main: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, call) in traced.init.iter().enumerate() {
        let names = [&hello, &extension][call.file].functions.get(&call.address).expect("a function of this file");
        if names.iter().any(|name| name == "main") {
            main.insert(call.file, number);
        }
    }
    assert!(main[&1] < main[&0], "extensions start first: {main:?}");
}

#[test]
fn a_target_that_is_none_and_a_start_without_a_starter_are_refused() {
    let files = [LaunchFile { path: "bootstrap", unix_mode: 0o755, kind: LaunchFileKind::File(b"#!/bin/sh\n") }];
    for path in ["bootstrap", "other"] {
        let targets = [TraceTarget { path, functions: &[] }];
        let error = trace_start(&files, None, BootLimits::default(), &options(), &targets).unwrap_err();
        assert!(matches!(error, HostError::NoSuchTarget { .. }), "{error}");
    }
    let error = trace_start(&files, None, BootLimits::default(), &Default::default(), &[]).unwrap_err();
    assert!(matches!(error, HostError::CannotTrace { .. }), "{error}");
}
