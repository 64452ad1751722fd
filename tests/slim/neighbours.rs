//! Functions that share a frame description unwind, catch and tell as they did; where somebody asks where they begin, they share none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lambda_slim::elf::{Image, unwind};
use serde_json::Value;

use crate::laws::{folder, slim, verdict};
use crate::support::functions::{build, manifest_path, target_dir};
use crate::support::panics::panics_as_before;
use crate::support::program::{Run, arg, lambda_slim, run};
use crate::support::project::hello_project;
use crate::support::runtime_api::invoke;
use crate::support::skip::skip;
use crate::support::zipfile;

/// Far longer than any start takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the report says of `merge-unwind`: the status, and why not.
fn merged(program: &Path) -> (String, String) {
    merged_with(program, &[])
}

fn merged_with(program: &Path, flags: &[&str]) -> (String, String) {
    verdict(program, "merge-unwind", flags)
}

#[test]
fn a_function_reports_panics_goes_on_and_its_backtrace_is_named_by_the_debug_file() {
    let panics = manifest_path().with_file_name("panics").join("src/main.rs");
    let panics = fs::read_to_string(panics).expect("the source");
    // std's Backtrace asks where functions begin, to leave itself out.
    let without = panics
        .replace("Backtrace::force_capture().to_string()", "String::new()")
        .replace("use std::backtrace::Backtrace;", "");
    assert!(!without.contains("Backtrace"));
    let project = hello_project("catch-me", "catch-me", "", |_| without);
    let folder = folder();
    let (zip, debug) = (folder.path().join("out.zip"), folder.path().join("out.debug"));
    let mut command = lambda_slim();
    command.args(["slim", "--format", "json", "-o", arg(&zip), "--debug-file", arg(&debug), "--effort", "fast"]);
    command.args(["--bin", "catch-me", "--release", "--offline"]);
    let run = Run::of(command.current_dir(&project).env("CARGO_TARGET_DIR", target_dir("functions"))).exits(0);
    let rows = run.json()["slim"]["rewrites"].as_array().expect("rewrites").clone();
    assert!(rows.iter().any(|row| row["name"] == "merge-unwind" && row["status"] == "applied"), "{rows:?}");
    if zipfile::unpack(&zip, folder.path()).is_some() {
        panics_as_before(&folder.path().join("bootstrap"), &debug, "catch_me");
    }
}

/// Functions that the unwind tables tell of, as the analyzer cuts code at them.
fn functions(program: &Path) -> BTreeSet<(u64, u64)> {
    let bytes = fs::read(program).expect("it is there");
    let found = unwind(&Image::parse(&bytes).expect("it is sound")).functions;
    found.into_iter().filter(|function| !function.is_empty()).map(|function| (function.start, function.end)).collect()
}

/// Bytes of unwind tables by crate, as far as they are somebody's, and how many of the file are nobody's.
fn unwind_bytes(zip: &Path, symbols: &Path) -> (BTreeMap<String, u64>, u64) {
    let report = run(["analyze", arg(zip), "--symbols", arg(symbols), "--format", "json", "-n", "0"]).exits(0).json();
    let crates = report["binaries"][0]["crates"].as_array().expect("crates");
    let of = |row: &Value, key: &str| row[key].as_u64().expect("a size");
    let name = |row: &Value| row["name"].as_str().expect("a name").to_owned();
    let nobody = crates.iter().find(|row| name(row) == "[unattributed]").map_or(0, |row| of(row, "file_bytes"));
    let owned = crates.iter().filter(|row| !name(row).starts_with('['));
    (owned.map(|row| (name(row), of(row, "unwind_bytes"))).collect(), nobody)
}

#[test]
fn bytes_of_a_shared_description_go_to_the_crates_whose_functions_share_it() {
    let program = build("hello");
    let folder = folder();
    let of = |name: &str, flags: &[&str]| {
        let zip = folder.path().join(name);
        slim(&program, &zip, &[&["--effort", "fast"], flags].concat());
        unwind_bytes(&zip, &program)
    };
    let ((each, _), (shared, nobody)) = (of("each.zip", &["--without", "merge-unwind"]), of("shared.zip", &[]));
    let (all_each, all_shared) = (each.values().sum::<u64>(), shared.values().sum::<u64>());
    assert!(all_shared * 10 < all_each * 9, "{all_shared} and {all_each} bytes");
    // What packing left is zeroes, and known for that.
    assert!(nobody < 1000, "{nobody} bytes are nobody's");
    let part =
        |of: &BTreeMap<String, u64>, all: u64, name: &str| of.get(name).copied().unwrap_or(0) as f64 / all as f64;
    let apart = each.keys().map(|name| (part(&each, all_each, name) - part(&shared, all_shared, name)).abs());
    let elsewhere = apart.sum::<f64>() / 2.0;
    // 6 % when this was written, and 9 % where all went to the first function.
    assert!(elsewhere < 0.08, "{elsewhere} of the bytes are with other crates");
}

#[test]
fn the_analyzer_tells_functions_apart_that_share_a_description() {
    for name in ["two-versions", "hello", "panics"] {
        let program = build(name);
        let folder = folder();
        let zip = folder.path().join("out.zip");
        slim(&program, &zip, &["--effort", "fast"]);
        if zipfile::unpack(&zip, folder.path()).is_none() {
            return;
        }
        let (before, after) = (functions(&program), functions(&folder.path().join("bootstrap")));
        let found = before.intersection(&after).count();
        // Where nothing stands between two functions and the first one leaves the stack as it was, nothing tells them apart: 1.8 % of the
        // boundaries when this was written.
        assert!(found * 1000 >= before.len() * 955, "{name}: {found} of {} functions", before.len());
        assert!(after.len() * 1000 <= before.len() * 1002, "{name}: {} of {} functions", after.len(), before.len());
    }
}

/// Exceptions of three types through frames with something to destroy, some through the library's own code; what came of them is printed.
const EXCEPTIONS: &str = r#"
#include <iostream>
#include <map>
#include <regex>
#include <stdexcept>
struct Guard { int *count; ~Guard() { ++*count; } };
static int destroyed = 0;
__attribute__((noinline)) int risky(int n) {
    Guard guard{&destroyed};
    if (n % 3 == 0) throw std::runtime_error("three " + std::to_string(n));
    if (n % 3 == 1) throw n;
    return n;
}
__attribute__((noinline)) int deep(int depth, int n) {
    std::string text(depth, 'x');
    Guard guard{&destroyed};
    return depth == 0 ? risky(n) : deep(depth - 1, n) + int(text.size());
}
__attribute__((noinline)) int narrow(int n) noexcept {
    try { return deep(2, n); } catch (...) { return -1; }
}
int main() {
    std::map<std::string, long> seen;
    std::regex three("three ([0-9]+)");
    for (int n = 0; n < 1000; ++n) {
        try { seen["none"] += deep(5, n); }
        catch (const std::runtime_error &error) {
            std::string what = error.what();
            std::smatch match;
            if (std::regex_match(what, match, three)) seen["runtime"] += std::stoi(match[1]);
        }
        catch (int number) { seen["int"] += number; }
        seen["narrow"] += narrow(n);
    }
    try { std::vector<int>().at(3); } catch (const std::out_of_range &) { ++seen["range"]; }
    try { std::regex wrong("("); } catch (const std::regex_error &) { ++seen["regex"]; }
    for (auto &pair : seen) std::cout << pair.first << ' ' << pair.second << '\n';
    std::cout << destroyed << '\n';
}
"#;

/// Prints whether the unwinder says that `main` begins where it does.
const ASKS: &str = r#"
#include <iostream>
extern "C" void *_Unwind_FindEnclosingFunction(void *);
int main() {
    try { throw 1; } catch (int) {}
    void *here = (void *)((char *)&main + 1);
    std::cout << (_Unwind_FindEnclosingFunction(here) == (void *)&main) << '\n';
}
"#;

fn compiled(folder: &Path, name: &str, source: &str, flags: &[&str]) -> Option<PathBuf> {
    let (file, program) = (folder.join(format!("{name}.cpp")), folder.join(name));
    fs::write(&file, source).expect("our folder");
    let output = Command::new("g++").arg("-O2").args(flags).arg(&file).arg("-o").arg(&program).output();
    match output {
        Ok(output) if output.status.success() => Some(program),
        _ => {
            skip(&format!("C++ {flags:?}"), "g++ does not make it here");
            None
        }
    }
}

fn printed(program: &Path) -> String {
    let output = Command::new(program).output().expect("it starts");
    assert!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What the slimmed program prints; `None` without Python.
fn printed_when_slimmed(program: &Path, folder: &Path) -> Option<String> {
    let zip = folder.join("out.zip");
    slim(program, &zip, &["--effort", "fast"]);
    let into = folder.join("slimmed");
    zipfile::unpack(&zip, &into)?;
    let slimmed = into.join("bootstrap");
    fs::set_permissions(&slimmed, fs::Permissions::from_mode(0o755)).expect("our file");
    Some(printed(&slimmed))
}

#[test]
fn exceptions_are_caught_by_type_and_everything_is_destroyed_on_the_way() {
    // GNU's start files of a program that is not position-independent register its frame descriptions, from the third on.
    let registers = "something points into .eh_frame, so that it may be registered by address";
    let kinds: [(&[&str], &str); 5] = [
        (&[], ""),
        (&["-no-pie"], ""),
        (&["-static-pie"], ""),
        (&["-static"], registers),
        (&["-static-libstdc++", "-static-libgcc"], ""),
    ];
    for (flags, why_not) in kinds {
        let folder = folder();
        let Some(program) = compiled(folder.path(), "exceptions", EXCEPTIONS, flags) else { continue };
        let before = printed(&program);
        assert!(before.starts_with("int ") && before.contains("runtime 166833"), "{before}");
        let (status, reason) = merged(&program);
        assert_eq!((status == "applied", reason.as_str()), (why_not.is_empty(), why_not), "{flags:?}: {status}");
        if let Some(after) = printed_when_slimmed(&program, folder.path()) {
            assert_eq!(after, before, "{flags:?}");
        }
    }
}

#[test]
fn where_a_program_asks_the_unwinder_where_functions_begin_each_keeps_its_description() {
    for (flags, why) in [(&[][..], "it imports"), (&["-static"], "is linked in and used")] {
        let folder = folder();
        let Some(program) = compiled(folder.path(), "asks", ASKS, flags) else { continue };
        let (status, reason) = merged(&program);
        assert_eq!(status, "not_applicable", "{flags:?}");
        assert!(reason.contains(why) && reason.contains("_Unwind_FindEnclosingFunction"), "{reason}");
        if let Some(after) = printed_when_slimmed(&program, folder.path()) {
            assert_eq!((printed(&program).as_str(), after.as_str()), ("1\n", "1\n"));
        }
    }
}

#[test]
fn a_static_program_without_local_symbols_does_not_tell_who_asks() {
    let folder = folder();
    let Some(program) = compiled(folder.path(), "asks", ASKS, &["-static-pie"]) else { return };
    let (_, reason) = merged(&program);
    assert!(reason.ends_with("is linked in and used"), "{reason}");
    let stripped = Command::new("strip").arg("-x").arg(&program).status();
    if !stripped.is_ok_and(|status| status.success()) {
        return skip("strip -x", "no strip here");
    }
    let (status, reason) = merged(&program);
    assert_eq!(status, "not_applicable");
    assert!(reason.starts_with("the unwinder is linked in, and without local symbols (--symbols)"), "{reason}");
}

/// Frames of a backtrace that the function is asked for.
fn frames_of_a_backtrace(program: &Path) -> usize {
    let reply = invoke(program, r#"{"backtrace": true}"#, TIMEOUT).expect("it answers");
    let body: Value = serde_json::from_str(&reply.body).expect("JSON");
    let text = body["backtrace"].as_str().expect("a backtrace").to_owned();
    text.lines().filter(|line| line.trim_start().split(':').next().is_some_and(|n| n.parse::<u32>().is_ok())).count()
}

#[test]
fn a_backtrace_of_std_still_leaves_itself_out() {
    let program = build("panics");
    assert_eq!(merged(&program), ("applied".to_owned(), String::new()));
    let folder = folder();
    let zip = folder.path().join("strict.zip");
    let debug = folder.path().join("strict.debug");
    slim(&program, &zip, &["--effort", "fast", "--level", "strict", "--debug-file", arg(&debug)]);
    // Without symbols nobody knows who asks.
    let (status, reason) = merged(&zip);
    assert_eq!(status, "not_applicable");
    assert!(reason.starts_with("it imports _Unwind_FindEnclosingFunction") && reason.contains("--symbols"), "{reason}");
    let (status, _) = merged_with(&zip, &["--symbols", arg(&build("hello"))]);
    assert_eq!(status, "not_applicable", "with the symbols of another program");

    let merged_zip = folder.path().join("merged.zip");
    let of_program = slim(&program, &merged_zip, &["--effort", "fast"]);
    for symbols in [&program, &debug] {
        let with_symbols = folder.path().join("with-symbols.zip");
        let of_stripped = slim(&zip, &with_symbols, &["--effort", "fast", "--symbols", arg(symbols)]);
        assert!(of_stripped == of_program, "{}", symbols.display());
    }
    let into = folder.path().join("merged");
    if zipfile::unpack(&merged_zip, &into).is_some() {
        let before = frames_of_a_backtrace(&program);
        assert!(before > 10, "{before}");
        assert_eq!(frames_of_a_backtrace(&into.join("bootstrap")), before);
    }
}

#[test]
fn who_loads_a_library_or_is_loaded_may_ask_as_well() {
    let folder = folder();
    if let Some(library) = compiled(folder.path(), "library", EXCEPTIONS, &["-shared", "-fPIC"]) {
        let (status, reason) = merged(&library);
        assert_eq!(status, "not_applicable");
        assert!(reason.starts_with("who loads it may ask"), "{reason}");
    }
    let Some(other) = compiled(folder.path(), "libother.so", "int other() { return 1; }", &["-shared", "-fPIC"]) else {
        return;
    };
    let search = format!("-L{}", folder.path().display());
    let flags = ["-Wl,--no-as-needed", search.as_str(), "-lother"];
    let Some(program) = compiled(folder.path(), "loads", EXCEPTIONS, &flags) else { return };
    assert!(other.is_file());
    let (status, reason) = merged(&program);
    assert_eq!(status, "not_applicable");
    assert!(reason.starts_with("libother.so may ask"), "{reason}");
}
