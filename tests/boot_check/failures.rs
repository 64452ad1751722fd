//! Packages that do not start, and what is said of them.

use std::fs;
use std::process::Command;

use crate::support::bench::Bench;
use crate::support::functions::{build, package};
use crate::support::program::run;
use crate::support::skip::skip;

const NOT_CONCLUSIVE: &str = "the boot check is not conclusive, nothing was written";

#[track_caller]
fn assert_says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn an_exit_during_init_is_told_with_its_status_and_what_the_program_wrote() {
    let bench = Bench::shell("echo out; echo 'to \u{1b}[31mstderr' >&2; exit 3");
    let error = bench.refused(&[]);
    assert_says(&error, &[NOT_CONCLUSIVE, "bootstrap ended before it asked for an event (exit status: 3)"]);
    assert_says(&error, &["\nit wrote:\n  | out\n  | to stderr\n"]);
}

#[test]
fn a_program_that_never_asks_is_ended_at_the_limit() {
    let error = Bench::shell("sleep 1000").refused(&["--boot-limit", "1"]);
    assert_says(&error, &[NOT_CONCLUSIVE, "bootstrap did not ask for an event in 1 s"]);
}

#[test]
fn an_init_error_is_told_in_the_program_s_words() {
    let program = r#"
call("POST", "/2018-06-01/runtime/init/error", json.dumps({"errorType": "Config.Missing", "errorMessage": "no TABLE"}))
sys.exit(1)
"#;
    let Some(bench) = Bench::python(program) else { return };
    assert_says(&bench.refused(&[]), &[NOT_CONCLUSIVE, "reported that it cannot start: Config.Missing: no TABLE"]);
}

#[test]
fn an_extension_s_error_is_told_with_its_name() {
    let extension = r#"
answer, _ = call("POST", "/2020-01-01/extension/register", '{"events": []}', {"Lambda-Extension-Name": "agent"})
headers = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"],
           "Lambda-Extension-Function-Error-Type": "Agent.NoKey"}
call("POST", "/2020-01-01/extension/init/error", "{}", headers)
time.sleep(1000)
"#;
    let bench = Bench::new();
    if bench.put_python("extensions/agent", extension).is_some() {
        assert_says(&bench.refused(&[]), &["extensions/agent reported that it cannot start: Agent.NoKey"]);
    }
}

#[test]
fn a_program_that_ends_or_hangs_with_the_event_is_told_from_one_that_does_not_start() {
    let Some(bench) = Bench::python("next_event()\nos.kill(os.getpid(), 11)") else { return };
    assert_says(&bench.refused(&[]), &[NOT_CONCLUSIVE, "bootstrap ended while it had the event (signal: 11 (SIGSEGV)"]);
    let bench = Bench::python("next_event()\ntime.sleep(1000)").expect("Python was there");
    assert_says(&bench.refused(&["--boot-limit", "2"]), &["bootstrap did not answer the event in 2 s"]);
}

/// Compiles C; `None` where there is no compiler.
fn compile(bench: &Bench, source: &str, args: &[&str]) -> Option<()> {
    let file = bench.package().with_file_name("source.c");
    fs::write(&file, source).unwrap();
    let status = Command::new("cc")
        .args(["-x", "c"])
        .arg(&file)
        .args(["-x", "none"])
        .args(args)
        .current_dir(bench.package())
        .status();
    let Ok(status) = status else {
        skip("a C program", "no cc here");
        return None;
    };
    assert!(status.success());
    Some(())
}

#[test]
fn a_missing_library_is_named() {
    let bench = Bench::new();
    fs::create_dir(bench.package().join("lib")).unwrap();
    let compiled = compile(&bench, "int answer(void) { return 42; }", &["-shared", "-fPIC", "-o", "lib/libanswer.so"])
        .and_then(|()| {
            let main = "int answer(void); int main(void) { return answer(); }";
            compile(&bench, main, &["-o", "bootstrap", "-Llib", "-lanswer"])
        });
    if compiled.is_none() {
        return;
    }
    // With the library in the package's lib/ it runs, though to no good end.
    assert_says(&bench.refused(&[]), &["exit status: 42"]);
    fs::remove_file(bench.package().join("lib/libanswer.so")).unwrap();
    assert_says(&bench.refused(&[]), &[NOT_CONCLUSIVE, "bootstrap misses the library libanswer.so"]);
}

#[test]
fn a_crash_during_init_is_told_with_its_signal() {
    let bench = Bench::new();
    if compile(&bench, "int main(void) { *(volatile int *)8 = 1; }", &["-o", "bootstrap"]).is_some() {
        assert_says(&bench.refused(&[]), &["ended before it asked for an event (signal: 11 (SIGSEGV)"]);
    }
}

#[test]
fn what_the_system_does_not_start_is_told_with_its_reason() {
    let bench = Bench::new();
    bench.put("bootstrap", b"#!/no/such/interpreter\n");
    assert_says(&bench.refused(&[]), &["the dynamic linker or interpreter that it names is not on this machine"]);
    bench.put("bootstrap", b"neither a script nor a program");
    assert_says(&bench.refused(&[]), &["bootstrap cannot be started: Exec format error"]);
}

#[test]
fn a_slimmed_program_that_misses_what_slimming_took_is_not_written() {
    // As programs do that carry data behind their sections, or that check their own sum.
    let program = r#"
size = os.path.getsize("program")
if size < SIZE:
    print("program was tampered with", file=sys.stderr)
    sys.exit(3)
id, event = next_event()
call("POST", id + "/response", event)
next_event()
"#;
    let hello = fs::read(build("hello")).unwrap();
    let Some(bench) = Bench::python(&program.replace("SIZE", &hello.len().to_string())) else { return };
    bench.put("program", &hello);
    let error = bench.refused(&[]);
    assert_says(&error, &["the slimmed package fails the boot check, nothing was written"]);
    assert_says(&error, &["before, answered with 2 bytes: {}", "slimmed, bootstrap ended before", "exit status: 3"]);
    assert_says(&error, &["  | program was tampered with\n"]);
}

#[test]
fn a_package_without_anything_to_start_is_refused() {
    let bench = Bench::new();
    bench.put("handler.py", b"print()");
    assert_says(&bench.refused(&[]), &["holds neither 'bootstrap' nor 'extensions/…': there is nothing to start"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_program_for_another_processor_is_not_run() {
    let error = run(["slim", package("arm64.zip").to_str().unwrap(), "--dry-run", "--boot-check"]).error();
    assert_says(&error, &["bootstrap is for arm64 and cannot be started on this machine (x86_64)"]);
}

#[test]
fn an_event_that_is_no_json_is_refused_before_anything_starts() {
    let bench = Bench::shell("exit 1");
    let event = bench.package().with_file_name("event");
    fs::write(&event, "{'a': 1}").unwrap();
    let error = bench.refused(&["--event", event.to_str().unwrap()]);
    assert_says(&error, &["not a JSON event: key must be a string at line 1 column 2"]);
    let usage = run(["slim", "x", "--dry-run", "--event", "e.json"]).exits(2);
    assert!(usage.stderr.contains("--boot-check"), "{}", usage.stderr);
}
