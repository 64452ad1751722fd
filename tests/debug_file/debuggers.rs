//! Debuggers and symbolizers find function names and lines of a stripped program in its debug file.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::subjects::{build_id, folder, link, slim};
use crate::support::backtrace::{addr2line, frames, has_addr2line, without_hash};
use crate::support::functions;
use crate::support::program::{arg, run};
use crate::support::skip::skip;

/// What gdb answers; `None` where there is no gdb.
fn gdb(commands: &[&str]) -> Option<String> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-iex", "set debuginfod enabled off"]).env("LC_ALL", "C");
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let Ok(output) = gdb.output() else {
        skip("the debug file as gdb sees it", "no gdb here");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

fn line_of(source: &str, needle: &str) -> usize {
    1 + source.lines().position(|line| line.contains(needle)).expect("it is in the source")
}

#[test]
fn gdb_finds_function_and_line_when_told_the_file() {
    for (name, function, file, source) in [
        ("pie", "twice", "p.c", crate::subjects::C),
        ("not-pie", "twice", "p.c", crate::subjects::C),
        ("static-pie", "twice", "p.c", crate::subjects::C),
        ("compressed", "twice", "p.c", crate::subjects::C),
        ("no-build-id", "twice", "p.c", crate::subjects::C),
    ] {
        let folder = folder();
        let Some((stripped, debug)) = link(name, folder.path()).and_then(|program| slim(&program, folder.path()))
        else {
            continue;
        };
        let info = format!("info line {function}");
        let Some(without) = gdb(&[&format!("file {}", arg(&stripped)), &info]) else { return };
        assert!(!without.contains(file), "{name} is stripped: {without}");
        let with = gdb(&[&format!("file {}", arg(&stripped)), &format!("symbol-file {}", arg(&debug)), &info])
            .expect("as above");
        let line = line_of(source, "int twice(");
        assert!(
            with.contains(&format!("Line {line} of")) && with.contains(file) && with.contains("<twice>"),
            "{name}: {with}"
        );
        assert!(!with.contains("warning"), "{name}: {with}");
    }
}

#[test]
fn gdb_finds_the_file_by_build_id_and_tells_where_a_running_program_is() {
    for (name, breakpoint, seen) in [
        ("pie", "twice", "twice (x=1)"),
        ("not-pie", "twice", "twice (x=1)"),
        ("c++", "shop::Order::total", "shop::Order::total (this="),
        ("panics", "rust_panic", "panics::shop::price"),
    ] {
        let folder = folder();
        let Some(program) = link(name, folder.path()) else { continue };
        let debug_files = folder.path().join("files/.build-id");
        run(["slim", arg(&program), "--in-place", "--debug-file", arg(&debug_files), "-q"]).exits(0);
        let Some(id) = build_id(&program) else { return };
        assert!(debug_files.join(&id[..2]).join(format!("{}.debug", &id[2..])).is_file(), "{name}: {id}");
        let directory = format!("set debug-file-directory {}", arg(&folder.path().join("files")));
        let file = format!("file {}", arg(&program));
        let Some(said) = gdb(&[&directory, &file, &format!("break {breakpoint}"), "run", "backtrace"]) else { return };
        if said.contains("ptrace") || said.contains("Couldn't get") {
            return skip("a running program as gdb sees it", "ptrace is not allowed here");
        }
        let main = if name == "panics" { "panics::main" } else { "main (" };
        assert!(said.contains(seen) && said.contains(main), "{name}: {said}");
    }
}

#[test]
fn gdb_finds_a_library_s_functions() {
    for (name, function) in [("liblibrary.so", "hidden"), ("libdynamic.so", "dynamic::inner")] {
        let folder = folder();
        let Some((stripped, debug)) = link(name, folder.path()).and_then(|program| slim(&program, folder.path()))
        else {
            continue;
        };
        let with = [
            format!("file {}", arg(&stripped)),
            format!("symbol-file {}", arg(&debug)),
            format!("info line {function}"),
        ];
        let Some(said) = gdb(&with.each_ref().map(String::as_str)) else { return };
        assert!(said.contains("starts at address") || said.contains("is at address"), "{name}: {said}");
    }
}

/// Inlined frames have no number and no address of their own: `             - name`.
fn names(stderr: &str) -> Vec<String> {
    let name = |line: &str| {
        let (before, name) = line.split_once(" - ")?;
        let starts = before.trim().is_empty() || before.contains(": ");
        (starts && !line.trim().starts_with("at ")).then(|| without_hash(name))
    };
    stderr.lines().filter_map(name).collect()
}

/// Runs a program that panics: what it says of where `anchor` is, and what it says of the panic.
fn panicked(program: &Path) -> (u64, String) {
    let output = Command::new(program).env("RUST_BACKTRACE", "full").output().expect("it runs");
    assert!(!output.status.success());
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let anchor = stdout.trim().strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    (anchor.expect("it says where it is"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_panic_backtrace_of_the_slimmed_program_gets_its_names_back() {
    let folder = folder();
    let Some(program) = link("panics", folder.path()) else { return };
    let Some((stripped, debug)) = slim(&program, folder.path()) else { return };
    let Some((table, _)) = crate::subjects::said("nm", &["--format=posix"], &debug) else { return };
    if !has_addr2line() {
        return;
    }
    let linked_at = table.lines().find_map(|line| line.strip_prefix("anchor ")?.split(' ').nth(1).map(str::to_owned));
    let linked_at = u64::from_str_radix(&linked_at.expect("nm knows it"), 16).expect("a number");

    let (_, with_symbols) = panicked(&program);
    let (loaded_at, without) = panicked(&stripped);
    let addresses = frames(&without);
    let unknown = addresses.iter().filter(|(_, name)| name == "<unknown>").count();
    assert!(unknown > 5 && !without.contains("shop::price"), "it is stripped: {without}");

    // A return address is behind the call; std looks up the byte before it.
    let base = loaded_at - linked_at;
    let resolved: Vec<String> = addresses
        .iter()
        .filter(|(_, name)| name == "<unknown>")
        .flat_map(|(address, _)| addr2line(&debug, address.wrapping_sub(base + 1)))
        .collect();
    let expected = names(&with_symbols);
    for own in ["panics::shop::price", "panics::shop::order", "panics::main"] {
        assert!(expected.iter().any(|name| name == own), "{own} in {expected:?}");
    }
    // What is known without symbols is libc's, by its own dynamic symbols.
    let known: Vec<&String> = addresses.iter().map(|(_, name)| name).collect();
    let expected: Vec<&String> = expected.iter().filter(|name| !known.contains(name)).collect();
    let resolved: Vec<&String> = resolved.iter().filter(|name| *name != "??").collect();
    assert_eq!(resolved, expected);
    assert!(resolved.len() > 15, "{resolved:?}");
}

#[test]
fn analyze_takes_the_debug_file_for_the_program_s_names() {
    let folder = folder();
    let program: PathBuf = functions::build("hello");
    let (zip, debug) = (folder.path().join("out.zip"), folder.path().join("hello.debug"));
    run(["slim", arg(&program), "-o", arg(&zip), "--debug-file", arg(&debug), "--effort", "fast", "-q"]).exits(0);
    let named_by = |symbols: &Path| {
        let json = run(["analyze", arg(&zip), "--symbols", arg(symbols), "--format", "json"]).exits(0).json();
        json["binaries"][0].clone()
    };
    let (by_debug_file, by_program) = (named_by(&debug), named_by(&program));
    assert_eq!(by_debug_file["symbols_matched_by"], "build_id");
    assert_eq!(by_debug_file["crates"], by_program["crates"]);
    assert_eq!(by_debug_file["evidence"], by_program["evidence"]);
    assert!(by_debug_file["crates"].as_array().expect("crates").iter().any(|row| row["name"] == "tokio"));
    // It holds no loaded bytes, so without a build id nothing says whose it is.
    let Some(program) = link("no-build-id", folder.path()) else { return };
    let Some((stripped, debug)) = slim(&program, folder.path()) else { return };
    let error = run(["analyze", arg(&stripped), "--symbols", arg(&debug)]).error();
    assert!(error.contains("it is a debug file without a build id that the binary has too"), "{error}");
}
