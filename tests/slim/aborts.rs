//! `abort-on-panic`, `drop-backtraces` and `drop-dead-code`: what they give up is given up, and nothing else is. Judged by running
//! real functions, and by binutils.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use goblin::elf::Elf;
use lambda_slim::deflate::Effort;
use lambda_slim::elf::{FrameTables, Image, dead_without_handlers};
use lambda_slim::package::DeploymentPackage;
use lambda_slim::slim::{Options, Rewrite, RewriteStatus};
use serde_json::Value;
use tempfile::TempDir;

use crate::laws::{folder, report, row, slim};
use crate::support::functions::{build, package};
use crate::support::program::{arg, run};
use crate::support::runtime_api::{Call, calls, invoke};
use crate::support::skip::skip;
use crate::support::zipfile;

const TIMEOUT: Duration = Duration::from_secs(60);

const ABORT: [&str; 2] = ["--with", "abort-on-panic"];
const DEAD_CODE: [&str; 5] = ["--with", "abort-on-panic", "--with", "drop-dead-code", "--boot-check"];
const NO_BACKTRACES: [&str; 5] = ["--with", "drop-backtraces", "--with", "drop-dead-code", "--boot-check"];

/// `function` slimmed with `flags`, unpacked. `None` where there is no Python.
fn slimmed(function: &Path, flags: &[&str]) -> Option<(TempDir, PathBuf)> {
    let folder = folder();
    let zip = folder.path().join("out.zip");
    slim(function, &zip, &[&["--effort", "fast"], flags].concat());
    zipfile::unpack(&zip, folder.path())?;
    let program = folder.path().join("bootstrap");
    Some((folder, program))
}

fn answer(program: &Path, event: &str) -> Value {
    let reply = invoke(program, event, TIMEOUT).expect("it answers");
    serde_json::from_str(&reply.body).expect("it answers in JSON")
}

#[test]
fn a_panic_in_the_handler_ends_the_environment_and_all_else_is_answered_as_before() {
    let function = build("panics");
    let Some((_kept, default)) = slimmed(&function, &[]) else { return };
    let before = calls(&default, r#"{"panic":true}"#, 3, TIMEOUT).expect("it goes on");
    assert!(matches!(before.as_slice(), [Call::Next, Call::InvocationError { .. }, Call::Next]), "{before:?}");
    assert_eq!(answer(&default, r#"{"catch":1000}"#)["dropped"], 4000);
    let event = r#"{"catch":0}"#;
    let expected = answer(&default, event);
    for flags in [&ABORT[..], &DEAD_CODE, &NO_BACKTRACES] {
        let Some((_kept, program)) = slimmed(&function, flags) else { return };
        assert_eq!(answer(&program, event), expected, "{flags:?}");
        let ended = calls(&program, r#"{"panic":true}"#, 3, TIMEOUT).expect_err("a panic ends it");
        assert!(ended.contains("as asked") && ended.contains("failed to initiate panic"), "{flags:?}: {ended}");
        assert!(ended.contains("SIGABRT"), "{flags:?}: {ended}");
        let ended = calls(&program, r#"{"catch":1}"#, 2, TIMEOUT).expect_err("a panic that is caught ends it as well");
        assert!(ended.contains("SIGABRT"), "{flags:?}: {ended}");
    }
}

#[test]
fn backtraces_stay_with_abort_on_panic_and_go_with_drop_backtraces() {
    let function = build("panics");
    let backtrace = |flags: &[&str]| {
        let (_kept, program) = slimmed(&function, flags)?;
        Some(answer(&program, r#"{"backtrace":true}"#)["backtrace"].as_str().expect("a backtrace").to_owned())
    };
    let Some(before) = backtrace(&[]) else { return };
    assert!(before.lines().count() >= 10, "{before}");
    assert_eq!(backtrace(&ABORT).as_ref(), Some(&before));
    assert_eq!(backtrace(&DEAD_CODE).as_ref(), Some(&before));
    let after = backtrace(&NO_BACKTRACES).expect("python was here above");
    assert!(after.lines().count() <= 2, "{after}");
}

#[test]
fn readelf_finds_every_frame_description_as_it_was_but_without_handlers() {
    let function = build("panics");
    let in_place = ["--without", "repack-unwind", "--without", "merge-unwind", "--without", "round-call-sites"];
    let Some((_kept, before)) = slimmed(&function, &in_place) else { return };
    let Some((_kept, after)) = slimmed(&function, &[&ABORT[..], &in_place].concat()) else { return };
    let Some((before, after)) = frames(&before).zip(frames(&after)) else { return };
    let without_handlers = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| !line.contains("Augmentation data:")).cloned().collect()
    };
    assert_eq!(without_handlers(&before), without_handlers(&after));
    // Those of CIEs name personality routine and encodings, those of FDEs are a pointer of four bytes.
    let handlers = |lines: &[String]| {
        let data = lines.iter().filter_map(|line| line.trim().strip_prefix("Augmentation data:"));
        data.map(str::trim).filter(|data| data.split(' ').count() == 4 && *data != "00 00 00 00").count()
    };
    assert!(handlers(&before) > 500, "{}", handlers(&before));
    assert_eq!(handlers(&after), 0);
}

fn frames(program: &Path) -> Option<Vec<String>> {
    let Ok(output) = Command::new("readelf").arg("--debug-dump=frames").arg(program).env("LC_ALL", "C").output() else {
        skip("frame descriptions as readelf sees them", "no readelf");
        return None;
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", program.display());
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[test]
#[cfg(target_arch = "x86_64")]
fn objdump_finds_no_branch_from_code_that_stays_into_code_that_was_dropped() {
    for name in ["panics", "native"] {
        let function = build(name);
        let Some((_kept, program)) = slimmed(&function, &DEAD_CODE) else { return };
        let (before, after) = (fs::read(&function).expect("built"), fs::read(&program).expect("unpacked"));
        // objdump starts anew at every symbol: the program that came in has them.
        let Some(branches) = branches(&function) else { return };
        let elf = Elf::parse(&before).expect("goblin reads it");
        let text = elf.section_headers.iter().find(|section| elf.shdr_strtab.get_at(section.sh_name) == Some(".text"));
        let text = text.expect("it has code");
        let range = text.file_range().expect("in the file");
        let zeroed = |address: u64| {
            let at = usize::try_from(address.wrapping_sub(text.sh_addr)).unwrap_or(usize::MAX);
            let byte = |file: &[u8]| file[range.clone()].get(at).copied();
            byte(&before) != byte(&after)
        };
        let stays = branches.iter().filter(|(from, _)| !zeroed(*from));
        let wrong: Vec<_> = stays.filter(|(_, to)| zeroed(*to)).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:x?}");
        let dropped = branches.iter().filter(|(from, _)| zeroed(*from)).count();
        assert!(dropped > 2000 && dropped * 2 < branches.len(), "{name}: {dropped} of {} branches", branches.len());
    }
}

/// Address and target of every direct call and jump, and of every `lea` of an address.
fn branches(program: &Path) -> Option<BTreeSet<(u64, u64)>> {
    let arguments = ["--disassemble", "--no-show-raw-insn", "--section=.text"];
    let Ok(output) = Command::new("objdump").args(arguments).arg(program).env("LC_ALL", "C").output() else {
        skip("branches as objdump sees them", "no objdump");
        return None;
    };
    let hex = |text: &str| u64::from_str_radix(text.trim(), 16).ok();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let branch = |line: &str| {
        let (from, instruction) = line.split_once(':')?;
        let operand = match instruction.split_once("# ") {
            Some((code, target)) if code.trim_start().starts_with("lea") => target,
            Some(_) => return None,
            None => instruction.trim().split_once(' ')?.1.trim_start(),
        };
        Some((hex(from)?, hex(operand.split(' ').next()?)?))
    };
    Some(text.lines().filter_map(branch).collect())
}

#[test]
#[cfg(target_arch = "x86_64")]
fn every_function_is_followed_and_reached_before_anything_is_dropped() {
    for name in ["hello", "panics"] {
        let function = fs::read(build(name)).expect("built");
        let image = Image::parse(&function).expect("an ELF file");
        let tables = FrameTables::read(&image).expect("tables as rustc and its linker write them");
        let dead = dead_without_handlers(&image, &tables).expect("a program that is understood");
        assert_eq!((dead.not_followed, dead.unreached), (0, 0), "{name}");
        assert!(dead.with_handlers > 1000 && dead.blocks.len() > 500 && dead.functions.len() > 100, "{name}");
    }
}

#[test]
fn code_goes_only_with_a_boot_check() {
    let output = folder();
    let output = output.path().join("out.zip");
    let run = run([&["slim", arg(&package("hello-cargo-lambda.zip")), "-o", arg(&output)], &DEAD_CODE[..4]].concat());
    assert_eq!(run.error(), "drop-dead-code cannot be proven without running the program: add --boot-check");
    assert!(!output.exists());
}

#[test]
fn dead_code_goes_only_where_handlers_went_and_twice_is_once() {
    let function = build("panics");
    let alone = row(&report(&function, &["--with", "drop-dead-code"]), "drop-dead-code");
    assert_eq!(alone["status"], "not_applicable");
    assert!(alone["reason"].as_str().is_some_and(|why| why.contains("abort-on-panic")), "{alone}");
    let folder = folder();
    let (once, twice) = (folder.path().join("once.zip"), folder.path().join("twice.zip"));
    for flags in [&DEAD_CODE[..], &NO_BACKTRACES] {
        let flags = [&["--effort", "fast"], flags].concat();
        let first = slim(&function, &once, &flags);
        assert!(slim(&once, &twice, &flags) == first, "{flags:?}");
    }
}

#[test]
fn each_gives_up_more_and_saves_more_and_says_what() {
    let function = build("panics");
    let size = |flags: &[&str]| report(&function, flags)["slim"]["after"]["zip_bytes"].as_u64().expect("a size");
    let mut sizes = vec![size(&[]), size(&ABORT), size(&["--with", "drop-backtraces"])];
    if cfg!(target_arch = "x86_64") {
        sizes.push(size(&NO_BACKTRACES));
    }
    assert!(sizes.windows(2).all(|pair| pair[1] * 100 < pair[0] * 97), "{sizes:?}");
    let report = report(&function, &DEAD_CODE);
    assert!(row(&report, "abort-on-panic")["gives_up"].as_str().is_some_and(|words| words.contains("caught panics")));
    assert!(report["slim"]["proof"].as_str().is_some_and(|proof| proof.contains("handlers may be gone")));
}

#[test]
fn a_program_that_never_unwinds_is_told_that_aborting_is_free() {
    let codes = |report: &Value| {
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.into_iter().filter(|finding| finding["code"] == "abort-on-panic-is-free").count()
    };
    let never = package("hello-cargo-lambda.zip");
    assert_eq!(codes(&report(&never, &["--effort", "fast"])), 1);
    assert_eq!(codes(&report(&never, &[&ABORT[..], &["--effort", "fast"]].concat())), 0);
    assert_eq!(codes(&report(&build("panics"), &["--effort", "fast"])), 0);
}

#[test]
fn the_data_part_is_done_on_arm64_and_the_code_stays() {
    let report = report(&package("arm64.zip"), &DEAD_CODE[..4]);
    let (abort, code) = (row(&report, "abort-on-panic"), row(&report, "drop-dead-code"));
    assert!(abort["status"] == "applied", "{abort}");
    assert_eq!(code["status"], "not_applicable");
    assert!(code["reason"].as_str().is_some_and(|why| why.contains("x86_64")), "{code}");
}

const CASES: usize = 40;

/// Tables and code that lie, by a fixed seed: a result is proven, or there is none.
#[test]
fn damaged_tables_and_code_are_refused_or_left_alone() {
    let Some(program) = zipfile::read(&package("hello-cargo-lambda.zip"), "bootstrap") else { return };
    let elf = Elf::parse(&program).expect("goblin reads it");
    let sections: Vec<_> = [".eh_frame", ".gcc_except_table", ".eh_frame_hdr", ".text", ".rela.dyn", ".rodata"]
        .iter()
        .filter_map(|name| {
            elf.section_headers.iter().find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(name))?.file_range()
        })
        .collect();
    assert_eq!(sections.len(), 6);
    let mut options = Options::default();
    options.effort = Effort::Fast;
    options.with.extend([Rewrite::AbortOnPanic, Rewrite::DropDeadCode]);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    let mut applied = 0;
    for _ in 0..CASES {
        let mut damaged = program.clone();
        for _ in 0..1 + below(8) {
            let range = sections[below(sections.len())].clone();
            let at = range.start + below(range.len());
            damaged[at] = [0, 0xff, 0x80, below(256) as u8][below(4)];
        }
        if let Ok(slimmed) =
            lambda_slim::slim::slim(&DeploymentPackage::from_elf("bootstrap", &damaged), &options, &|_| ())
        {
            applied += usize::from(
                slimmed
                    .outcome
                    .rewrites
                    .iter()
                    .any(|row| row.name == "drop-dead-code" && row.status == RewriteStatus::Applied),
            );
        }
    }
    assert!(applied > 0, "some damage touches nothing that is read");
}

const THROWS: &str = r#"
#include <cstdio>
#include <stdexcept>
struct Guard { ~Guard() { std::puts("dropped"); } };
static void thrower(int n) { Guard guard; if (n == 0) throw std::runtime_error("thrown"); thrower(n - 1); }
int main() { try { thrower(2); } catch (const std::exception &error) { std::puts(error.what()); } }
"#;

#[test]
fn a_program_that_throws_cpp_exceptions_keeps_its_handlers() {
    let folder = folder();
    let (source, program) = (folder.path().join("throws.cc"), folder.path().join("throws"));
    fs::write(&source, THROWS).expect("written");
    for linked in ["-dynamic", "-static"] {
        let compiled = Command::new("c++").args([linked, "-O2", "-o"]).arg(&program).arg(&source).output();
        if !compiled.is_ok_and(|output| output.status.success()) {
            skip("a C++ program", "no c++ that links it");
            return;
        }
        for rewrite in ["abort-on-panic", "drop-backtraces"] {
            let row = row(&report(&program, &["--with", rewrite]), rewrite);
            assert_eq!(row["status"], "not_applicable", "{linked}");
            assert!(row["reason"].as_str().is_some_and(|why| why.contains("more than panics")), "{linked}: {row}");
        }
    }
}

#[test]
fn a_program_that_brings_libgcc_s_unwinder_keeps_its_tables() {
    let folder = folder();
    let (source, program) = (folder.path().join("static.rs"), folder.path().join("static"));
    fs::write(&source, "fn main() { println!(\"{}\", std::backtrace::Backtrace::force_capture()); }").expect("written");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(rustc)
        .args(["-O", "--edition", "2024", "-Ctarget-feature=+crt-static", "-o"])
        .arg(&program)
        .arg(&source)
        .output();
    if !compiled.is_ok_and(|output| output.status.success()) {
        return skip("a static program", "no static C library");
    }
    let row = row(&report(&program, &["--with", "drop-backtraces"]), "drop-backtraces");
    assert_eq!(row["status"], "not_applicable");
    let output = folder.path().join("out.zip");
    run(["slim", arg(&program), "-o", arg(&output), "-q", "--with", "abort-on-panic"]).exits(0);
    if zipfile::unpack(&output, folder.path()).is_none() {
        return;
    }
    let lines = |program: &Path| {
        let output = Command::new(program).output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains(": ")).count()
    };
    assert!(lines(&program) > 5);
    assert!(lines(&folder.path().join("bootstrap")) > 5);
}
