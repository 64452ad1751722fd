//! `layout` on a real function: its functions are linked in the order of one start, it answers as before, and the order file does the same
//! without tracing.
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::functions::{manifest_path, target_dir};
use support::panics::panics_as_before;
use support::program::{Run, lambda_slim};
use support::project::{TinyProject, hello_project};
use support::skip::skip;
use support::zipfile;

/// The command in the project, with dependencies that are built once for all tests.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = lambda_slim();
    command.args(args).current_dir(folder).arg("--target-dir").arg(target_dir("laid-out"));
    command
}

/// Functions of the program by address, as `nm` has them; `None` without `nm`.
fn functions(program: &Path) -> Option<Vec<String>> {
    let output = Command::new("nm").arg("--numeric-sort").arg(program).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let code = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (_, kind, name) = (words.next()?, words.next()?, words.next()?);
        matches!(kind, "t" | "T").then(|| name.to_owned())
    });
    Some(code.collect())
}

/// How the first functions of the order lie: the places of those that the order names, by address.
fn places(program: &Path, order: &Path) -> Option<Vec<usize>> {
    let by_path: BTreeMap<String, usize> = functions(program)?
        .iter()
        .enumerate()
        .map(|(place, name)| (lambda_slim::elf::mangling::demangle(name), place))
        .collect();
    let text = fs::read_to_string(order).expect("the order file");
    let paths = text.lines().filter(|line| !line.starts_with(['#', '[']) && !line.contains('\t'));
    Some(paths.filter_map(|path| by_path.get(path).copied()).collect())
}

fn traced(run: &Run) -> bool {
    if run.code == Some(2) && run.stderr.contains("ptrace") {
        skip("layout", "ptrace is forbidden here");
        return false;
    }
    true
}

fn number(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number at {path}: {report}"))
}

#[test]
fn functions_of_one_start_are_linked_first_and_an_order_file_does_the_same_without_tracing() {
    let folder = hello_project("laid-out", "laid-out", "", |source| source);
    let order = folder.join("lambda-slim.order");
    let _ = fs::remove_file(&order);
    let event = folder.join("event.json");
    fs::write(&event, r#"{"name": "x"}"#).unwrap();
    let zip = target_dir("laid-out").join("laid-out.zip");
    let zip_text = zip.to_str().unwrap();
    let run = Run::of(&mut command(
        &folder,
        &["layout", "--runs", "3", "--event", "event.json", "--format", "json", "-o", zip_text],
    ));
    if !traced(&run) {
        return;
    }
    let report = run.exits(0).json();
    let layout = &report["layout"];
    assert!(number(layout, "/init_functions") > 50, "{layout}");
    assert_eq!(number(layout, "/gone"), 0, "the program that was traced has all of its functions");
    assert_eq!(layout["answers"], "everything");
    let touched = |side: &str| number(layout, &format!("/{side}/measurement/touched_code_bytes"));
    assert!(touched("after") < touched("before"), "{} {}", touched("after"), touched("before"));
    assert!(zip.is_file());

    // The judge is nm: what init calls stands at the front, and together.
    let program = target_dir("laid-out").join("release/laid-out");
    let Some(first) = places(&program, &order) else { return skip("the order of functions", "no nm") };
    let ordered = number(layout, "/init_functions") + number(layout, "/first_event_functions");
    // A few are of objects without a section for each function, as those that the C compiler brings.
    let inside = first.iter().filter(|&&place| place as u64 <= ordered * 3 / 2).count();
    assert!(inside * 10 >= first.len() * 9, "{inside} of {} functions are in front", first.len());
    let names = functions(&program).unwrap();

    // A clean build with the order file, as CI does it: nothing is traced, and the same functions are first.
    let mut slim = command(&folder, &["slim", "-o", zip_text]);
    let run = Run::of(&mut slim).exits(0);
    assert!(run.stderr.contains("lambda-slim.order: ") && run.stderr.contains(" matched, "), "{}", run.stderr);
    assert_eq!(functions(&program).unwrap(), names);
    let run = Run::of(&mut command(&folder, &["slim", "--no-order", "-o", zip_text])).exits(0);
    assert!(!run.stderr.contains(" matched, "), "{}", run.stderr);
    assert_ne!(functions(&program).unwrap(), names);
    let again =
        Run::of(&mut command(&folder, &["layout", "--no-trace", "--runs", "1", "--format", "json", "-o", zip_text]));
    assert_eq!(number(&again.exits(0).json(), "/layout/gone"), 0);
    assert_eq!(functions(&program).unwrap(), names);
}

#[test]
fn a_laid_out_program_reports_panics_goes_on_and_its_backtrace_is_named_by_the_debug_file() {
    let panics = manifest_path().with_file_name("panics").join("src/main.rs");
    let panics = fs::read_to_string(panics).expect("the source");
    let folder = hello_project("laid-out-panics", "laid-out-panics", "", |_| panics);
    let _ = fs::remove_file(folder.join("lambda-slim.order"));
    fs::write(folder.join("event.json"), r#"{"catch": 1}"#).unwrap();
    let unpacked = tempfile::tempdir().expect("a folder");
    let (zip, debug) = (unpacked.path().join("out.zip"), unpacked.path().join("out.debug"));
    let (zip_text, debug_text) = (zip.to_str().unwrap(), debug.to_str().unwrap());
    let layout = ["layout", "--runs", "1", "--event", "event.json", "-o", zip_text];
    let run = Run::of(&mut command(&folder, &layout));
    if !traced(&run) {
        return;
    }
    run.exits(0);
    let run = Run::of(&mut command(&folder, &["slim", "-o", zip_text, "--debug-file", debug_text])).exits(0);
    assert!(run.stderr.contains(" matched, "), "it is laid out: {}", run.stderr);
    if zipfile::unpack(&zip, unpacked.path()).is_none() {
        return;
    }

    panics_as_before(&unpacked.path().join("bootstrap"), &debug, "laid_out_panics");
}

#[test]
fn gnu_ld_is_told_by_a_script() {
    let has_gnu_ld = Command::new("ld.bfd").arg("--version").output().is_ok();
    if !has_gnu_ld {
        return skip("layout with GNU ld", "no ld.bfd");
    }
    let folder = hello_project("laid-out-bfd", "laid-out-bfd", "", |source| source);
    let _ = fs::remove_file(folder.join("lambda-slim.order"));
    let zip = target_dir("laid-out").join("laid-out-bfd.zip");
    let args = ["layout", "--runs", "1", "--format", "json", "-o", zip.to_str().unwrap()];
    let mut layout = command(&folder, &args);
    let run = Run::of(layout.args(["--config", "build.rustflags=['-C','link-arg=-fuse-ld=bfd']"]));
    if !traced(&run) {
        return;
    }
    let report = run.exits(0).json();
    assert_eq!(report["layout"]["told_by"], "linker-script");
    let program = target_dir("laid-out").join("release/laid-out-bfd");
    let Some(first) = places(&program, &folder.join("lambda-slim.order")) else { return };
    // What is in order stands in a section of its own, in front of the rest. A few are of objects without a section for each function.
    let inside = first.iter().filter(|&&place| place as u64 <= number(&report, "/layout/init_functions") * 2).count();
    assert!(inside * 10 >= first.len() * 8, "{inside} of {} functions are in front", first.len());
}

/// A linker that takes every option, and keeps those about order to itself.
const DEAF: &str = r#"#!/bin/sh
for arg; do
    shift
    case $arg in
    -Xlinker | --symbol-ordering-file=* | --no-warn-symbol-ordering | --bp-compression-sort=* | -T*) ;;
    *) set -- "$@" "$arg" ;;
    esac
done
exec cc "$@"
"#;

#[test]
fn a_linker_that_takes_the_option_and_leaves_functions_where_they_were_takes_no_order() {
    let project = TinyProject::new("");
    project.write("linker", DEAF);
    let linker = project.path().join("linker");
    fs::set_permissions(&linker, fs::Permissions::from_mode(0o755)).unwrap();
    project.write("lambda-slim.order", "[init]\napp::main\n");
    let linker = format!("build.rustflags=['-C','linker={}']", linker.display());
    let out = project.path().join("out.zip");
    let mut slim = lambda_slim();
    slim.current_dir(project.path()).args(["slim", "-o", out.to_str().unwrap(), "--config", &linker]);
    let run = Run::of(&mut slim).exits(0);
    assert!(run.stderr.contains("lambda-slim.order is left out: "), "{}", run.stderr);
    assert!(run.stderr.contains("leaves functions where they were"), "{}", run.stderr);
}

#[test]
fn a_garbled_order_file_and_a_project_without_one_are_told_apart() {
    let project = TinyProject::new("");
    project.write("lambda-slim.order", "[init]\nmain\n[last]\n");
    let slim = |args: &[&str]| -> Run {
        let out: PathBuf = project.path().join("out.zip");
        Run::of(lambda_slim().current_dir(project.path()).args(["slim", "-o", out.to_str().unwrap()]).args(args))
    };
    let error = slim(&[]).error();
    assert!(error.contains("lambda-slim.order: line 3: ") && error.contains("[last]"), "{error}");
    slim(&["--no-order"]).exits(0);
    let error = slim(&["--order-file", "none.order"]).error();
    assert!(error.contains("none.order"), "{error}");
}

#[test]
fn a_program_that_fails_in_init_is_not_laid_out() {
    let project = TinyProject::new("");
    project.write("src/main.rs", "fn main() {\n    eprintln!(\"no TABLE\");\n    std::process::exit(3);\n}\n");
    let run = Run::of(lambda_slim().current_dir(project.path()).args(["layout", "--runs", "1"]));
    let stderr = run.stderr.clone();
    run.exits(2);
    assert!(stderr.contains("bootstrap ended before it asked for an event (exit status: 3)"), "{stderr}");
    assert!(stderr.contains("| no TABLE"), "{stderr}");
    assert!(!project.path().join("lambda-slim.order").exists());
}
