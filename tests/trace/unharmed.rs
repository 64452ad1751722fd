//! What is traced does what it does when nobody traces it.

use std::collections::BTreeSet;

use lambda_slim::host::{BootLimits, BootOutcome, boot_check};

use crate::program::{Program, options};
use crate::support::functions::build;

/// Its answer when it is not traced.
#[track_caller]
pub(crate) fn untraced(program: &Program) -> Vec<u8> {
    let files = [program.file("bootstrap")];
    let check = boot_check(&files, &files, b"{}", BootLimits::default(), &options()).unwrap();
    match check.before {
        BootOutcome::Answered { body } => body,
        other => panic!("{other:?}: {}", check.before_log),
    }
}

/// Traces it, and compares its answer. Gives the names of what was called.
#[track_caller]
fn traced(program: &Program) -> Option<BTreeSet<String>> {
    let expected = untraced(program);
    let traced = program.trace(Some(b"{}"))?;
    let BootOutcome::Answered { body } = &traced.outcome else { panic!("{:?}: {}", traced.outcome, traced.log) };
    assert_eq!(String::from_utf8_lossy(body), String::from_utf8_lossy(&expected));
    let calls: Vec<_> = traced.init.iter().chain(&traced.first_event).copied().collect();
    assert_eq!(calls.iter().collect::<BTreeSet<_>>().len(), calls.len(), "each once");
    Some(program.names(&calls).into_iter().map(str::to_owned).collect())
}

#[test]
fn threads_that_hit_one_breakpoint_at_once_and_processes_of_every_kind() {
    let Some(program) = Program::c(include_str!("programs/crowd.c"), &[]) else { return };
    for _ in 0..5 {
        let Some(names) = traced(&program) else { return };
        let many = names.iter().filter(|name| name.starts_with('f') && name[1..].parse::<u32>().is_ok()).count();
        assert_eq!(many, 64);
        for name in ["in_fork", "in_grandchild", "in_clone", "executes", "executed_again"] {
            assert!(names.contains(name), "{name}: {names:?}");
        }
    }
}

#[test]
fn signals_of_every_kind() {
    let Some(program) = Program::c(include_str!("programs/signals.c"), &[]) else { return };
    for _ in 0..3 {
        let Some(names) = traced(&program) else { return };
        for name in ["on_alarm", "on_value", "on_trap", "on_fault", "on_deep_fault", "cancelled", "hidden"] {
            assert!(names.contains(name), "{name}: {names:?}");
        }
    }
}

#[test]
fn real_functions_answer_and_panics_are_still_caught() {
    let panic = br#"{"panic": true}"#;
    let starts: [(&str, &[u8], &str); 4] = [
        ("hello", b"{}", "answered"),
        ("panics", br#"{"catch": 1000, "backtrace": true}"#, "answered"),
        ("panics", panic, "function-error"),
        ("two-versions", b"{}", "function-error"),
    ];
    for (function, event, code) in starts {
        let Some(program) = Program::read(&build(function)) else { return };
        let Some(first) = program.trace(Some(event)) else { return };
        assert_eq!(first.outcome.code(), code, "{function}: {:?} {}", first.outcome, first.log);
        let again = program.trace(Some(event)).expect("it was traced before");
        let init = |calls: &[_]| program.names(calls).into_iter().map(str::to_owned).collect::<BTreeSet<String>>();
        let (first, again) = (init(&first.init), init(&again.init));
        // Threads of a runtime may or may not meet at a lock.
        let differ = first.symmetric_difference(&again).count();
        assert!(differ * 20 <= first.len(), "{function}: {differ} of {}", first.len());
    }
}
