//! Who is behind a limit that was not kept: crates, files of the package, and functions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::change::SizeChange;
use super::crate_changes::CrateChange;
use super::diff::{BinaryChange, Diff};
use super::gates::Question;
use super::growth::Growth;
use super::parts::PartKind;
use super::verdict::{Blame, FUNCTIONS_NAMED, Gate, GrownFunction, Measure, Part};
use crate::attribution::{CrateKind, CrateRow};
use crate::report::{Binary, Report};
use crate::units::{ByteDelta, ByteSize};

/// How many of the largest are named where no baseline says who grew.
const LARGEST_NAMED: usize = 10;
/// Of how many crates functions are named.
const CRATES_WITH_FUNCTIONS: usize = 5;

/// In which size the blamed are counted, and the blamed: who grew, most first; without a baseline the largest.
pub(super) fn blamed(question: Question<'_>, gate: &Gate, diff: Option<&Diff>) -> (Measure, Vec<Blame>) {
    let wanted = match (&gate.part, counted(question, gate, diff)) {
        // Which crate's pages of a section are in memory is not known.
        (Some(Part::Section(_)), Measure::Touched) => Measure::Unzipped,
        (_, wanted) => wanted,
    };
    let mut blamed = match (&gate.part, diff) {
        (Some(Part::Section(name)), _) => of_section(question, name, wanted),
        (_, Some(diff)) if wanted != Measure::Touched => grown(diff, wanted),
        (_, Some(_)) => touched(question),
        (_, None) => all(question.new, wanted),
    };
    match &gate.part {
        Some(Part::Crate(name)) => blamed.retain(|blame| is_crate(blame, name)),
        Some(Part::Program(path)) => blamed.retain(|blame| blame.path == *path),
        Some(Part::Section(_)) | None => {}
    }
    let limit = question.budget.noise;
    if diff.is_some() {
        let grew: Vec<Blame> = blamed.iter().filter(|blame| is_growth(blame, limit)).cloned().collect();
        // A crate that is over its limit and has not grown is to be named all the same.
        let is_of_crate = matches!(gate.part, Some(Part::Crate(_)));
        blamed = if grew.is_empty() && is_of_crate { blamed } else { grew };
    }
    blamed.sort_by_cached_key(|blame| (Reverse(blame.grown_bytes), Reverse(blame.size_bytes), key(blame)));
    if diff.is_none() {
        blamed.truncate(LARGEST_NAMED);
    }
    name_functions(&mut blamed, diff);
    (wanted, blamed)
}

/// The limit's own measure where every side knows it of its crates; else file bytes.
fn counted(question: Question<'_>, gate: &Gate, diff: Option<&Diff>) -> Measure {
    let rows = |report: &Report, knows: fn(&CrateRow) -> bool| {
        report.binaries.iter().all(|binary| binary.crates.iter().all(knows))
    };
    let sides = || [Some(question.new), question.baseline].into_iter().flatten();
    match gate.measure {
        Measure::Zipped => {
            let knows_zip = match diff {
                Some(diff) => diff.zip.is_some() && diff.binaries.iter().all(|binary| binary.compressed.is_some()),
                None => rows(question.new, |row| row.compressed_bytes.is_some()),
            };
            if knows_zip { Measure::Zipped } else { Measure::Unzipped }
        }
        Measure::Touched | Measure::Init => {
            let measured =
                sides().all(|report| report.measurement.is_some() && rows(report, |row| row.touched_bytes.is_some()));
            if measured { Measure::Touched } else { Measure::Unzipped }
        }
        Measure::Unzipped | Measure::File => Measure::Unzipped,
    }
}

fn is_crate(blame: &Blame, name: &str) -> bool {
    blame.crate_name.as_ref().is_some_and(|blamed| PartKind::Crate.key(blamed) == PartKind::Crate.key(name))
}

/// Whether it grew, and by more than the noise.
fn is_growth(blame: &Blame, noise: Option<Growth>) -> bool {
    let Some(grown) = blame.grown_bytes.filter(|grown| *grown > ByteDelta::default()) else { return false };
    let before = blame.size_bytes.saturating_sub(grown.magnitude());
    noise.is_none_or(|noise| blame.size_bytes > noise.limit(before))
}

/// Every crate, and every file of the package that is no program, with what it grew.
fn grown(diff: &Diff, measure: Measure) -> Vec<Blame> {
    let pick = |file: SizeChange, compressed: Option<SizeChange>| match measure {
        Measure::Zipped => compressed.unwrap_or_default(),
        _ => file,
    };
    let mut blamed = Vec::new();
    for binary in &diff.binaries {
        for row in &binary.crates {
            blamed.push(of_change(&binary.path, row, pick(row.file, row.compressed)));
        }
    }
    let is_program = |path: &str| diff.binaries.iter().any(|binary| binary.path == path);
    for entry in diff.entries.iter().filter(|entry| !is_program(&entry.path)) {
        let change = pick(entry.unzipped, entry.compressed);
        blamed.push(file_blame(&entry.path, change.new_bytes, Some(change.delta_bytes)));
    }
    blamed
}

/// Every crate and file with its size; `measure` is known of all of them.
fn all(new: &Report, measure: Measure) -> Vec<Blame> {
    let pick = |file: ByteSize, compressed: Option<ByteSize>, touched: Option<ByteSize>| match measure {
        Measure::Zipped => compressed.unwrap_or(ByteSize::ZERO),
        Measure::Touched => touched.unwrap_or(ByteSize::ZERO),
        _ => file,
    };
    let row = |binary: &Binary, row: &CrateRow| {
        of_row(&binary.path, row, pick(row.file_bytes, row.compressed_bytes, row.touched_bytes))
    };
    let mut blamed: Vec<Blame> =
        new.binaries.iter().flat_map(|binary| binary.crates.iter().map(|crate_row| row(binary, crate_row))).collect();
    let is_program = |path: &str| new.binaries.iter().any(|binary| binary.path == path);
    for entry in new.artifact.entries.iter().filter(|entry| !is_program(&entry.path)) {
        let size = pick(entry.uncompressed_bytes, entry.compressed_bytes, Some(ByteSize::ZERO));
        blamed.push(file_blame(&entry.path, size, None));
    }
    blamed
}

/// Crates by the memory that init touches of them, against the baseline's.
fn touched(question: Question<'_>) -> Vec<Blame> {
    let mut before: BTreeMap<String, ByteSize> = BTreeMap::new();
    for row in question.baseline.iter().flat_map(|old| &old.binaries).flat_map(|binary| &binary.crates) {
        *before.entry(PartKind::Crate.key(&row.name)).or_default() += row.touched_bytes.unwrap_or(ByteSize::ZERO);
    }
    against(all(question.new, Measure::Touched), &before)
}

/// Crates by their bytes in one section.
fn of_section(question: Question<'_>, name: &str, measure: Measure) -> Vec<Blame> {
    let crates = |report: &Report| -> Vec<Blame> {
        let mut blamed = Vec::new();
        for binary in &report.binaries {
            let sections = binary.tree.iter().filter(|section| section.name == name);
            for node in sections.flat_map(|section| &section.crates) {
                let size = match measure {
                    Measure::Zipped => node.compressed_bytes.unwrap_or(ByteSize::ZERO),
                    _ => node.file_bytes,
                };
                let row = binary.crates.iter().find(|row| row.name == node.name && row.version == node.version);
                blamed.push(match row {
                    Some(row) => of_row(&binary.path, row, size),
                    None => Blame { crate_name: Some(node.name.clone()), ..file_blame(&binary.path, size, None) },
                });
            }
        }
        blamed
    };
    let Some(old) = question.baseline else { return crates(question.new) };
    let mut before: BTreeMap<String, ByteSize> = BTreeMap::new();
    for blame in crates(old) {
        *before.entry(PartKind::Crate.key(blame.crate_name.as_deref().unwrap_or_default())).or_default() +=
            blame.size_bytes;
    }
    against(crates(question.new), &before)
}

/// What each grew since its crate had the size in `before`. Of several versions, the first takes the old size.
fn against(mut now: Vec<Blame>, before: &BTreeMap<String, ByteSize>) -> Vec<Blame> {
    let mut before = before.clone();
    for blame in &mut now {
        let name = PartKind::Crate.key(blame.crate_name.as_deref().unwrap_or_default());
        let was = before.remove(&name).unwrap_or_default();
        blame.grown_bytes = Some(blame.size_bytes.since(was));
    }
    now
}

/// A crate with one of its sizes on both sides.
pub(super) fn of_change(path: &str, row: &CrateChange, size: SizeChange) -> Blame {
    Blame {
        crate_name: Some(row.name.clone()),
        kind: Some(row.kind),
        version: row.new_version.clone(),
        old_version: row.old_version.clone().filter(|_| row.old_version != row.new_version),
        why: row.why.clone(),
        ..file_blame(path, size.new_bytes, Some(size.delta_bytes))
    }
}

/// A crate as it stands in the report.
pub(super) fn of_row(path: &str, row: &CrateRow, size: ByteSize) -> Blame {
    Blame {
        crate_name: Some(row.name.clone()),
        kind: Some(row.kind),
        version: row.version.clone(),
        why: row.why.clone(),
        ..file_blame(path, size, None)
    }
}

fn file_blame(path: &str, size_bytes: ByteSize, grown_bytes: Option<ByteDelta>) -> Blame {
    Blame {
        path: path.to_owned(),
        crate_name: None,
        kind: None,
        version: None,
        old_version: None,
        size_bytes,
        grown_bytes,
        why: Vec::new(),
        functions: Vec::new(),
        locked_by: None,
    }
}

fn key(blame: &Blame) -> (Option<String>, Option<String>, String, Option<CrateKind>) {
    (blame.crate_name.clone(), blame.version.clone(), blame.path.clone(), blame.kind)
}

/// Says which functions of the first crates grew, where the two sides list them.
fn name_functions(blamed: &mut [Blame], diff: Option<&Diff>) {
    let of_path = |path: &str| diff?.binaries.iter().find(|binary| binary.path == path);
    for blame in blamed.iter_mut().filter(|blame| blame.crate_name.is_some()).take(CRATES_WITH_FUNCTIONS) {
        if let Some(binary) = of_path(&blame.path) {
            blame.functions = grown_functions(binary, blame);
        }
    }
}

fn grown_functions(binary: &BinaryChange, blame: &Blame) -> Vec<GrownFunction> {
    let rows = binary.functions.iter().flatten().filter(|row| {
        Some(&row.crate_name) == blame.crate_name.as_ref()
            && row.new_version == blame.version
            && row.file.delta_bytes > ByteDelta::default()
            // What no symbol names is no function that somebody could look at.
            && !row.name.starts_with('[')
    });
    let mut grown: Vec<GrownFunction> = rows
        .map(|row| GrownFunction {
            name: row.name.clone(),
            size_bytes: row.file.new_bytes,
            grown_bytes: row.file.delta_bytes,
            is_new: row.file.old_bytes == ByteSize::ZERO,
        })
        .collect();
    grown.sort_by_cached_key(|function| (Reverse(function.grown_bytes), function.name.clone()));
    grown.truncate(FUNCTIONS_NAMED);
    grown
}
