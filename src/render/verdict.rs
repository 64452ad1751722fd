//! The gate's verdict, for people: what failed, by how much, and who grew.

use super::analyze::finding;
use super::document::{Document, Item, Tone};
use super::options::Options;
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::policy::{Blame, Gate, Measure, Verdict, Violation};

pub(super) fn document(verdict: &Verdict, options: &Options) -> Document {
    let mut document = Document::default();
    match verdict.violations.len() {
        0 => document.toned_title(Tone::Good, format!("PASS {}", verdict.subject)),
        1 => document.toned_title(Tone::Bad, format!("FAIL {}: 1 violation", verdict.subject)),
        more => document.toned_title(Tone::Bad, format!("FAIL {}: {more} violations", verdict.subject)),
    }
    document.list(verdict.gates.iter().filter(|gate| gate.passed()).map(passed).collect());
    for violation in &verdict.violations {
        document.list(vec![failed(violation)]);
        if !violation.blamed.is_empty() {
            document.caption(blame_title(violation));
            document.table(blamed(violation, options));
        }
    }
    document.list(verdict.notes.iter().map(finding).collect());
    document
}

fn gate_name(gate: &Gate) -> String {
    format!("{} {}, {}", gate.budget, gate.rule, words::measure(gate.measure))
}

fn passed(gate: &Gate) -> Item {
    Item::new("PASS", Tone::Good, format!("{}: {}", gate_name(gate), sizes(gate)))
}

fn failed(violation: &Violation) -> Item {
    let item = Item::new("FAIL", Tone::Bad, format!("{}: {}", violation.code, violation.message));
    match &violation.gate {
        Some(gate) => item.with_lines(vec![format!(
            "{}: {}, over by {}",
            gate_name(gate),
            sizes(gate),
            human::size(gate.over_by())
        )]),
        None => item.with_lines(vec![format!("in {}", violation.subject)]),
    }
}

/// `540.57 KiB, limit 556 KiB, baseline 530 KiB`.
fn sizes(gate: &Gate) -> String {
    let baseline = gate.baseline_bytes.map(|bytes| format!(", baseline {}", human::size(bytes)));
    format!(
        "{}, limit {}{}",
        human::size(gate.actual_bytes),
        human::size(gate.limit_bytes),
        baseline.unwrap_or_default()
    )
}

fn blame_title(violation: &Violation) -> String {
    let bytes = match violation.blamed_by {
        Some(Measure::Zipped) => "zip bytes",
        Some(Measure::Unzipped) | None => "file bytes",
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
