//! The gate's verdict, for people: what failed, by how much, and who grew.

use std::collections::BTreeSet;

use super::analyze::finding;
use super::document::{Document, Item, Tone};
use super::human;
use super::options::Options;
use super::table::{Cell, Column, Field, Table};
use crate::policy::{Amounts, Blame, Gate, GrownFunction, LockChange, Measure, Part, Verdict, Violation};

/// Digits of a commit's name that people read.
const COMMIT_DIGITS: usize = 9;
/// How many crates a change of the lock file names.
const LOCKED_NAMED: usize = 8;

pub(super) fn document(verdict: &Verdict, options: &Options) -> Document {
    let mut document = Document::default();
    let tone = if verdict.passed() { Tone::Good } else { Tone::Bad };
    document.toned_title(tone, title(verdict));
    if let Some(message) = &verdict.message {
        document.paragraph(Tone::Strong, message);
    }
    let mut results: Vec<Item> = verdict.gates.iter().filter(|gate| gate.passed()).map(passed).collect();
    results.extend(verdict.violations.iter().map(|violation| failed("FAIL", Tone::Bad, violation)));
    results.extend(verdict.warnings.iter().map(|violation| failed("WARN", Tone::Caution, violation)));
    document.list(results);
    let mut has_functions = false;
    // Two limits on one size blame the same crates: they are told once.
    for measure in [Measure::Zipped, Measure::Unzipped, Measure::Touched] {
        let same = |violation: &&Violation| violation.blamed_by == Some(measure) && !violation.blamed.is_empty();
        let of_package = |violation: &&Violation| violation.gate.as_ref().is_some_and(|gate| gate.part.is_none());
        let all = || verdict.violations.iter().chain(&verdict.warnings).filter(same);
        let blames: Vec<&Blame> = match all().find(of_package) {
            Some(violation) => violation.blamed.iter().collect(),
            None => each_once(all().flat_map(|violation| &violation.blamed)),
        };
        if !blames.is_empty() {
            document.caption(blame_title(&blames, measure));
            document.table(blamed(&blames, options));
            if !has_functions {
                has_functions = functions(&mut document, &blames, options);
            }
        }
    }
    lock_changes(&mut document, verdict);
    if let Some(accept) = &verdict.accept {
        document.paragraph(Tone::Dim, accept);
    }
    document.list(verdict.notes.iter().map(finding).collect());
    document
}

/// `FAIL bootstrap.zip: 2 violations`.
pub(super) fn title(verdict: &Verdict) -> String {
    match verdict.violations.len() {
        0 => format!("PASS {}", verdict.subject),
        1 => format!("FAIL {}: 1 violation", verdict.subject),
        more => format!("FAIL {}: {more} violations", verdict.subject),
    }
}

/// What was measured: `zip`, `crate hyper`, `crate hyper in the zip`.
pub(super) fn measured(gate: &Gate) -> String {
    let of = |what: String| match gate.measure {
        Measure::Zipped => format!("{what} in the zip"),
        Measure::Touched => format!("{what} in memory"),
        _ => what,
    };
    match (&gate.part, gate.measure) {
        (Some(Part::Program(path)), _) => path.clone(),
        (Some(Part::Crate(name)), _) => of(format!("crate {name}")),
        (Some(Part::Section(name)), _) => of(format!("section {name}")),
        (None, Measure::Zipped) => "zip".to_owned(),
        (None, Measure::Unzipped | Measure::File) => "files".to_owned(),
        (None, Measure::Touched) => "touched memory".to_owned(),
        (None, Measure::Init) => "init".to_owned(),
    }
}

/// What was found and its limit: `541.11 KiB`, `527.34 KiB`; and the baseline, where there is one.
pub(super) fn amounts(gate: &Gate) -> (String, String, Option<String>) {
    match gate.amounts {
        Amounts::Bytes { limit_bytes, actual_bytes, baseline_bytes } => {
            let [actual, limit, baseline] = human::sizes([Some(actual_bytes), Some(limit_bytes), baseline_bytes]);
            (actual.unwrap_or_default(), limit.unwrap_or_default(), baseline)
        }
        Amounts::Time { limit_ms, actual_ms, baseline_ms } => {
            let ms = |ms: crate::units::Millis| format!("{:.1} ms", ms.get());
            (ms(actual_ms), ms(limit_ms), baseline_ms.map(ms))
        }
    }
}

/// `zip: 541.11 KiB of 527.34 KiB (max-zip 540000 B)`. The limit's own words are told: they may be in MB.
fn applied(gate: &Gate) -> String {
    let (actual, limit, before) = amounts(gate);
    let before = before.map(|before| format!(", baseline {before}")).unwrap_or_default();
    format!("{}: {actual} of {limit} ({} {}){before}", measured(gate), gate.budget, gate.rule)
}

fn passed(gate: &Gate) -> Item {
    Item::new("PASS", Tone::Good, applied(gate))
}

fn failed(mark: &'static str, tone: Tone, violation: &Violation) -> Item {
    let line = match &violation.gate {
        Some(gate) => match gate.amounts {
            Amounts::Bytes { .. } => format!("{}, over by {}", applied(gate), human::size(gate.over_by())),
            Amounts::Time { .. } => applied(gate),
        },
        None => format!("in {}", violation.subject),
    };
    // A sentence that begins with its subject has named it.
    let lines = if violation.message.starts_with(&violation.subject) { Vec::new() } else { vec![line] };
    Item::new(mark, tone, format!("{}: {}", violation.code, violation.message)).with_lines(lines)
}

/// Several limits of parts can blame one crate.
fn each_once<'a>(blames: impl Iterator<Item = &'a Blame>) -> Vec<&'a Blame> {
    let mut seen = BTreeSet::new();
    blames.filter(|blame| seen.insert((&blame.path, &blame.crate_name, &blame.version))).collect()
}

fn blame_title(blames: &[&Blame], measure: Measure) -> String {
    let bytes = match measure {
        Measure::Zipped => "zip bytes",
        Measure::Touched => "bytes of memory",
        _ => "file bytes",
    };
    if blames.iter().any(|blame| blame.grown_bytes.is_some()) {
        format!("What grew, in {bytes}:")
    } else {
        format!("No baseline says what grew. The largest, in {bytes}:")
    }
}

fn blamed(blames: &[&Blame], options: &Options) -> Table {
    type Row<'a> = &'a Blame;
    let fields: Vec<Field<&Blame>> = vec![
        Field::new(Column::name("crate or file"), |blame: &Row<'_>| Cell::Text(blame_name(blame))),
        Field::new(Column::sum("grew", 0), |blame: &Row<'_>| Cell::delta(blame.grown_bytes)),
        Field::new(Column::sum("now", 1), |blame: &Row<'_>| Cell::Size(blame.size_bytes)),
        Field::new(Column::words("in", 3), |blame: &Row<'_>| match blame.crate_name {
            Some(_) => Cell::Text(blame.path.clone()),
            None => Cell::Blank,
        }),
        Field::new(Column::words("brought in by", 2), |blame: &Row<'_>| match blame.why.as_slice() {
            [] => Cell::Blank,
            why => Cell::Text(human::path(why)),
        }),
    ];
    Table::of(blames.iter().copied(), &fields).abridged(options)
}

/// The functions of the first crates that grew; false where none is known.
fn functions(document: &mut Document, blames: &[&Blame], options: &Options) -> bool {
    type Row<'a> = (&'a Blame, &'a GrownFunction);
    fn of_blame(blame: &Blame) -> impl Iterator<Item = (&Blame, &GrownFunction)> {
        blame.functions.iter().map(move |function| (blame, function))
    }
    let rows: Vec<Row<'_>> = blames.iter().flat_map(|blame| of_blame(blame)).collect();
    if rows.is_empty() {
        return false;
    }
    let fields: Vec<Field<Row<'_>>> = vec![
        Field::new(Column::name("function"), |(_, function): &Row<'_>| Cell::Text(function.name.clone())),
        Field::new(Column::sum("grew", 0), |(_, function): &Row<'_>| Cell::delta(Some(function.grown_bytes))),
        Field::new(Column::sum("now", 1), |(_, function): &Row<'_>| Cell::Size(function.size_bytes)),
        Field::new(Column::words("crate", 2), |(blame, _): &Row<'_>| {
            Cell::Text(blame.crate_name.clone().unwrap_or_default())
        }),
    ];
    document.caption("Functions that grew most in them, in file bytes:");
    document.table(Table::of(rows, &fields).abridged(options));
    true
}

/// Which change of Cargo.lock brought which version.
fn lock_changes(document: &mut Document, verdict: &Verdict) {
    let mut told: Vec<(&LockChange, Vec<String>)> = Vec::new();
    for blame in verdict.violations.iter().chain(&verdict.warnings).flat_map(|violation| &violation.blamed) {
        let Some(change) = &blame.locked_by else { continue };
        let name = blame_name(blame);
        match told.iter_mut().find(|(known, _)| *known == change) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => told.push((change, vec![name])),
        }
    }
    if told.is_empty() {
        return;
    }
    document.caption("Cargo.lock changed in:");
    let item = |(change, names): (&LockChange, Vec<String>)| {
        let (mark, text) = match &change.commit {
            Some(commit) => {
                let short: String = commit.chars().take(COMMIT_DIGITS).collect();
                (short, format!("{} {}", change.date, change.subject))
            }
            None => ("now".to_owned(), "not committed yet".to_owned()),
        };
        Item::new(mark, Tone::Plain, text).with_lines(vec![some(&names)])
    };
    document.list(told.into_iter().map(item).collect());
}

/// The first names, and how many more there are.
fn some(names: &[String]) -> String {
    let shown = names[..names.len().min(LOCKED_NAMED)].join(", ");
    match names.len().saturating_sub(LOCKED_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn blame_name(blame: &Blame) -> String {
    let Some(name) = &blame.crate_name else {
        return blame.path.clone();
    };
    match (&blame.old_version, &blame.version) {
        (Some(old), Some(new)) => format!("{name} {old} -> {new}"),
        (_, version) => human::with_version(name, version.as_deref()),
    }
}
