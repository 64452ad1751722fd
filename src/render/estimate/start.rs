//! The start itself: terms, totals, slopes, what a change is worth.

use super::{crates, memory, money, traffic};
use crate::estimate::{Change, Estimate, Interval};
use crate::render::document::{Document, Item, Tone};
use crate::render::options::Options;
use crate::render::table::{Cell, Column, Field, Table};
use crate::render::{human, words};

/// One line of a table of times.
pub(super) struct Line {
    name: String,
    ms: Interval,
    evidence: Option<String>,
}

impl Line {
    pub(super) fn new(name: impl Into<String>, ms: Interval) -> Self {
        Self { name: name.into(), ms, evidence: None }
    }
}

pub(in crate::render) fn document(estimate: &Estimate, options: &Options) -> Document {
    let mut document = Document::default();
    document.title(format!(
        "Cold start of a {} function, {}, {} MB of memory",
        estimate.package, estimate.architecture, estimate.memory_mb
    ));
    document.paragraph(Tone::Dim, format!(
        "Predicted by model {}{}. One cold start in ten is expected below p10, one in ten above p90; the percentiles of a sum are not the sum of percentiles.",
        estimate.model,
        estimate.function.as_ref().map(|name| format!(", calibrated on function {name}")).unwrap_or_default()
    ));
    let sources = sources(estimate);
    document.table(terms(estimate, &sources));
    document.table(totals(estimate, &sources));
    document.paragraph(
        Tone::Plain,
        format!(
            "Init is taken to touch {} MB (10^6 bytes) of memory, {}.",
            human::interval(estimate.touched_mb),
            match (estimate.touched_measured, estimate.touched_logged) {
                (true, _) => "as measured",
                (false, true) => "as Max Memory Used in the logs has it",
                (false, false) => "guessed from sizes",
            }
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
    if let Some(against) = &estimate.against {
        change(&mut document, format!("Against {}", against.path), &against.change);
    }
    match &estimate.slimming {
        Some(slimming) => change(&mut document, "Slimming", slimming),
        None if estimate.against.is_none() => {
            document.paragraph(Tone::Plain, "What slimming would change was not tried.");
        }
        None => {}
    }
    crates::add(&mut document, &estimate.crates, options);
    if let Some(traffic) = &estimate.traffic {
        traffic::add(&mut document, traffic, |of| further(estimate, &sources, of).unwrap_or_default());
    }
    if let Some(cost) = &estimate.cost {
        money::add(&mut document, cost, estimate.memory_mb);
    }
    if let Some(memory) = &estimate.memory {
        memory::add(&mut document, memory, estimate.memory_mb);
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
    let terms = estimate.terms.iter().map(|term| term.source.as_str());
    let terms = terms.chain(estimate.further_sources.iter().map(|further| further.source.as_str()));
    for source in terms.chain(estimate.cost.as_ref().map(|cost| cost.source.as_str())) {
        if !sources.contains(&source) {
            sources.push(source);
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

/// `good [4]`: grade and footnote of what is no term.
pub(super) fn further(estimate: &Estimate, sources: &[&str], of: &str) -> Option<String> {
    let further = estimate.further_sources.iter().find(|further| further.of == of)?;
    let at = sources.iter().position(|source| *source == further.source)?;
    Some(format!("{} [{}]", words::evidence_grade(further.evidence), at + 1))
}

fn totals(estimate: &Estimate, sources: &[&str]) -> Table {
    let tail = |name: &str, ms: Interval| Line { evidence: further(estimate, sources, "tails"), ..Line::new(name, ms) };
    times(
        "total",
        vec![
            Line::new("before init (not in REPORT lines, not billed)", estimate.before_init_ms),
            Line::new("init (Init Duration in REPORT lines)", estimate.init_ms),
            tail("init that 1 cold start in 10 exceeds", estimate.init_p90_ms),
            tail("init that 1 cold start in 100 exceeds", estimate.init_p99_ms),
            Line::new("first call", estimate.first_call_ms),
            Line::new("cold start, request to answer", estimate.cold_total_ms),
            tail("cold start that 1 in 10 exceeds", estimate.cold_total_p90_ms),
            tail("cold start that 1 in 100 exceeds", estimate.cold_total_p99_ms),
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

fn change(document: &mut Document, title: impl Into<String>, change: &Change) {
    document.title(title);
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

pub(super) fn times(title: &'static str, lines: Vec<Line>) -> Table {
    let fields: Vec<Field<Line>> = vec![
        Field::new(Column::name(title), |line: &Line| Cell::Text(line.name.clone())),
        Field::new(Column::plain("p10", 0), |line: &Line| Cell::Millis(line.ms.p10)),
        Field::new(Column::plain("p50", 0), |line: &Line| Cell::Millis(line.ms.p50)),
        Field::new(Column::plain("p90", 0), |line: &Line| Cell::Millis(line.ms.p90)),
        Field::new(Column::plain("evidence", 1), |line: &Line| line.evidence.clone().map_or(Cell::Blank, Cell::Text)),
    ];
    Table::of(lines, &fields)
}
