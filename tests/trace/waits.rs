//! What init waits for, of a program that says in its source what it waits for.

use std::time::Duration;

use lambda_slim::host::{BootLimits, HostError, Wait, WaitKind, Waits, watch_waits};

use crate::program::{Program, options};
use crate::support::skip::skip;

/// `None`, said so, where this machine lets nobody trace.
#[track_caller]
fn watch(program: &Program) -> Option<Waits> {
    match watch_waits(&[program.file("bootstrap")], Some(b"{}"), BootLimits::default(), &options()) {
        Err(HostError::CannotTrace { why }) if why.contains("refuses") => {
            skip("a watched start", &why);
            None
        }
        waits => Some(waits.expect("it can be traced")),
    }
}

fn of_kind<'a>(waits: &'a Waits, kind: &WaitKind) -> Vec<&'a Wait> {
    waits.items.iter().filter(|wait| wait.kind == *kind && wait.thread == 0).collect()
}

#[test]
fn sleeps_processes_and_connections_of_init_are_told_and_those_of_the_event_are_not() {
    let Some(program) = Program::c(include_str!("programs/waits.c"), &[]) else { return };
    let Some(waits) = watch(&program) else { return };
    assert_eq!((waits.outcome.code(), waits.left_out), ("answered", 0), "{}", waits.log);
    let sleeps = of_kind(&waits, &WaitKind::Sleep);
    let lasted: Vec<bool> =
        [120, 70].iter().zip(&sleeps).map(|(ms, s)| s.took() >= Duration::from_millis(*ms)).collect();
    assert_eq!((sleeps.len(), lasted), (2, vec![true, true]), "{waits:?}");
    assert!(of_kind(&waits, &WaitKind::Process)[0].took() >= Duration::from_millis(50), "{waits:?}");
    assert!(waits.wall >= Duration::from_millis(240) && waits.idle_time() <= waits.wall, "{waits:?}");
    // The other thread does nothing all the time: only the first one's sleep counts, and that whole.
    assert!(waits.idle_time() >= Duration::from_millis(60), "{waits:?}");
    assert!(waits.items.is_sorted_by_key(|wait| (wait.start, wait.thread)));
    assert!(waits.items.iter().all(|wait| wait.start <= wait.end && wait.end <= waits.wall), "{waits:?}");
}

#[test]
fn connections_and_look_ups_are_told_by_name_and_the_runtime_api_s_is_left_out() {
    let Some(program) = Program::c(include_str!("programs/waits.c"), &[]) else { return };
    let Some(waits) = watch(&program) else { return };
    if !waits.isolated.is_yes() {
        return skip("names in a network of its own", &format!("{:?}", waits.isolated));
    }
    let mut looked_up = Vec::new();
    let mut connected = Vec::new();
    for wait in &waits.items {
        match &wait.kind {
            WaitKind::LookUp { name } => looked_up.push(name.as_str()),
            WaitKind::Connect { address, name, error } => {
                connected.push((name.as_deref(), address.port(), error.as_deref()));
            }
            _ => (),
        }
    }
    if looked_up.is_empty() {
        return skip("names", "this machine asks no name server over UDP and IPv4");
    }
    assert_eq!(looked_up, ["one.example.com", "two.example.com", "one.example.com"], "{waits:?}");
    let refused = Some("ECONNREFUSED");
    let expected = [
        (Some("one.example.com"), 443, refused),
        (Some("two.example.com"), 5432, refused),
        (Some("one.example.com"), 443, refused),
        (None, 6379, refused),
    ];
    assert_eq!(connected, expected, "{waits:?}");
    let said: Vec<String> = waits.findings().iter().map(ToString::to_string).collect();
    let peers = "one.example.com:443, two.example.com:5432, 10.20.30.40:6379";
    let connects = format!(
        "init opens 4 connections one after the other ({peers}): they could be opened side by side, or leave init"
    );
    assert_eq!(said[..2], [connects, "init looks up one.example.com, two.example.com".to_owned()]);
    assert!(said[2].starts_with("init sleeps ") && said[3].starts_with("init waits "), "{said:?}");
}

#[test]
fn what_is_watched_does_what_it_does_unwatched() {
    for source in [include_str!("programs/signals.c"), include_str!("programs/crowd.c")] {
        let Some(program) = Program::c(source, &[]) else { return };
        let expected = crate::unharmed::untraced(&program);
        let Some(waits) = watch(&program) else { return };
        let answer = format!("answered with {} bytes: {}", expected.len(), String::from_utf8(expected).unwrap());
        assert_eq!(waits.outcome.to_string(), answer, "{}", waits.log);
    }
}
