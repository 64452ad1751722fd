//! What changed between two reports, for people.

use super::document::{Document, Item, Tone};
use super::options::{By, Options};
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::policy::{BinaryChange, CrateChange, Diff, SizeChange, Status};

/// One row of any table of changes.
struct Line {
    name: String,
    status: Status,
    file: SizeChange,
    compressed: Option<SizeChange>,
}

/// How many dependency paths are told below a table.
const PATHS_TOLD: usize = 5;

pub(super) fn document(diff: &Diff, options: &Options) -> Document {
    let mut document = Document::default();
    document.title(format!("{} -> {}", diff.old_path, diff.new_path));
    document.table(totals(diff));
    if options.by == By::File || diff.entries.len() > 1 {
        document.title("Files");
        let lines = diff.entries.iter().map(|row| Line {
            name: row.path.clone(),
            status: row.status,
            file: row.unzipped,
            compressed: row.compressed,
        });
        changes(&mut document, "file", lines.collect(), "all files", options);
    }
    if options.by != By::File {
        for one in &diff.binaries {
            binary(&mut document, one, options);
        }
    }
    document
}

fn totals(diff: &Diff) -> Table {
    let line = |name: &str, file| Line { name: name.to_owned(), status: Status::Changed, file, compressed: None };
    let lines: Vec<Line> =
        diff.zip.map(|zip| line("zip", zip)).into_iter().chain([line("unzipped", diff.unzipped)]).collect();
    Table::of(lines, &sizes("size"))
}

fn sizes(title: &'static str) -> Vec<Field<Line>> {
    vec![
        Field::new(Column::name(title), |line: &Line| Cell::Text(line.name.clone())),
        Field::new(Column::sum("old", 2), |line: &Line| Cell::Size(line.file.old_bytes)),
        Field::new(Column::sum("new", 2), |line: &Line| Cell::Size(line.file.new_bytes)),
        Field::new(Column::sum("change", 0), |line: &Line| Cell::Delta(line.file.delta_bytes)),
        Field::new(Column::sum("% of old", 1), |line: &Line| Cell::Growth(line.file)),
    ]
}

/// A table of changes. What did not change is counted with the rest.
fn changes(document: &mut Document, title: &'static str, lines: Vec<Line>, total: &str, options: &Options) {
    let mut fields = sizes(title);
    fields.push(Field::new(Column::sum("change in zip", 1), |line: &Line| {
        Cell::delta(line.compressed.map(|change| change.delta_bytes))
    }));
    fields.push(Field::new(Column::plain("", 3), |line: &Line| match line.status {
        Status::Added | Status::Removed => Cell::Text(words::change_status(line.status).to_owned()),
        Status::Changed | Status::Same => Cell::Blank,
    }));
    let changed = lines.iter().filter(|line| line.status != Status::Same).count();
    // Rows come with the largest change first, so the unchanged are last and fall to the rest.
    let most = if options.rows == 0 { changed } else { options.rows.min(changed) };
    let options = Options { rows: most, ..options.clone() };
    if changed == 0 {
        document.paragraph(Tone::Dim, format!("No {title} changed."));
    } else {
        document.table(Table::of(lines, &fields).abridged(&options).totalled(total));
    }
}

fn binary(document: &mut Document, binary: &BinaryChange, options: &Options) {
    let was = binary.old_path.as_ref().filter(|was| **was != binary.path);
    document.title(match (binary.status, was) {
        (Status::Added | Status::Removed, _) => format!("{} ({})", binary.path, words::change_status(binary.status)),
        (_, Some(was)) => format!("{} (was {was})", binary.path),
        (_, None) => binary.path.clone(),
    });
    if options.by == By::Section {
        let lines = binary.sections.iter().map(|row| Line {
            name: row.name.clone(),
            status: row.status,
            file: row.file,
            compressed: row.compressed,
        });
        changes(document, "section", lines.collect(), "file", options);
        return;
    }
    let lines = binary.crates.iter().map(|row| Line {
        name: crate_name(row),
        status: row.status,
        file: row.file,
        compressed: row.compressed,
    });
    changes(document, "crate", lines.collect(), "file", options);
    let paths: Vec<Item> = binary
        .crates
        .iter()
        .filter(|row| row.file.delta_bytes.get() > 0 && row.why.len() > 1)
        .take(PATHS_TOLD)
        .map(|row| Item::new(human::delta(row.file.delta_bytes), Tone::Caution, human::path(&row.why)))
        .collect();
    if !paths.is_empty() {
        document.caption("What brought in the crates that grew most:");
        document.list(paths);
    }
}

/// `hyper 1.7.0 -> 1.8.1`.
fn crate_name(row: &CrateChange) -> String {
    match (&row.old_version, &row.new_version) {
        (Some(old), Some(new)) if old != new => format!("{} {old} -> {new}", row.name),
        (old, new) => human::with_version(&row.name, new.as_deref().or(old.as_deref())),
    }
}
