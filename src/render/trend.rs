//! A history, for people: a line of bars for each size, its ends and its extremes.

use super::document::{Document, Item, Tone};
use super::human;
use super::table::{Cell, Column, Field, Table};
use crate::policy::{ArtifactTrend, CrateTrend, InitTrend, SizeTrend, Trend, TrendPoint};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The most bars in a line: the last records.
const MOST_BARS: usize = 40;
/// How many malformed lines are shown.
const MALFORMED_SHOWN: usize = 5;
/// Hexadecimal digits of a commit that are shown, as git shows them.
const COMMIT_DIGITS: usize = 7;

pub(super) fn document(trend: &Trend) -> Document {
    let mut document = Document::default();
    if trend.artifacts.is_empty() {
        document.title("No records");
    }
    for artifact in &trend.artifacts {
        document.title(title(artifact));
        document.table(sizes(&artifact.sizes));
        if let Some(init) = &artifact.init {
            document.table(init_table(init));
        }
        if !artifact.crates.is_empty() {
            document.caption("Crates among the largest at both ends that changed most:");
            document.table(crates(&artifact.crates));
        }
    }
    document.list(malformed(trend));
    document
}

/// `target/lambda/api/bootstrap.zip: 12 records, 2026-11-01 1a2b3c4 to 2026-11-29 5d6e7f8`.
pub(super) fn title(artifact: &ArtifactTrend) -> String {
    let count = artifact.points.len();
    let records = if count == 1 { "record" } else { "records" };
    match artifact.points.as_slice() {
        [] => artifact.artifact.clone(),
        [only] => format!("{}: 1 record, {}", artifact.artifact, moment(only)),
        [first, .., last] => {
            format!("{}: {count} {records}, {} to {}", artifact.artifact, moment(first), moment(last))
        }
    }
}

/// The day and the commit.
pub(super) fn moment(point: &TrendPoint) -> String {
    let day: String = point.time.chars().take(10).collect();
    match &point.commit {
        Some(commit) => format!("{day} {}", commit.chars().take(COMMIT_DIGITS).collect::<String>()),
        None => day,
    }
}

fn sizes(series: &[SizeTrend]) -> Table {
    type Row<'a> = &'a SizeTrend;
    let fields: Vec<Field<&SizeTrend>> = vec![
        Field::new(Column::name("size"), |row: &Row<'_>| Cell::Text(row.name.to_owned())),
        Field::new(Column::words("trend", 3), |row: &Row<'_>| {
            let values = row.values_bytes.iter().map(|size| size.map(|size| size.as_f64()));
            Cell::Text(sparkline(values.collect()))
        }),
        Field::new(Column::plain("first", 1), |row: &Row<'_>| Cell::Size(row.first_bytes)),
        Field::new(Column::plain("last", 0), |row: &Row<'_>| Cell::Size(row.last_bytes)),
        Field::new(Column::plain("least", 2), |row: &Row<'_>| Cell::Size(row.min_bytes)),
        Field::new(Column::plain("most", 2), |row: &Row<'_>| Cell::Size(row.max_bytes)),
        Field::new(Column::plain("change", 0), |row: &Row<'_>| Cell::Delta(row.change_bytes)),
        Field::new(Column::plain("% of first", 1), |row: &Row<'_>| match row.change_percent {
            Some(percent) => Cell::Figure(format!("{percent:+.1}")),
            None => Cell::Unknown,
        }),
    ];
    Table::of(series, &fields)
}

fn init_table(init: &InitTrend) -> Table {
    type Row<'a> = &'a InitTrend;
    let fields: Vec<Field<&InitTrend>> = vec![
        Field::new(Column::name("predicted"), |_: &Row<'_>| Cell::Text("init".to_owned())),
        Field::new(Column::words("trend", 3), |row: &Row<'_>| {
            Cell::Text(sparkline(row.values_ms.iter().map(|ms| ms.map(|ms| ms.get())).collect()))
        }),
        Field::new(Column::plain("first", 1), |row: &Row<'_>| Cell::Millis(row.first_ms.get())),
        Field::new(Column::plain("last", 0), |row: &Row<'_>| Cell::Millis(row.last_ms.get())),
        Field::new(Column::plain("least", 2), |row: &Row<'_>| Cell::Millis(row.min_ms.get())),
        Field::new(Column::plain("most", 2), |row: &Row<'_>| Cell::Millis(row.max_ms.get())),
        Field::new(Column::plain("change in ms", 0), |row: &Row<'_>| Cell::Figure(change(row.change_ms.get()))),
    ];
    Table::of([init], &fields)
}

fn crates(rows: &[CrateTrend]) -> Table {
    type Row<'a> = &'a CrateTrend;
    let fields: Vec<Field<&CrateTrend>> = vec![
        Field::new(Column::name("crate"), |row: &Row<'_>| Cell::Text(row.name.clone())),
        Field::new(Column::plain("first", 1), |row: &Row<'_>| Cell::Size(row.first_bytes)),
        Field::new(Column::plain("last", 0), |row: &Row<'_>| Cell::Size(row.last_bytes)),
        Field::new(Column::plain("change", 0), |row: &Row<'_>| Cell::Delta(row.change_bytes)),
    ];
    Table::of(rows, &fields)
}

pub(super) fn malformed(trend: &Trend) -> Vec<Item> {
    let count = trend.malformed.len();
    if count == 0 {
        return Vec::new();
    }
    let lines = if count == 1 { "1 line is no record".to_owned() } else { format!("{count} lines are no records") };
    let mut shown: Vec<String> =
        trend.malformed.iter().take(MALFORMED_SHOWN).map(|line| format!("line {}: {}", line.line, line.why)).collect();
    if count > MALFORMED_SHOWN {
        shown.push(format!("... and {} more", count - MALFORMED_SHOWN));
    }
    vec![Item::new("WARNING", Tone::Caution, lines).with_lines(shown)]
}

/// A bar for each value, the lowest for the least and the highest for the most; a middle of dots where nothing is known.
fn sparkline(values: Vec<Option<f64>>) -> String {
    let values = &values[values.len().saturating_sub(MOST_BARS)..];
    let known = || values.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: &Option<f64>| match value {
        None => '·',
        Some(_) if most <= least => BARS[3],
        Some(value) => {
            let part = (value - least) / (most - least);
            let step = BARS.iter().zip(1_u8..).find(|(_, step)| part * 8.0 <= f64::from(*step));
            *step.map_or(&BARS[7], |(bar, _)| bar)
        }
    };
    values.iter().map(bar).collect()
}

/// `+2.0`; nothing has no sign.
pub(super) fn change(ms: f64) -> String {
    let text = human::decimal(ms);
    if text.starts_with('-') || text == "0.0" { text } else { format!("+{text}") }
}

/// One value as a label has it.
pub(super) fn millis(ms: f64) -> String {
    format!("{} ms", human::decimal(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_the_order_of_values() {
        assert_eq!(sparkline(vec![Some(1.0), Some(8.0), None, Some(4.5)]), "▁█·▄");
        assert_eq!(sparkline(vec![Some(5.0), Some(5.0)]), "▄▄");
        assert_eq!(sparkline(vec![None]), "·");
        assert_eq!(sparkline(vec![]), "");
        assert_eq!(sparkline(vec![Some(1.0); 100]).chars().count(), MOST_BARS);
    }
}
