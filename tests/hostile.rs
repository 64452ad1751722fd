//! Hostile input: every fixture cut, flipped and lied about with a fixed seed; each named kind of bad input through the program;
//! inputs made to take for ever. `cargo test --test hostile -- --nocapture` shows what was tried and how long it took.

#[path = "hostile/attacks.rs"]
mod attacks;
#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/judge.rs"]
mod judge;
#[path = "hostile/mutate.rs"]
mod mutate;
#[expect(dead_code, reason = "the archive's own tests use the rest")]
#[path = "archive/raw.rs"]
mod raw;
#[path = "hostile/rewrites.rs"]
mod rewrites;
#[path = "hostile/small_elf.rs"]
mod small_elf;
mod support;
#[path = "hostile/unwind_elf.rs"]
mod unwind_elf;

use std::cell::Cell;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::time::{Duration, Instant};

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::elf::Architecture;
use lambda_slim::report::{Report, SymbolFile};
use rayon::prelude::*;

use crate::judge::Outcome;
use crate::mutate::{Random, damage, elf_fields, zip_fields};

/// The same cases on every machine and in every run.
const SEED: u64 = 0x6c61_6d62_6461;

/// One file that is damaged, and how often.
struct Fixture {
    name: &'static str,
    data: Vec<u8>,
    fields: Vec<Range<usize>>,
    cases: u64,
    kind: Kind,
}

enum Kind {
    Elf,
    /// The symbols of a stripped program come from the damaged file.
    SymbolFile(Vec<u8>),
    Zip,
    Metadata,
    Report,
}

impl Fixture {
    fn elf(name: &'static str, data: Vec<u8>, cases: u64) -> Self {
        Self { name, fields: elf_fields(&data), data, cases, kind: Kind::Elf }
    }

    fn zip(name: &'static str, data: Vec<u8>, cases: u64) -> Self {
        Self { name, fields: zip_fields(&data), data, cases, kind: Kind::Zip }
    }

    fn text(name: &'static str, data: Vec<u8>, cases: u64, kind: Kind) -> Self {
        // Numbers are the fields of a text.
        let fields = (0..data.len()).filter(|&at| data[at].is_ascii_digit()).map(|at| at..at + 1).collect();
        Self { name, fields, data, cases, kind }
    }

    fn run(&self, case: u64, baseline: &Report) -> Outcome {
        let mut data = self.data.clone();
        // The first case is the fixture as it is: it must be accepted.
        if case > 0 {
            damage(&mut data, &self.fields, &mut Random::new(SEED, case));
        }
        match &self.kind {
            Kind::Elf => judge::elf(&data, &[]),
            Kind::SymbolFile(stripped) => judge::elf(stripped, &[SymbolFile { path: "twin".to_owned(), data: &data }]),
            Kind::Zip => judge::zip(&data, &[]),
            Kind::Metadata => judge::metadata(&data),
            Kind::Report => judge::report(&data, baseline),
        }
    }
}

fn file(path: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn only_program(zip: &[u8]) -> Vec<u8> {
    let archive = Archive::parse(zip, &Limits::default()).expect("a fixture");
    let entry = archive.entries().iter().find(|entry| entry.path() == "bootstrap").expect("its program");
    entry.read().expect("a sound fixture").into_owned()
}

fn small_zip(program: &[u8]) -> Vec<u8> {
    use crate::raw::Raw;
    raw::zip(&[
        Raw { mode: 0o100_755, ..Raw::deflated("bootstrap", program) },
        Raw { mode: 0o040_755, ..Raw::stored("empty/", b"") },
        Raw::deflated("lib/libextra.so", program),
        Raw::link("lib/link.so", "libextra.so"),
        Raw::stored("notes.txt", b"some words"),
    ])
}

fn fixtures() -> Vec<Fixture> {
    let (x86_64, arm64) = (small_elf::whole(Architecture::X86_64), small_elf::whole(Architecture::Arm64));
    let stripped = {
        let mut program = x86_64.clone();
        program.parts.truncate(9);
        program.build()
    };
    let [plain, unstripped, arm64_zip] =
        ["hello-cargo-lambda.zip", "hello-unstripped.zip", "arm64.zip"].map(|name| file(&format!("packages/{name}")));
    vec![
        Fixture::elf("small x86_64 program", x86_64.build(), 3000),
        Fixture::elf("small arm64 program", arm64.build(), 1500),
        Fixture { kind: Kind::SymbolFile(stripped), ..Fixture::elf("small symbol file", x86_64.build(), 1500) },
        Fixture::zip("small zip", small_zip(&x86_64.build()), 3000),
        Fixture::elf("arm64 program", only_program(&arm64_zip), 200),
        Fixture::zip("arm64.zip", arm64_zip, 200),
        Fixture::elf("hello-cargo-lambda program", only_program(&plain), 20),
        Fixture::zip("hello-cargo-lambda.zip", plain, 20),
        Fixture::elf("hello-unstripped program", only_program(&unstripped), 12),
        Fixture::zip("hello-unstripped.zip", unstripped, 12),
        Fixture::text(
            "hello-unstripped.metadata.json",
            file("packages/hello-unstripped.metadata.json"),
            400,
            Kind::Metadata,
        ),
        Fixture::text("analyze.json", file("golden/analyze.json"), 1500, Kind::Report),
    ]
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Panics of cases are caught and counted; their text would only hide the one line that matters.
fn quiet_cases() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                shown(info);
            }
        }));
    });
}

struct Tried {
    took: Duration,
    name: &'static str,
    case: u64,
    result: Result<Outcome, String>,
}

#[test]
fn damaged_input_is_refused_or_keeps_the_laws() {
    quiet_cases();
    let started = Instant::now();
    let baseline = Report::from_json(&String::from_utf8_lossy(&file("golden/analyze.json"))).expect("a golden report");
    let fixtures = fixtures();
    let only: Option<u64> = std::env::var("HOSTILE_CASE").ok().and_then(|case| case.parse().ok());
    let cases: Vec<(&Fixture, u64)> = fixtures
        .iter()
        .flat_map(|fixture| (0..fixture.cases).map(move |case| (fixture, case)))
        .filter(|(_, case)| only.is_none_or(|only| *case == only))
        .collect();
    let try_all = || -> Vec<Tried> {
        cases
            .par_iter()
            .map(|&(fixture, case)| {
                let start = Instant::now();
                QUIET.set(only.is_none());
                let result = panic::catch_unwind(AssertUnwindSafe(|| fixture.run(case, &baseline)));
                QUIET.set(false);
                let result = result.map_err(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
                });
                Tried { took: start.elapsed(), name: fixture.name, case, result }
            })
            .collect()
    };
    // Threads of its own: the attacks that run beside it are timed, and should not wait behind these cases.
    let tried = rayon::ThreadPoolBuilder::new().build().expect("threads").install(try_all);

    let panics: Vec<&Tried> = tried.iter().filter(|tried| tried.result.is_err()).collect();
    let accepted = tried.iter().filter(|tried| tried.result == Ok(Outcome::Accepted)).count();
    let longest = tried.iter().max_by_key(|tried| tried.took).expect("cases");
    say(&format!(
        "hostile: {} cases in {:.1} s, {} accepted, panics {}, longest {} ms ({}, case {}), peak memory {}",
        tried.len(),
        started.elapsed().as_secs_f64(),
        accepted,
        panics.len(),
        longest.took.as_millis(),
        longest.name,
        longest.case,
        peak_memory().map_or("not known here".to_owned(), |kib| format!("{} MiB", kib / 1024)),
    ));
    for tried in tried.iter().filter(|tried| tried.case == 0) {
        assert_eq!(tried.result, Ok(Outcome::Accepted), "{} as it is", tried.name);
    }
    let show = |tried: &&Tried| format!("{}, case {}: {:?}", tried.name, tried.case, tried.result);
    let shown: Vec<String> = panics.iter().take(20).map(show).collect();
    assert!(panics.is_empty(), "seed {SEED:#x}, {} cases panicked:\n{}", panics.len(), shown.join("\n"));
    // Damage that is always refused would test nothing but the first check.
    assert!(only.is_some() || accepted * 20 > tried.len(), "{accepted} of {} accepted", tried.len());
}

#[expect(clippy::print_stderr, clippy::disallowed_macros, reason = "the figures of the run have no other place")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// The most memory that this process has had, in KiB (`VmHWM`).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
