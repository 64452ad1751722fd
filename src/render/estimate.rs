//! The cold-start prediction for people: never a number without its interval, evidence and source.

use super::document::{Document, Item, Tone};
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::estimate::{Change, Estimate, Interval};

/// One line of a table of times.
struct Line {
    name: String,
    ms: Interval,
    evidence: Option<String>,
}

impl Line {
    fn new(name: impl Into<String>, ms: Interval) -> Self {
        Self { name: name.into(), ms, evidence: None }
    }
}

pub(super) fn document(estimate: &Estimate) -> Document {
    let mut document = Document::default();
    document.title(format!(
        "Cold start of a {} function, {}, {} MB of memory",
        estimate.package, estimate.architecture, estimate.memory_mb
    ));
    document.paragraph(Tone::Dim, format!(
        "Predicted by model {}. One cold start in ten is expected below p10, one in ten above p90; the percentiles of a sum are not the sum of percentiles.",
        estimate.model
    ));
    let sources = sources(estimate);
    document.table(terms(estimate, &sources));
    document.table(totals(estimate));
    document.paragraph(
        Tone::Plain,
        format!(
            "Init is taken to touch {} MB (10^6 bytes) of memory, {}.",
            human::interval(estimate.touched_mb),
            if estimate.touched_measured { "as measured" } else { "guessed from sizes" }
        ),
    );
    document.table(slopes(estimate));
    if estimate.extrapolated {
        let why = if estimate.extrapolated_why.is_empty() {
            String::new()
        } else {
            format!(": {}", estimate.extrapolated_why.join("; "))
        };
        document.paragraph(Tone::Caution, format!("Extrapolated{why}"));
    }
    match &estimate.slimming {
        Some(change) => slimming(&mut document, change),
        None => document.paragraph(Tone::Plain, "What slimming would change was not tried."),
    }
    document.title("Sources");
    document.list(
        sources.iter().enumerate().map(|(at, source)| Item::new(format!("[{}]", at + 1), Tone::Dim, *source)).collect(),
    );
    document
}

/// Each source once, in the order of the terms that first name it.
fn sources(estimate: &Estimate) -> Vec<&str> {
    let mut sources: Vec<&str> = Vec::new();
    for term in &estimate.terms {
        if !sources.contains(&term.source.as_str()) {
            sources.push(&term.source);
        }
    }
    sources
}

fn terms(estimate: &Estimate, sources: &[&str]) -> Table {
    let lines = estimate.terms.iter().map(|term| {
        let source = sources.iter().position(|source| *source == term.source);
        let footnote = source.map(|at| format!(" [{}]", at + 1)).unwrap_or_default();
        Line {
            name: term.name.replace('_', " "),
            ms: term.ms,
            evidence: Some(words::evidence_grade(term.evidence).to_owned() + &footnote),
        }
    });
    times("term", lines.collect())
}

fn totals(estimate: &Estimate) -> Table {
    times(
        "total",
        vec![
            Line::new("before init (not in REPORT lines, not billed)", estimate.before_init_ms),
            Line::new("init (Init Duration in REPORT lines)", estimate.init_ms),
            Line::new("init that 1 cold start in 10 exceeds", estimate.init_p90_ms),
            Line::new("init that 1 cold start in 100 exceeds", estimate.init_p99_ms),
            Line::new("first call", estimate.first_call_ms),
            Line::new("cold start, request to answer", estimate.cold_total_ms),
        ],
    )
}

fn slopes(estimate: &Estimate) -> Table {
    let slopes = &estimate.per_megabyte;
    times(
        "each further MB (10^6 bytes)",
        vec![
            Line::new("zipped", slopes.zipped_ms),
            Line::new("unzipped", slopes.unzipped_ms),
            Line::new("touched by init", slopes.touched_ms),
        ],
    )
}

fn slimming(document: &mut Document, change: &Change) {
    document.title("Slimming");
    document.paragraph(Tone::Plain, change.conclusion.clone());
    document.table(times(
        "change (negative is faster)",
        vec![
            Line::new("before init", change.before_init_ms),
            Line::new("init", change.init_ms),
            Line::new("cold start", change.cold_total_ms),
        ],
    ));
}

fn times(title: &'static str, lines: Vec<Line>) -> Table {
    let fields: Vec<Field<Line>> = vec![
        Field::new(Column::name(title), |line: &Line| Cell::Text(line.name.clone())),
        Field::new(Column::plain("p10", 0), |line: &Line| Cell::Millis(line.ms.p10)),
        Field::new(Column::plain("p50", 0), |line: &Line| Cell::Millis(line.ms.p50)),
        Field::new(Column::plain("p90", 0), |line: &Line| Cell::Millis(line.ms.p90)),
        Field::new(Column::plain("evidence", 1), |line: &Line| line.evidence.clone().map_or(Cell::Blank, Cell::Text)),
    ];
    Table::of(lines, &fields)
}
