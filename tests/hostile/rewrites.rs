//! Damaged programs and zips through the rewriter, every rewrite by name: no panic, and what is accepted is proven, and sound in the
//! eyes of readelf, or as it came.
//!
//! A few hundred cases run with all other tests. The ten thousand:
//! `cargo test --test hostile ten_thousand -- --ignored --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::time::Instant;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::deflate::Effort;
use lambda_slim::elf::Architecture;
use lambda_slim::package::DeploymentPackage;
use lambda_slim::slim::{Options, Rewrite, RewriteStatus, SlimError, Slimmed, slim};
use rayon::prelude::*;

use crate::mutate::{Random, damage, elf_fields, zip_fields};
use crate::raw::{self, Raw};
use crate::support::skip::skip;
use crate::{QUIET, SEED, file, only_program, quiet_cases, say, unwind_elf};

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Elf,
    Zip,
}

struct Subject {
    name: &'static str,
    data: Vec<u8>,
    fields: Vec<Range<usize>>,
    form: Form,
    /// Of a hundred cases.
    share: u64,
}

fn subjects() -> Vec<Subject> {
    let small = [Architecture::X86_64, Architecture::Arm64].map(unwind_elf::program);
    let elf = |name, data: Vec<u8>, share| {
        let mut fields = elf_fields(&data);
        fields.extend(unwind_elf::fields(&data));
        Subject { name, fields, data, form: Form::Elf, share }
    };
    let [x86_64, arm64] = small;
    let zip = raw::zip(&[
        Raw { mode: 0o100_755, ..Raw::deflated("bootstrap", &x86_64) },
        Raw::deflated("lib/libextra.so", &x86_64),
        Raw::stored("notes.txt", b"some words"),
    ]);
    let arm64_package = file("packages/arm64.zip");
    vec![
        elf("small x86_64 program with unwind tables", x86_64, 45),
        elf("small arm64 program with unwind tables", arm64, 25),
        Subject { name: "small zip", fields: zip_fields(&zip), data: zip, form: Form::Zip, share: 20 },
        elf("arm64 program", only_program(&arm64_package), 10),
    ]
}

/// The default level alone, then with each opt-in, then with all of them.
fn variants() -> Vec<Options> {
    let by_name: Vec<Rewrite> = Rewrite::ALL.into_iter().filter(|rewrite| rewrite.level().is_none()).collect();
    let singles = by_name.iter().map(|&rewrite| vec![rewrite]);
    let with = [Vec::new()].into_iter().chain(singles).chain([by_name.clone()]);
    with.map(|with| {
        let mut options = Options::default();
        options.effort = Effort::Fast;
        options.with = with.into_iter().collect();
        options
    })
    .collect()
}

enum Outcome {
    Refused,
    /// The proof refused what the rewrites made: nothing is written, but a rewrite did not step back.
    Unproven(String),
    Accepted {
        applied: BTreeSet<String>,
        /// Files that changed: before and after.
        changed: Vec<(Vec<u8>, Vec<u8>)>,
    },
}

fn run(data: &[u8], form: Form, options: &Options) -> Outcome {
    match form {
        Form::Elf => outcome(&DeploymentPackage::from_elf("bootstrap", data), options),
        Form::Zip => {
            let Ok(archive) = Archive::parse(data, &Limits::default()) else { return Outcome::Refused };
            DeploymentPackage::from_archive(&archive).map_or(Outcome::Refused, |package| outcome(&package, options))
        }
    }
}

fn outcome(package: &DeploymentPackage<'_>, options: &Options) -> Outcome {
    let Slimmed { files, outcome, .. } = match slim(package, options, &|_| ()) {
        Ok(slimmed) => slimmed,
        Err(error @ SlimError::Verify { .. }) => return Outcome::Unproven(error.to_string()),
        Err(_) => return Outcome::Refused,
    };
    let mut changed = Vec::new();
    for file in &files {
        let original = package.files.iter().find(|original| original.path == file.path);
        let Some(original) = original else { continue };
        assert!(file.contents.len() <= original.contents.len(), "{} grew", file.path);
        if file.changed {
            changed.push((original.contents.to_vec(), file.contents.to_vec()));
        } else {
            assert!(file.contents == original.contents, "{} changed, but is not said to be", file.path);
        }
    }
    let applied = outcome.rewrites.into_iter().filter(|row| row.status == RewriteStatus::Applied);
    Outcome::Accepted { applied: applied.map(|row| row.name).collect(), changed }
}

/// The complaints of `readelf -aW`, without the numbers in them; `None` where there is no readelf.
fn complaints(data: &[u8]) -> Option<BTreeSet<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program");
    std::fs::write(&path, data).expect("written");
    let output = Command::new("readelf").arg("-aW").arg(&path).env("LC_ALL", "C").output().ok()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Numbers of any length are one mark.
    let plain = |line: &str| {
        line.split(|character: char| character.is_ascii_hexdigit()).filter(|part| !part.is_empty()).collect::<String>()
    };
    Some(stderr.lines().filter(|line| line.contains("Error") || line.contains("Warning")).map(plain).collect())
}

struct Tried {
    subject: &'static str,
    case: u64,
    result: Result<Outcome, String>,
}

/// Runs `count` cases and judges one of `judged_of` accepted ones by readelf.
fn damaged_programs(count: u64, judged_of: u64) {
    quiet_cases();
    let (subjects, variants) = (subjects(), variants());
    let started = Instant::now();
    let only: Option<u64> = std::env::var("REWRITES_CASE").ok().and_then(|case| case.parse().ok());
    let cases = subjects.iter().flat_map(|subject| (0..count * subject.share / 100).map(move |case| (subject, case)));
    let cases: Vec<(&Subject, u64)> = cases.filter(|(_, case)| only.is_none_or(|only| *case == only)).collect();
    let tried: Vec<Tried> = cases
        .par_iter()
        .map(|&(subject, case)| {
            let mut data = subject.data.clone();
            let options = &variants[(case as usize) % variants.len()];
            // The first round is the subject as it is.
            if case >= variants.len() as u64 {
                // Subjects of one shape are not damaged in one place.
                let seed = SEED ^ subject.data.len() as u64 ^ subject.share << 32;
                damage(&mut data, &subject.fields, &mut Random::new(seed, case));
            }
            QUIET.set(only.is_none());
            let result = panic::catch_unwind(AssertUnwindSafe(|| run(&data, subject.form, options)));
            QUIET.set(false);
            let result = result.map_err(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
            });
            // Only what is to be judged is kept.
            let result = result.map(|outcome| match outcome {
                Outcome::Accepted { applied, .. } if case % judged_of != 0 => {
                    Outcome::Accepted { applied, changed: vec![] }
                }
                kept => kept,
            });
            Tried { subject: subject.name, case, result }
        })
        .collect();
    let took = started.elapsed();

    let mut applied: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut accepted, mut judged, mut unproven, mut panics) = (0, 0, Vec::new(), Vec::new());
    for Tried { subject, case, result } in &tried {
        match result {
            Err(panic) => panics.push(format!("{subject}, case {case}: {panic}")),
            Ok(Outcome::Refused) => {}
            Ok(Outcome::Unproven(why)) => unproven.push(format!("{subject}, case {case}: {why}")),
            Ok(Outcome::Accepted { applied: names, changed }) => {
                accepted += 1;
                for name in names {
                    *applied.entry(name).or_default() += 1;
                }
                for (before, after) in changed {
                    let Some((old, new)) = complaints(before).zip(complaints(after)) else {
                        skip("damaged programs", "no readelf");
                        continue;
                    };
                    judged += 1;
                    let caused: Vec<&String> = new.difference(&old).collect();
                    assert!(caused.is_empty(), "{subject}, case {case}: readelf complains anew: {caused:?}");
                }
            }
        }
    }
    say(&format!(
        "rewrites: {} cases in {:.1} s, {accepted} accepted, {judged} files judged by readelf, unproven {}, panics {}; applied: {applied:?}",
        tried.len(),
        took.as_secs_f64(),
        unproven.len(),
        panics.len(),
    ));
    // One of each kind, and how many there are of it.
    let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for line in &unproven {
        let why = line.split_once(": ").map_or(line.as_str(), |(_, why)| why);
        let kind = why.chars().filter(|character| !character.is_ascii_hexdigit()).collect();
        kinds.entry(kind).or_insert((0, line)).0 += 1;
    }
    for (count, line) in kinds.values() {
        say(&format!("unproven, {count} alike: {line}"));
    }
    panics.truncate(20);
    assert!(panics.is_empty(), "seed {SEED:#x}:\n{}", panics.join("\n"));
    if only.is_none() {
        assert!(accepted * 3 > tried.len(), "{accepted} of {} accepted", tried.len());
        let names = [
            "drop-dead-lsdas",
            "repack-unwind",
            "zero-padding",
            "merge-unwind",
            "round-call-sites",
            "drop-section-headers",
        ];
        for name in names {
            assert!(applied.contains_key(name), "{name} was never applied: {applied:?}");
        }
    }
}

#[test]
fn damaged_programs_are_refused_or_slimmed_with_proof() {
    damaged_programs(400, 8);
}

#[test]
#[ignore = "ten thousand cases, five to fifteen seconds: for a release and after a change of a rewrite or of the proof"]
fn ten_thousand_damaged_programs_are_refused_or_slimmed_with_proof() {
    damaged_programs(10_000, 16);
}
