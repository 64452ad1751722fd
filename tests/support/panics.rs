//! Whether a program made of the sources of `panics` still panics, catches and tells as it is meant to.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::backtrace::{addr2line, frames, has_addr2line};
use super::process::Process;
use super::runtime_api::{Call, RuntimeApi};

/// Where the system has put the program, against where it was linked: it begins at 0 there.
fn base(process: &Process, program: &Path) -> u64 {
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).expect("it runs");
    let program = program.canonicalize().expect("it is there");
    let first = maps.lines().find(|line| line.ends_with(program.to_str().expect("UTF-8"))).expect("it is mapped");
    let (start, _) = first.split_once('-').expect("from-to");
    u64::from_str_radix(start, 16).expect("an address")
}

/// A panic in the handler is reported, a thousand are caught in the next event with every value dropped, and the debug file names
/// the frames of the first one's backtrace, of crate `name`.
#[track_caller]
pub(crate) fn panics_as_before(program: &Path, debug: &Path, name: &str) {
    let api = RuntimeApi::start_with(&[r#"{"panic": true}"#, r#"{"catch": 1000}"#]).expect("a port");
    let mut process = Process::start_with(program, api.address(), &[("RUST_BACKTRACE", "full")]).expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    let calls: Vec<Call> = (0..5).map(|_| api.next_call(&mut process, deadline).expect("it goes on")).collect();
    let [Call::Next, Call::InvocationError { body: error }, Call::Next, Call::Response { body: answer }, Call::Next] =
        calls.as_slice()
    else {
        panic!("{calls:?}");
    };
    assert!(error.contains("as asked"), "{error}");
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    assert_eq!((&answer["caught"], &answer["dropped"]), (&1000.into(), &4000.into()), "handlers are found");

    if !has_addr2line() {
        return;
    }
    let base = base(&process, program);
    // The first panic's: those that are caught say the same.
    let output = process.output();
    let first: String = output.split_inclusive("stack backtrace:").take(2).collect();
    assert!(!first.contains("panic_below"), "it is stripped: {first}");
    let first_trace = output.split("stack backtrace:").nth(1).expect("a backtrace");
    let first_trace = first_trace.split("panicked at").next().expect("what is before it");
    // A return address is behind the call.
    let addresses = frames(first_trace).into_iter().map(|(address, _)| address.wrapping_sub(base + 1));
    let names: Vec<String> = addresses.flat_map(|address| addr2line(debug, address)).collect();
    let times = |function: &str| names.iter().filter(|known| **known == format!("{name}::{function}")).count();
    assert_eq!((times("panic_below"), times("main")), (4, 1), "{names:?}");
}
