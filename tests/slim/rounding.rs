//! Call sites at round numbers: a panic at any call drops what it dropped, in the same order, and is caught where it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::laws::{folder, slim, verdict};
use crate::support::functions::{build, package};
use crate::support::skip::skip;
use crate::support::zipfile;

/// Panics at its first call, at its second, and so on until it goes through, and prints what was dropped on the way each time.
/// With an argument it lets a panic out of a function that may not unwind.
const EVERY_CALL: &str = r#"
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
    static LOG: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}
fn log(number: u32) { LOG.with_borrow_mut(|log| log.push(number)); }
struct Guard(u32);
impl Drop for Guard { fn drop(&mut self) { log(self.0); } }

#[inline(never)]
fn step(number: u32) -> u32 {
    let left = LEFT.get();
    LEFT.set(left.wrapping_sub(1));
    if left == 0 { panic!("{number}"); }
    log(1_000_000 + number);
    black_box(number)
}
trait Act { fn act(&self, number: u32) -> u32; }
struct Once;
struct Twice(Guard);
impl Act for Once { #[inline(never)] fn act(&self, number: u32) -> u32 { step(number) } }
impl Act for Twice {
    #[inline(never)]
    fn act(&self, number: u32) -> u32 { let _guard = Guard(self.0.0 + 1); step(number) + step(number + 1) }
}
#[inline(never)]
fn many(acts: &[Box<dyn Act>], pointer: fn(u32) -> u32, depth: u32) -> u32 {
    let _first = Guard(10 * depth);
    let mut sum = step(1);
    let text = String::from("x").repeat(step(3) as usize);
    {
        let _inner = Guard(10 * depth + 1);
        sum += acts[depth as usize % acts.len()].act(sum);
        let _last = Guard(10 * depth + 2);
        sum += pointer(5);
    }
    let guards: Vec<Guard> = (0..step(4)).map(|number| { step(number); Guard(100 + number) }).collect();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _caught = Guard(10 * depth + 3);
        pointer(6) + step(7)
    }));
    sum += match caught { Ok(value) => value, Err(_) => { log(77); step(8) } };
    if depth > 0 {
        let _below = Guard(10 * depth + 4);
        sum += many(acts, pointer, depth - 1);
    }
    let boxed: Box<dyn Fn(u32) -> u32> = { let guard = Guard(10 * depth + 5); Box::new(move |number| guard.0 + step(number)) };
    sum += boxed(9);
    drop(boxed);
    sum += guards.len() as u32 + text.len() as u32;
    step(sum % 11)
}
#[inline(never)]
extern "C" fn may_not_unwind(number: u32) -> u32 { let _guard = Guard(1); step(number) + step(number + 1) }

fn main() {
    if std::env::args().len() > 1 {
        LEFT.set(1);
        println!("{}", may_not_unwind(black_box(3)));
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let mut calls = 0;
    loop {
        LEFT.set(calls);
        LOG.with_borrow_mut(Vec::clear);
        let acts: Vec<Box<dyn Act>> = vec![Box::new(Once), Box::new(Twice(Guard(50)))];
        let outcome = catch_unwind(AssertUnwindSafe(|| many(&acts, black_box(step), 5)));
        drop(acts);
        let goes_through = outcome.is_ok() && LEFT.get() < u32::MAX / 2;
        println!("{calls} {outcome:?} {:?}", LOG.with_borrow(Vec::clone));
        if goes_through { break; }
        calls += 1;
    }
}
"#;

/// What the report says of `round-call-sites`: the status, and why not.
fn rounded(program: &Path, flags: &[&str]) -> (String, String) {
    verdict(program, "round-call-sites", flags)
}

fn compiled(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let (source, program) = (folder.join("main.rs"), folder.join(name));
    fs::write(&source, EVERY_CALL).expect("our folder");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).args(["--edition", "2024"]).args(flags).arg("-o").args([&program, &source]).output();
    let output = output.expect("rustc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn unpacked(zip: &Path, into: &Path) -> Option<PathBuf> {
    zipfile::unpack(zip, into)?;
    let program = into.join("bootstrap");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("our file");
    Some(program)
}

#[test]
fn a_panic_at_any_call_drops_what_it_dropped() {
    for (number, flags) in
        [&["-Copt-level=3"][..], &["-Copt-level=z", "-Cforce-frame-pointers"], &[]].iter().enumerate()
    {
        let folder = folder();
        let program = compiled(folder.path(), "every-call", flags);
        let output = |program: &Path, args: &[&str]| Command::new(program).args(args).output().expect("it starts");
        let before = output(&program, &[]);
        let lines = String::from_utf8_lossy(&before.stdout).lines().count();
        assert!(before.status.success() && lines > 60, "{flags:?}: {lines} lines");
        let aborts = output(&program, &["abort"]);
        assert!(!aborts.status.success(), "{flags:?}");

        // Alone, and in descriptions that neighbours share.
        for more in [&["--without", "merge-unwind"][..], &[]] {
            let (status, reason) = rounded(&program, more);
            assert_eq!(status, "applied", "{flags:?} {more:?}: {reason}");
            let zip = folder.path().join("out.zip");
            slim(&program, &zip, &[&["--effort", "fast"], more].concat());
            let into = folder.path().join(format!("{number}-{}", more.len()));
            let Some(slimmed) = unpacked(&zip, &into) else { return };
            assert!(output(&slimmed, &[]).stdout == before.stdout, "{flags:?} {more:?}");
            assert_eq!(output(&slimmed, &["abort"]).status, aborts.status, "{flags:?} {more:?}");
        }
    }
}

#[test]
fn exception_tables_take_less_and_twice_is_once() {
    for program in [build("hello"), build("panics"), package("arm64.zip")] {
        let folder = folder();
        let [without, with, again] = ["without.zip", "with.zip", "again.zip"].map(|name| folder.path().join(name));
        slim(&program, &without, &["--without", "round-call-sites"]);
        slim(&program, &with, &[]);
        slim(&with, &again, &[]);
        let size = |zip: &Path| fs::metadata(zip).expect("it is there").len();
        assert!(size(&with) < size(&without), "{}: {} and {}", program.display(), size(&with), size(&without));
        let bytes = |zip: &Path| fs::read(zip).expect("it is there");
        assert!(bytes(&with) == bytes(&again), "{}", program.display());
    }
}

#[test]
fn where_other_exceptions_than_panics_are_raised_call_sites_stay() {
    let folder = folder();
    let (source, program) = (folder.path().join("a.cpp"), folder.path().join("a"));
    fs::write(&source, "int main() { try { throw 1; } catch (int) { return 0; } }").expect("our folder");
    let made = Command::new("g++").arg("-o").args([&program, &source]).status();
    if !made.is_ok_and(|status| status.success()) {
        return skip("C++", "no g++ here");
    }
    let (status, reason) = rounded(&program, &[]);
    assert_eq!(status, "not_applicable");
    assert!(reason.starts_with("its handlers are for more than panics"), "{reason}");
}
