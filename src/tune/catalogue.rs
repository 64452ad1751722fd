//! The steps there are, and which of them can be tried here.

use std::collections::BTreeMap;

use super::step::{Change, Family, Step};
use crate::elf::Architecture;

/// A linker that may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Linker {
    /// LLVM's.
    Lld,
    /// mold.
    Mold,
    /// GNU ld.
    Bfd,
    /// GNU gold.
    Gold,
}

impl Linker {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Lld, Self::Mold, Self::Bfd, Self::Gold];

    /// Its name, as `-fuse-ld=` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lld => "lld",
            Self::Mold => "mold",
            Self::Bfd => "bfd",
            Self::Gold => "gold",
        }
    }
}

/// What decides which steps there are.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// Name of the profile.
    pub profile: String,
    /// The profile's keys that the manifest sets, values as TOML has them.
    pub settings: BTreeMap<String, String>,
    /// What it is built for; `None` where that is not known.
    pub architecture: Option<Architecture>,
    /// How many members the workspace has.
    pub members: usize,
    /// Linkers that are installed.
    pub linkers: Vec<Linker>,
    /// Whether the compiler takes unstable options.
    pub nightly: bool,
    /// Folders that hold the sources of dependencies, whose paths are in the program.
    pub source_folders: Vec<String>,
    /// Crates whose code a start and the event touch, as cargo's package specs; `None` until that was measured.
    pub hot: Option<Vec<String>>,
}

/// Whether a step can be tried here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Here,
    /// It is what the project does.
    AlreadySo,
    /// It cannot, for this reason.
    Not(String),
}

/// Every step, in the order in which they are tried, and whether it can be tried here.
#[must_use]
pub fn steps(here: &Circumstances) -> Vec<(Step, Availability)> {
    let mut steps = vec![cargo_lambda(here)];
    if here.members > 1 {
        steps.push((whole_workspace(), Availability::Here));
    }
    steps.extend(profile_steps().into_iter().map(|step| {
        let available = if is_so_already(&step, here) { Availability::AlreadySo } else { Availability::Here };
        (step, available)
    }));
    steps.push(cold_crates(here));
    steps.extend(link_steps().into_iter().map(|step| (step, Availability::Here)));
    steps.extend(Linker::ALL.map(|linker| linker_step(linker, here)));
    steps.extend(path_steps(here));
    steps
}

/// What cargo does where a profile that inherits `release` says nothing. Source: cargo book, "Profiles", read 2026-11-29. `lto = false` is
/// not among them: it is "thin-local", which no step asks for.
const DEFAULTS: [(&str, &str); 3] = [("opt-level", "3"), ("codegen-units", "16"), ("panic", "\"unwind\"")];

fn is_so_already(step: &Step, here: &Circumstances) -> bool {
    let now = |key: &str| {
        let default = DEFAULTS.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        here.settings.get(key).map(|value| value.replace('\'', "\"")).or(default.map(str::to_owned))
    };
    let same = |key: &str, value: &str| {
        now(key).is_some_and(|now| now == value || (key == "lto" && now == "true" && value == "\"fat\""))
    };
    step.profile().all(|setting| setting.key.len() == 1 && same(&setting.key[0], &setting.value))
}

fn profile_steps() -> Vec<Step> {
    let step = |name, family, key, value| Step::new(name, family, vec![Change::profile(key, value)]);
    vec![
        step("opt-level-z", Family::OptLevel, "opt-level", "\"z\"")
            .changing("Code is optimised for size alone: loops are not vectorised; what the handler computes may take longer."),
        step("lto-fat", Family::Lto, "lto", "\"fat\""),
        step("opt-level-s", Family::OptLevel, "opt-level", "\"s\"")
            .changing("Code is optimised for size first: what the handler computes may take longer."),
        step("panic-abort", Family::Panic, "panic", "\"abort\"").changing(
            "A panic ends the environment instead of one request: the next request pays a cold start, and catch_unwind catches nothing.",
        ),
        step("codegen-units-1", Family::CodegenUnits, "codegen-units", "1"),
        step("lto-thin", Family::Lto, "lto", "\"thin\""),
        step("opt-level-2", Family::OptLevel, "opt-level", "2"),
        step("opt-level-3", Family::OptLevel, "opt-level", "3"),
        step("lto-off", Family::Lto, "lto", "\"off\""),
        step("codegen-units-16", Family::CodegenUnits, "codegen-units", "16"),
        step("panic-unwind", Family::Panic, "panic", "\"unwind\"")
            .changing("A panic in the handler ends one request and no longer the environment."),
    ]
}

fn link_steps() -> Vec<Step> {
    let step = |name, family, flags: &[&str]| {
        Step::new(name, family, flags.iter().map(|flag| Change::LinkFlag((*flag).to_owned())).collect())
    };
    vec![
        step("static-relocations", Family::Relocation, &["-Crelocation-model=static"]).changing(
            "The executable's own address is no longer random: an attacker who can make the program jump knows where its code is. Libraries, heap and stack keep theirs.",
        ),
        step("icf-safe", Family::Folding, &["-Clink-arg=-Wl,--icf=safe"]).excluding(&[Family::Linker]).changing(
            "Functions of equal code whose address nobody compares are one: a backtrace may name an equal function.",
        ),
        step("icf-all", Family::Folding, &["-Clink-arg=-Wl,--icf=all"]).excluding(&[Family::Linker]).changing(
            "All functions of equal code are one: code that tells functions apart by their addresses may take one for the other, and a backtrace may name an equal function.",
        ),
        Step::new("compression-order", Family::Order, vec![Change::CompressionOrder]).excluding(&[Family::Linker]),
        step("no-separate-code", Family::SeparateCode, &["-Clink-arg=-Wl,-z,noseparate-code"])
            .changing("Code and constants may share a page, so that constants lie in memory that can be executed."),
        step("linker-optimize", Family::LinkerOptimization, &["-Clink-arg=-Wl,-O2"]),
    ]
}

fn linker_step(linker: Linker, here: &Circumstances) -> (Step, Availability) {
    let name = linker.name();
    let mut flags = Vec::new();
    // There rust-lld is the default, and has to be left before another is named. Source: rustc book, "linker-features", read 2026-11-29.
    if here.architecture == Some(Architecture::X86_64) && linker != Linker::Lld {
        flags.push(Change::LinkFlag("-Clinker-features=-lld".to_owned()));
    }
    flags.push(Change::LinkFlag(format!("-Clink-arg=-fuse-ld={name}")));
    let step = Step::new(&format!("linker-{name}"), Family::Linker, flags);
    match here.linkers.contains(&linker) {
        true => (step, Availability::Here),
        false => (step, Availability::Not(format!("ld.{name} is not installed"))),
    }
}

/// Size for what no start touches, speed for the rest.
fn cold_crates(here: &Circumstances) -> (Step, Availability) {
    let mut changes = vec![Change::profile("opt-level", "\"z\"")];
    let level = here.settings.get("opt-level").map_or("3", String::as_str);
    let hot = here.hot.as_deref().unwrap_or_default();
    changes.extend(hot.iter().map(|spec| {
        Change::Profile(vec!["package".to_owned(), spec.clone(), "opt-level".to_owned()], level.to_owned())
    }));
    let step = Step::new("cold-crates-z", Family::OptLevel, changes).changing(
        "Crates of which little was in memory when the event was answered are optimised for size alone; what other events need of them may take longer.",
    );
    let available = match (here.hot.is_some(), hot.is_empty()) {
        (true, false) => Availability::Here,
        (true, true) => Availability::Not("no dependency has code in memory".to_owned()),
        (false, _) => Availability::Not("which crates' code is touched was not measured".to_owned()),
    };
    (step, available)
}

fn path_steps(here: &Circumstances) -> Vec<(Step, Availability)> {
    const NIGHTLY: &str = "it is unstable: this compiler is not a nightly one";
    let nightly = || if here.nightly { Availability::Here } else { Availability::Not(NIGHTLY.to_owned()) };
    let remap = |folder: &String| Change::Rustflag(format!("--remap-path-prefix={folder}=d"));
    let remapped = Step::new("remap-paths", Family::Paths, here.source_folders.iter().map(remap).collect())
        .changing("Panic messages and backtraces name sources of dependencies from 'd/' on, instead of by their place on the machine that builds.");
    let folders = match here.source_folders.is_empty() {
        true => Availability::Not("there are no dependencies from a registry".to_owned()),
        false => Availability::Here,
    };
    vec![
        (remapped, folders),
        (
            Step::new("trim-paths", Family::Paths, vec![
                Change::profile("trim-paths", "\"all\""),
                Change::Rustflag("-Zunstable-options".to_owned()),
            ])
            .changing("Panic messages and backtraces name no folders of the machine that builds."),
            match here.nightly {
                true => Availability::Not("cargo takes it with -Z trim-paths only: add it to [unstable] of .cargo/config.toml; remap-paths is its stable twin".to_owned()),
                false => Availability::Not(format!("{NIGHTLY}; remap-paths is its stable twin")),
            },
        ),
        (
            Step::new("no-panic-locations", Family::PanicMessages, vec![Change::Rustflag("-Zlocation-detail=none".to_owned())])
                .changing("Panic messages no longer say where."),
            nightly(),
        ),
    ]
}

/// What `cargo lambda build --release` adds to a profile that does not say otherwise, and to rustc's flags. Source: cargo-lambda 1.9.2 run on
/// `testdata/functions/hello` (testdata/README.md, `hello-cargo-lambda.zip`) and its `cargo-lambda-build/src/lib.rs`, read 2026-11-29.
const CARGO_LAMBDA: [(&str, &str); 4] =
    [("lto", "\"thin\""), ("codegen-units", "1"), ("panic", "\"abort\""), ("strip", "\"symbols\"")];

fn cargo_lambda(here: &Circumstances) -> (Step, Availability) {
    let says_nothing = |key: &str| !here.settings.contains_key(key);
    let mut changes: Vec<Change> = CARGO_LAMBDA
        .iter()
        .filter(|(key, _)| says_nothing(key))
        .map(|(key, value)| Change::profile(key, value))
        .collect();
    let cpu = match here.architecture {
        Some(Architecture::Arm64) => Some("neoverse-n1"),
        Some(Architecture::X86_64) => Some("haswell"),
        None => None,
    };
    changes.extend(cpu.map(|cpu| Change::Rustflag(format!("-Ctarget-cpu={cpu}"))));
    let step = Step::new("cargo-lambda", Family::Reference, changes)
        .changing("What `cargo lambda build --release` builds (with this linker instead of zig's): a panic ends the environment; only processors since Haswell or Neoverse N1 run it.");
    let available = match here.profile.as_str() {
        "release" => Availability::Here,
        _ => Availability::Not("cargo-lambda adds to the profile 'release' only".to_owned()),
    };
    (step, available)
}

fn whole_workspace() -> Step {
    Step::new("with-workspace", Family::Reference, vec![Change::WholeWorkspace]).changing(
        "What a build of the whole workspace ships: crates that packages share have the features of all of them.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(here: &Circumstances) -> Vec<String> {
        let tried = steps(here).into_iter().filter(|(_, available)| *available == Availability::Here);
        tried.map(|(step, _)| step.name).collect()
    }

    fn release() -> Circumstances {
        Circumstances { profile: "release".to_owned(), ..Circumstances::default() }
    }

    #[test]
    fn what_the_profile_says_already_is_not_tried() {
        let plain = names(&release());
        assert!(!plain.contains(&"opt-level-3".to_owned()) && plain.contains(&"lto-fat".to_owned()), "{plain:?}");
        let settings = [("opt-level", "'z'"), ("lto", "true"), ("panic", "\"abort\"")];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let tuned = names(&Circumstances { settings, ..release() });
        assert!(!tuned.contains(&"opt-level-z".to_owned()) && !tuned.contains(&"lto-fat".to_owned()), "{tuned:?}");
        assert!(tuned.contains(&"opt-level-3".to_owned()) && tuned.contains(&"panic-unwind".to_owned()), "{tuned:?}");
    }

    #[test]
    fn names_are_unique_and_what_cannot_be_tried_says_why() {
        let mut all: Vec<String> = steps(&release()).into_iter().map(|(step, _)| step.name).collect();
        all.sort();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        for (step, available) in steps(&release()) {
            if let Availability::Not(why) = available {
                assert!(!why.is_empty(), "{}", step.name);
            }
        }
    }

    #[test]
    fn the_whole_workspace_is_tried_only_where_there_is_one() {
        assert!(!names(&release()).contains(&"with-workspace".to_owned()));
        assert!(names(&Circumstances { members: 2, ..release() }).contains(&"with-workspace".to_owned()));
    }
}
