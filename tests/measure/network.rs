//! The program sees no network but its own loopback, unless it is asked for.

use std::io::Read;
use std::net::TcpListener;

use serde_json::json;

use crate::support::bench::Bench;
use crate::support::program::Run;
use crate::support::skip::skip;

#[test]
fn an_isolated_program_reaches_nobody_on_this_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let program = format!(
        "import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 5).sendall(b'hello')\nexcept OSError:\n    pass\nnext_event()"
    );
    let Some(bench) = Bench::python(&program) else { return };
    let run = |args: &[&str]| {
        let all = [args, &["--runs", "1", "--format", "json"]].concat();
        Run::of(&mut bench.measure(&all)).exits(0).json()["measurement"].clone()
    };
    let measurement = run(&[]);
    listener.set_nonblocking(true).unwrap();
    if measurement["isolated"] == json!(false) {
        skip("a network of its own", measurement["not_isolated_because"].as_str().expect("it says why"));
    } else {
        assert!(listener.accept().is_err(), "an isolated program reached this test");
    }
    let measurement = run(&["--network"]);
    assert_eq!(measurement["isolated"], json!(false));
    let (mut peer, _) = listener.accept().expect("with --network it reaches this test");
    let mut said = String::new();
    peer.read_to_string(&mut said).unwrap();
    assert_eq!(said, "hello");
}

#[test]
fn an_init_that_sleeps_is_told_that_it_waits() {
    let Some(bench) = Bench::python("time.sleep(0.3)\nnext_event()") else { return };
    let report = Run::of(&mut bench.measure(&["--runs", "1", "--format", "json"])).exits(0).json();
    let findings = report["findings"].as_array().unwrap();
    let waits = findings.iter().find(|finding| finding["code"] == "init-waits").expect("it waits");
    let (waiting, ready) = (&report["measurement"]["waiting_ms"], &report["measurement"]["ready_ms"]);
    let (waiting, ready) = (waiting.as_f64().unwrap(), ready.as_f64().unwrap());
    let told = format!("init waits for {waiting:.0} of its {ready:.0} ms");
    assert!(waits["message"].as_str().unwrap().contains(&told), "{told}: {waits}");
    assert!(waiting >= 290.0, "{waiting}");
    if let Some(rows) = report["measurement"]["waits"].as_array() {
        assert!(rows.iter().any(|row| row["what"] == "sleep" && row["took_ms"].as_f64().unwrap() >= 290.0), "{rows:?}");
        assert!(findings.iter().any(|finding| finding["code"] == "init-sleeps"), "{findings:?}");
    }
}

#[test]
fn connections_of_init_are_named_also_where_nobody_answers() {
    let program = "import socket\nfor port in (5432, 6379):\n    try:\n        socket.create_connection(('10.1.2.3', port), 1)\n    \
                   except OSError:\n        pass\nnext_event()";
    let Some(bench) = Bench::python(program) else { return };
    let report = Run::of(&mut bench.measure(&["--runs", "1", "--format", "json"])).exits(0).json();
    if report["measurement"]["isolated"] == json!(false) || report["measurement"]["waits"].is_null() {
        return skip("connections of init", "no network of its own, or no ptrace");
    }
    let findings = report["findings"].as_array().unwrap();
    let connects = findings.iter().find(|finding| finding["code"] == "init-connects").expect("it connects");
    let message = connects["message"].as_str().unwrap();
    assert!(message.contains("10.1.2.3:5432") && message.contains("10.1.2.3:6379"), "{message}");
}
