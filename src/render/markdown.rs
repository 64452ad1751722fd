//! The same as text, as GitHub tables: for pull requests and job summaries.

use super::document::{Block, Document, Item, Tone};
use super::human;
use super::options::Options;
use super::table::{Grid, RowRole, Table};
use super::{
    analyze, backtest, calibration, diff, estimate, layout, measure, slim, summary, trend, tune, verdict, why,
};
use crate::estimate::{Backtest, Estimate, Model};
use crate::logs::Tally;
use crate::policy::{Diff, Trend, Verdict};
use crate::report::{LayoutOutcome, PackageFailure, Report, Reports, TuneOutcome};
use crate::slim::Outcome;

/// The report, as [`text::report`](super::text::report) has it.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    print(&analyze::document(report, options))
}

/// A cold-start prediction, as [`text::estimate`](super::text::estimate) has it.
#[must_use]
pub fn estimate(estimate: &Estimate, options: &Options) -> String {
    print(&estimate::document(estimate, options))
}

/// A back-test, as [`text::backtest`](super::text::backtest) has it.
#[must_use]
pub fn backtest(test: &Backtest) -> String {
    print(&backtest::document(test))
}

/// A calibration, as [`text::calibration`](super::text::calibration) has it.
#[must_use]
pub fn calibration(model: &Model, read: &[(String, &Tally)]) -> String {
    print(&calibration::document(model, read))
}

/// A program laid out: its package and its start before and after.
#[must_use]
pub fn layout(outcome: &LayoutOutcome) -> String {
    print(&layout::document(outcome))
}

/// A measured start: memory, faults, times, and whose memory it is.
#[must_use]
pub fn measure(report: &Report, options: &Options) -> String {
    print(&measure::document(report, options))
}

/// What slimming did, as [`text::slim`](super::text::slim) has it.
#[must_use]
pub fn slim(outcome: &Outcome) -> String {
    print(&slim::document(outcome))
}

/// What slimming made of several packages, as [`text::slim_summary`](super::text::slim_summary) has it.
#[must_use]
pub fn slim_summary(packages: &[(&str, &Outcome)]) -> String {
    print(&slim::summary(packages))
}

/// What changed between two reports, as [`text::diff`](super::text::diff) has it.
#[must_use]
pub fn diff(diff: &Diff, options: &Options) -> String {
    print(&diff::document(diff, options))
}

/// What the gate concluded, as [`text::verdict`](super::text::verdict) has it.
#[must_use]
pub fn verdict(verdict: &Verdict, options: &Options) -> String {
    print(&verdict::document(verdict, options))
}

/// Verdicts over several packages: a row for each.
#[must_use]
pub fn verdict_summary(verdicts: &[&Verdict], failures: &[PackageFailure]) -> String {
    print(&summary::verdicts(verdicts, failures))
}

/// Reports of several packages: a row for each.
#[must_use]
pub fn report_summary(reports: &Reports) -> String {
    print(&summary::reports(reports))
}

/// A history, as [`text::trend`](super::text::trend) has it.
#[must_use]
pub fn trend(trend: &Trend) -> String {
    print(&trend::document(trend))
}

/// Build experiments: what each costs and changes, and which to take.
#[must_use]
pub fn tune(outcome: &TuneOutcome) -> String {
    print(&tune::document(outcome))
}

/// Why a crate is in the package, as [`text::why`](super::text::why) has it.
#[must_use]
pub fn why(report: &Report, options: &Options) -> Option<String> {
    why::document(report, options).map(|document| print(&document))
}

/// A heading over what follows.
#[must_use]
pub fn title(text: &str) -> String {
    let mut document = Document::default();
    document.title(text);
    print(&document) + "\n"
}

fn print(document: &Document) -> String {
    let blocks: Vec<String> = document.blocks.iter().map(block).collect();
    blocks.join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Title(_, title) => format!("### {}\n", escape(title)),
        Block::Paragraph(Tone::Strong, text) => format!("**{}**\n", escape(text)),
        Block::Paragraph(_, text) | Block::Caption(text) => format!("{}\n", escape(text)),
        Block::Fields(fields) => {
            fields.iter().map(|(name, value)| format!("- {}: {}\n", escape(name), escape(value))).collect()
        }
        Block::List(items) => items.iter().map(item).collect(),
        Block::Table(table) => grid(&Table::grid(table)),
    }
}

fn item(item: &Item) -> String {
    let mut text = format!("- **{}** {}\n", escape(&item.mark), escape(&item.text));
    for line in &item.lines {
        text += &format!("  - {}\n", escape(line));
    }
    text
}

fn grid(grid: &Grid) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = grid.heads.iter().map(|head| match head.unit {
        Some(unit) => format!("{} ({unit})", escape(head.title)),
        None => escape(head.title),
    });
    let rules = grid.heads.iter().map(|head| if head.on_the_left { ":--" } else { "--:" }.to_owned());
    let mut text = row(heads.collect()) + &row(rules.collect());
    for line in &grid.rows {
        let cells = line.cells.iter().map(|cell| match (line.role, escape(cell)) {
            (RowRole::Total, cell) if !cell.is_empty() => format!("**{cell}**"),
            (_, cell) => cell,
        });
        text += &row(cells.collect());
    }
    text
}

/// Text that GitHub shows as it is: no table cells, tags, emphasis, links or mentions come out of a symbol's name.
fn escape(text: &str) -> String {
    let text = human::clean(text);
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        match c {
            '<' => escaped.push_str("&lt;"),
            // A backslash does not keep GitHub from notifying whoever has that name.
            '@' => escaped.push_str("&#64;"),
            '|' | '\\' | '`' | '*' | '[' | ']' | '~' => escaped.extend(['\\', c]),
            '_' if !(before.is_alphanumeric() && after.is_alphanumeric()) => escaped.push_str("\\_"),
            _ => escaped.push(c),
        }
        before = c;
    }
    escaped
}
