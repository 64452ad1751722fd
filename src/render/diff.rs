//! What changed between two reports, for people.

use super::document::{Document, Item, Tone};
use super::options::{By, Options};
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::policy::{BinaryChange, CrateChange, Diff, FunctionChange, SizeChange, Status};

/// One row of any table of changes.
struct Line {
    name: String,
    /// Of a function: its crate and section.
    place: Option<(String, String)>,
    status: Status,
    file: SizeChange,
    compressed: Option<SizeChange>,
}

/// How many dependency paths are told below a table.
const PATHS_TOLD: usize = 5;
/// How many crates are named in a list of those that came, went or changed their version.
const CRATES_NAMED: usize = 20;

pub(super) fn document(diff: &Diff, options: &Options) -> Document {
    let mut document = Document::default();
    document.title(format!("{} -> {}", diff.old_path, diff.new_path));
    document.table(totals(diff));
    if options.by == By::File || diff.entries.len() > 1 {
        files(&mut document, diff, options);
    }
    if options.by != By::File {
        for one in &diff.binaries {
            binary(&mut document, one, options);
        }
    }
    if options.by == By::Function {
        without_functions(&mut document, diff);
    }
    document
}

/// The files of the package.
pub(super) fn files(document: &mut Document, diff: &Diff, options: &Options) {
    document.title("Files");
    let lines = diff.entries.iter().map(|row| Line {
        name: row.path.clone(),
        place: None,
        status: row.status,
        file: row.unzipped,
        compressed: row.compressed,
    });
    changes(document, "file", lines.collect(), "all files", options);
}

/// Says whose functions cannot be compared.
pub(super) fn without_functions(document: &mut Document, diff: &Diff) {
    if !diff.without_functions.is_empty() {
        let paths = diff.without_functions.join(" and ");
        let message = format!(
            "Functions cannot be compared: {paths} lists none. Name the artifact itself, or write the report with \
             `lambda-slim analyze ARTIFACT --by function --format json`."
        );
        document.paragraph(Tone::Caution, message);
    }
}

/// The zip and its files as a whole.
pub(super) fn totals(diff: &Diff) -> Table {
    let line =
        |name: &str, file| Line { name: name.to_owned(), place: None, status: Status::Changed, file, compressed: None };
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
    let place = |line: &Line, pick: fn(&(String, String)) -> &String| {
        line.place.as_ref().map_or(Cell::Blank, |place| Cell::Text(pick(place).clone()))
    };
    fields.push(Field::new(Column::plain("crate", 1), move |line: &Line| place(line, |(krate, _)| krate)));
    fields.push(Field::new(Column::plain("section", 1), move |line: &Line| place(line, |(_, section)| section)));
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
    for change in &binary.tools {
        document.paragraph(Tone::Caution, change.message.clone());
    }
    if options.by == By::Function {
        if let Some(functions) = &binary.functions {
            changes(document, "function", functions.iter().map(function).collect(), "file", options);
        }
        return;
    }
    if options.by == By::Section {
        let lines = binary.sections.iter().map(|row| Line {
            name: row.name.clone(),
            place: None,
            status: row.status,
            file: row.file,
            compressed: row.compressed,
        });
        changes(document, "section", lines.collect(), "file", options);
        return;
    }
    let lines = binary.crates.iter().map(|row| Line {
        name: crate_name(row),
        place: None,
        status: row.status,
        file: row.file,
        compressed: row.compressed,
    });
    changes(document, "crate", lines.collect(), "file", options);
    document.list(came_and_went(binary));
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

/// Crates that were added, removed, or have another version, whatever their size.
fn came_and_went(binary: &BinaryChange) -> Vec<Item> {
    // Of a binary that came or went as a whole, so did every crate.
    if matches!(binary.status, Status::Added | Status::Removed) {
        return Vec::new();
    }
    let is_update = |row: &&CrateChange| {
        row.old_version.as_ref().zip(row.new_version.as_ref()).is_some_and(|(old, new)| old != new)
    };
    let list = |mark: &str, tone, rows: Vec<&CrateChange>| {
        let more = rows.len().saturating_sub(CRATES_NAMED);
        let named: Vec<String> = rows.into_iter().take(CRATES_NAMED).map(crate_name).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!named.is_empty()).then(|| Item::new(mark, tone, named.join(", ") + &more))
    };
    let of = |status| binary.crates.iter().filter(move |row| row.status == status);
    let lists = [
        list("added", Tone::Caution, of(Status::Added).collect()),
        list("removed", Tone::Good, of(Status::Removed).collect()),
        list("version", Tone::Dim, binary.crates.iter().filter(is_update).collect()),
    ];
    lists.into_iter().flatten().collect()
}

fn function(row: &FunctionChange) -> Line {
    let krate = versioned(&row.crate_name, row.old_version.as_deref(), row.new_version.as_deref());
    Line {
        name: row.name.clone(),
        place: Some((krate, row.section.clone())),
        status: row.status,
        file: row.file,
        compressed: row.compressed,
    }
}

fn crate_name(row: &CrateChange) -> String {
    versioned(&row.name, row.old_version.as_deref(), row.new_version.as_deref())
}

/// `hyper 1.7.0 -> 1.8.1`.
fn versioned(name: &str, old: Option<&str>, new: Option<&str>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old != new => format!("{name} {old} -> {new}"),
        (old, new) => human::with_version(name, new.or(old)),
    }
}
