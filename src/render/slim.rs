//! What slimming did, for people.

use super::document::{Document, Tone};
use super::table::{Cell, Column, Field, Table};
use super::words;
use crate::slim::{Outcome, RewriteRow, RewriteStatus};
use crate::units::ByteSize;

/// One size before and after.
struct Line {
    name: &'static str,
    before: Option<ByteSize>,
    after: Option<ByteSize>,
}

pub(super) fn document(outcome: &Outcome) -> Document {
    let mut document = Document::default();
    document.title("Slimmed");
    document.table(sizes(outcome));
    if !outcome.rewrites.is_empty() {
        document.table(rewrites(outcome));
    }
    for row in outcome.rewrites.iter().filter(|row| row.status == RewriteStatus::Applied) {
        if let Some(what) = &row.gives_up {
            document.paragraph(Tone::Caution, format!("{} gives up {what}.", row.name));
        }
    }
    let mut fields = vec![
        ("level", words::level(outcome.level).to_owned()),
        ("effort", outcome.effort.clone()),
        ("proof", outcome.proof.clone()),
    ];
    fields.extend(outcome.boot_check.as_ref().map(|check| ("boot check", words::boot_check(check))));
    fields.push(("CodeSha256", outcome.code_sha256.clone()));
    document.fields(fields);
    if outcome.rewrites.iter().all(|row| row.status != RewriteStatus::Applied) {
        document.paragraph(Tone::Dim, "No rewrite made it smaller.");
    }
    document
}

/// What slimming made of several packages, each a row, and all together.
pub(super) fn summary(packages: &[(&str, &Outcome)]) -> Document {
    type Row<'a> = (&'a str, &'a Outcome);
    let saved = |(_, outcome): &Row<'_>| Some(outcome.before.zip_bytes?.since(outcome.after.zip_bytes?));
    let fields: Vec<Field<Row<'_>>> = vec![
        Field::new(Column::name("package"), |row: &Row<'_>| Cell::Text(row.0.to_owned())),
        Field::new(Column::plain("zip before", 0), |row: &Row<'_>| Cell::size(row.1.before.zip_bytes)),
        Field::new(Column::plain("zip after", 0), |row: &Row<'_>| Cell::size(row.1.after.zip_bytes)),
        Field::new(Column::plain("saved", 0), move |row: &Row<'_>| saved(row).map_or(Cell::Unknown, Cell::Saved)),
        Field::new(Column::plain("unzipped before", 1), |row: &Row<'_>| Cell::size(Some(row.1.before.unzipped_bytes))),
        Field::new(Column::plain("unzipped after", 1), |row: &Row<'_>| Cell::size(Some(row.1.after.unzipped_bytes))),
    ];
    let mut document = Document::default();
    document.title("All packages");
    document.table(Table::of(packages.iter().copied(), &fields));
    document
}

fn sizes(outcome: &Outcome) -> Table {
    let lines = [
        Line { name: "zip", before: outcome.before.zip_bytes, after: outcome.after.zip_bytes },
        Line {
            name: "unzipped",
            before: Some(outcome.before.unzipped_bytes),
            after: Some(outcome.after.unzipped_bytes),
        },
    ];
    let both = |line: &Line| line.before.zip(line.after);
    let fields: Vec<Field<Line>> = vec![
        Field::new(Column::name("size"), |line: &Line| Cell::Text(line.name.to_owned())),
        Field::new(Column::plain("before", 0), |line: &Line| Cell::size(line.before)),
        Field::new(Column::plain("after", 0), |line: &Line| Cell::size(line.after)),
        Field::new(Column::plain("saved", 0), move |line: &Line| {
            both(line).map_or(Cell::Unknown, |(before, after)| Cell::Saved(before.since(after)))
        }),
        Field::new(Column::plain("% of before", 1), move |line: &Line| {
            both(line).map_or(Cell::Unknown, |(before, after)| Cell::Share(before.saturating_sub(after), before))
        }),
    ];
    Table::of(lines, &fields)
}

fn rewrites(outcome: &Outcome) -> Table {
    type Row<'a> = &'a RewriteRow;
    let fields: Vec<Field<&RewriteRow>> = vec![
        Field::new(Column::words("rewrite", 0), |row: &Row<'_>| Cell::Text(row.name.clone())),
        Field::new(Column::name("file"), |row: &Row<'_>| Cell::Text(row.path.clone())),
        Field::new(Column::plain("status", 2), |row: &Row<'_>| {
            Cell::Text(words::rewrite_status(row.status).to_owned())
        }),
        Field::new(Column::plain("saved", 0), |row: &Row<'_>| match row.status {
            RewriteStatus::Applied => Cell::Saved(row.saved_bytes),
            RewriteStatus::NoGain | RewriteStatus::NotApplicable => Cell::Blank,
        }),
        Field::new(Column::plain("in zip", 1), |row: &Row<'_>| {
            row.saved_compressed_bytes.map_or(Cell::Blank, Cell::Saved)
        }),
        Field::new(Column::words("why not", 1), |row: &Row<'_>| row.reason.clone().map_or(Cell::Blank, Cell::Text)),
    ];
    Table::of(&outcome.rewrites, &fields)
}
