//! The gate's verdict, for people: what failed, by how much, and who grew.

use super::analyze::finding;
use super::document::{Document, Item, Tone};
use super::human;
use super::options::Options;
use super::table::{Cell, Column, Field, Table};
use crate::policy::{Blame, Gate, Measure, Verdict, Violation};

pub(super) fn document(verdict: &Verdict, options: &Options) -> Document {
    let mut document = Document::default();
    match verdict.violations.len() {
        0 => document.toned_title(Tone::Good, format!("PASS {}", verdict.subject)),
        1 => document.toned_title(Tone::Bad, format!("FAIL {}: 1 violation", verdict.subject)),
        more => document.toned_title(Tone::Bad, format!("FAIL {}: {more} violations", verdict.subject)),
    }
    let mut results: Vec<Item> = verdict.gates.iter().filter(|gate| gate.passed()).map(passed).collect();
    results.extend(verdict.violations.iter().map(failed));
    document.list(results);
    // Two limits on one size blame the same crates: they are told once.
    for measure in [Measure::Zipped, Measure::Unzipped] {
        let same = |violation: &&Violation| violation.blamed_by == Some(measure) && !violation.blamed.is_empty();
        if let Some(violation) = verdict.violations.iter().find(same) {
            document.caption(blame_title(violation, measure));
            document.table(blamed(violation, options));
        }
    }
    document.list(verdict.notes.iter().map(finding).collect());
    document
}

/// `zip: 541.11 KiB of 527.34 KiB (max-zip 540000 B)`. The limit's own words are told: they may be in MB.
fn applied(gate: &Gate) -> String {
    let what = match gate.measure {
        Measure::Zipped => "zip",
        Measure::Unzipped => "files",
    };
    let (actual, limit) = (human::size(gate.actual_bytes), human::size(gate.limit_bytes));
    format!("{what}: {actual} of {limit} ({} {}){}", gate.budget, gate.rule, before(gate))
}

fn passed(gate: &Gate) -> Item {
    Item::new("PASS", Tone::Good, applied(gate))
}

fn failed(violation: &Violation) -> Item {
    let line = match &violation.gate {
        Some(gate) => format!("{}, over by {}", applied(gate), human::size(gate.over_by())),
        None => format!("in {}", violation.subject),
    };
    Item::new("FAIL", Tone::Bad, format!("{}: {}", violation.code, violation.message)).with_lines(vec![line])
}

fn before(gate: &Gate) -> String {
    gate.baseline_bytes.map(|bytes| format!(", baseline {}", human::size(bytes))).unwrap_or_default()
}

fn blame_title(violation: &Violation, measure: Measure) -> String {
    let bytes = match measure {
        Measure::Zipped => "zip bytes",
        Measure::Unzipped => "file bytes",
    };
    if violation.blamed.iter().any(|blame| blame.grown_bytes.is_some()) {
        format!("What grew, in {bytes}:")
    } else {
        format!("No baseline says what grew. The largest, in {bytes}:")
    }
}

fn blamed(violation: &Violation, options: &Options) -> Table {
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
    Table::of(&violation.blamed, &fields).abridged(options)
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
