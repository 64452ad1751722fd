//! The report for people.

use super::document::{Document, Item, Tone};
use super::options::{By, Options, View};
use super::table::{Cell, Column, Field, Table};
use super::{estimate, generics, human, slim, trust, words};
use crate::attribution::{CrateRow, EvidenceSource, FunctionRow, SectionRow};
use crate::package::{Finding, Severity};
use crate::report::{Artifact, ArtifactKind, Binary, Entry, Report};
use crate::units::ByteSize;

pub(super) fn document(report: &Report, options: &Options) -> Document {
    let mut document = Document::default();
    artifact(&mut document, &report.artifact);
    if options.by == By::File || report.artifact.entries.len() > 1 {
        // Rows and filter are about what the user asked for; files beside it are shown whole.
        let whole = Options { rows: 0, filter: None, ..options.clone() };
        let options = if options.by == By::File { options } else { &whole };
        document.title("Files");
        document.table(entries(&report.artifact, options));
    }
    if options.by != By::File {
        for one in &report.binaries {
            binary(&mut document, one, options);
        }
    }
    beside(&mut document, report, options);
    document
}

/// What a report holds beside its tables of sizes: findings, and what other commands filled in.
pub(super) fn beside(document: &mut Document, report: &Report, options: &Options) {
    if !report.findings.is_empty() {
        document.title("Findings");
        document.list(report.findings.iter().map(finding).collect());
    }
    if let Some(prediction) = &report.estimate {
        document.blocks.extend(estimate::document(prediction, options).blocks);
    }
    if let Some(outcome) = &report.slim {
        document.blocks.extend(slim::document(outcome).blocks);
    }
}

/// The rows of one view.
pub(super) const fn crates_of(binary: &Binary, view: View) -> &Vec<CrateRow> {
    match view {
        View::Owner => &binary.crates,
        View::Definition => &binary.crates_by_definition,
        View::Instantiation => &binary.crates_by_instantiation,
    }
}

pub(super) fn finding(finding: &Finding) -> Item {
    let tone = match finding.severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Caution,
        Severity::Note => Tone::Dim,
    };
    let mut text = format!("{}: {}", finding.code, finding.message);
    if !finding.subject.is_empty() && !finding.message.contains(&finding.subject) {
        text += &format!(" ({})", finding.subject);
    }
    if let Some(saves) = finding.saves_bytes {
        let bound = if finding.saves_at_most() { "at most " } else { "" };
        text += &format!("; saves {bound}{}", human::size(saves));
    }
    Item::new(words::severity(finding.severity), tone, text)
}

/// The artifact as a whole.
pub(super) fn artifact(document: &mut Document, artifact: &Artifact) {
    document.title(format!("{} ({})", artifact.path, words::artifact_kind(artifact.kind)));
    let mut fields = Vec::new();
    if let Some(zip) = artifact.zip_bytes {
        let overhead = artifact.zip_overhead_bytes.map(|bytes| format!(", {} of it zip headers", human::size(bytes)));
        fields.push(("zip", human::exact_size(zip) + &overhead.unwrap_or_default()));
    }
    fields.push(("unzipped", human::exact_size(artifact.unzipped_bytes)));
    if artifact.kind == ArtifactKind::Elf {
        fields.push(("in zip", "not in a zip; --slimmed shows what it would cost there".to_owned()));
    }
    fields.push(("sha256", artifact.sha256.clone()));
    if let Some(hash) = &artifact.code_sha256 {
        fields.push(("CodeSha256", hash.clone()));
    }
    document.fields(fields);
}

/// The files of the package.
pub(super) fn entries(artifact: &Artifact, options: &Options) -> Table {
    let zip = artifact.zip_bytes;
    let mut rows: Vec<&Entry> = artifact.entries.iter().collect();
    rows.sort_by_key(|entry| (std::cmp::Reverse(entry.uncompressed_bytes), &entry.path));
    let fields: Vec<Field<&Entry>> = vec![
        Field::new(Column::name("file"), |entry: &&Entry| Cell::Text(entry.path.clone())),
        Field::new(Column::plain("role", 2), |entry: &&Entry| Cell::Text(words::role(entry.role).to_owned())),
        Field::new(Column::plain("mode", 4), |entry: &&Entry| match entry.unix_mode {
            // The type of the file is in the upper bits; permissions are the lower twelve.
            Some(mode) => Cell::Text(format!("{:04o}", mode & 0o7777)),
            None => Cell::Unknown,
        }),
        Field::new(Column::plain("method", 3), |entry: &&Entry| match entry.method {
            Some(method) => Cell::Text(words::method(method).to_owned()),
            None => Cell::Unknown,
        }),
        Field::new(Column::sum("unzipped", 0), |entry: &&Entry| Cell::Size(entry.uncompressed_bytes)),
        Field::new(Column::sum("in zip", 1), |entry: &&Entry| Cell::size(entry.compressed_bytes)),
        Field::new(Column::sum("% of zip", 2), move |entry: &&Entry| share(entry.compressed_bytes, zip)),
    ];
    Table::of(rows, &fields).abridged(options).totalled("all files")
}

fn share(part: Option<ByteSize>, whole: Option<ByteSize>) -> Cell {
    part.zip(whole).map_or(Cell::Unknown, |(part, whole)| Cell::Share(part, whole))
}

fn binary(document: &mut Document, binary: &Binary, options: &Options) {
    document.title(binary.path.clone());
    document.paragraph(Tone::Plain, description(binary));
    match options.by {
        By::Crate => {
            let (rows, view) = (crates_of(binary, options.view), view_in_words(options.view));
            if rows.is_empty() && binary.file_bytes > ByteSize::ZERO {
                document.paragraph(Tone::Caution, format!("This report has no crates {view}."));
            } else {
                document.caption(format!("Crates {view}:"));
                document.table(crates(rows, binary.file_bytes, options));
            }
        }
        By::Section => document.table(sections(binary, options)),
        By::Function if binary.functions.is_empty() => {
            let message =
                "This report lists no functions: the file has no symbols, or it was analyzed without `--by function`.";
            document.paragraph(Tone::Caution, message);
        }
        By::Function => {
            document.table(functions(binary, options));
            generics::largest(document, binary, options);
        }
        By::Generic => generics::all(document, binary, options),
        By::File => {}
    }
    document.paragraph(Tone::Plain, evidence(binary));
    for doubt in trust::doubts(binary) {
        document.paragraph(Tone::Caution, doubt);
    }
}

/// What is said of a binary beside its table.
pub(super) fn notes(document: &mut Document, binary: &Binary) {
    document.title(binary.path.clone());
    document.paragraph(Tone::Plain, description(binary));
    document.paragraph(Tone::Plain, evidence(binary));
    for doubt in trust::doubts(binary) {
        document.paragraph(Tone::Caution, doubt);
    }
}

fn description(binary: &Binary) -> String {
    let mut words = vec![
        binary.architecture.to_string(),
        if binary.stripped { "stripped" } else { "not stripped" }.to_owned(),
        format!("{} of {} loaded", human::size(binary.loaded_bytes), human::size(binary.file_bytes)),
        match &binary.build_id {
            Some(id) => format!("build id {id}"),
            None => "no build id".to_owned(),
        },
    ];
    if let Some(version) = &binary.needs_glibc {
        words.insert(2, format!("needs glibc {version}"));
    }
    if let Some(source) = &binary.symbols_from {
        words.push(format!("symbols from {source}"));
    }
    words.join(", ")
}

const fn view_in_words(view: View) -> &'static str {
    match view {
        View::Owner => "by owner (who defines the item; std's generics go to the crate whose types they are for)",
        View::Definition => "by definition (who defines the item)",
        View::Instantiation => "by instantiation (whose codegen unit holds the code)",
    }
}

fn crates(rows: &[CrateRow], file: ByteSize, options: &Options) -> Table {
    let mut rows: Vec<&CrateRow> = rows.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.file_bytes), &row.name, &row.version, row.kind));
    type Row<'a> = &'a CrateRow;
    let fields: Vec<Field<&CrateRow>> = vec![
        Field::new(Column::name("crate"), |row: &Row<'_>| {
            Cell::Text(human::with_version(&row.name, row.version.as_deref()))
        }),
        Field::new(Column::plain("kind", 3), |row: &Row<'_>| Cell::Text(words::crate_kind(row.kind).to_owned())),
        Field::new(Column::sum("file", 0), |row: &Row<'_>| Cell::Size(row.file_bytes)),
        Field::new(Column::sum("% of file", 1), move |row: &Row<'_>| Cell::Share(row.file_bytes, file)),
        Field::new(Column::sum("code", 4), |row: &Row<'_>| Cell::Size(row.code_bytes)),
        Field::new(Column::sum("data", 5), |row: &Row<'_>| Cell::Size(row.data_bytes)),
        Field::new(Column::sum("unwind", 6), |row: &Row<'_>| Cell::Size(row.unwind_bytes)),
        Field::new(Column::sum("reloc", 7), |row: &Row<'_>| Cell::Size(row.relocation_bytes)),
        Field::new(Column::sum("symbols", 8), |row: &Row<'_>| Cell::Size(row.symbol_bytes)),
        Field::new(Column::sum("other", 8), |row: &Row<'_>| Cell::Size(row.other_bytes)),
        Field::new(Column::sum("in zip", 1), |row: &Row<'_>| Cell::size(row.compressed_bytes)),
        Field::new(Column::sum("touched", 2), |row: &Row<'_>| Cell::size(row.touched_bytes)),
        // What leaves with a crate overlaps with what leaves with its dependents, so it has no sum.
        Field::new(Column::plain("retained", 2), |row: &Row<'_>| match row.retained_bytes {
            Some(bytes) => Cell::Size(bytes),
            None => Cell::Blank,
        }),
    ];
    Table::of(rows, &fields).abridged(options).totalled("file")
}

fn sections(binary: &Binary, options: &Options) -> Table {
    let file = binary.file_bytes;
    let mut rows: Vec<&SectionRow> = binary.sections.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.file_bytes), &row.name, row.kind));
    type Row<'a> = &'a SectionRow;
    let fields: Vec<Field<&SectionRow>> = vec![
        Field::new(Column::name("section"), |row: &Row<'_>| Cell::Text(row.name.clone())),
        Field::new(Column::plain("kind", 3), |row: &Row<'_>| Cell::Text(words::section_kind(row.kind).to_owned())),
        Field::new(Column::sum("file", 0), |row: &Row<'_>| Cell::Size(row.file_bytes)),
        Field::new(Column::sum("% of file", 1), move |row: &Row<'_>| Cell::Share(row.file_bytes, file)),
        Field::new(Column::sum("in memory", 4), |row: &Row<'_>| Cell::Size(row.memory_bytes)),
        Field::new(Column::sum("in zip", 1), |row: &Row<'_>| Cell::size(row.compressed_bytes)),
        Field::new(Column::sum("touched", 2), |row: &Row<'_>| Cell::size(row.touched_bytes)),
    ];
    Table::of(rows, &fields).abridged(options).totalled("file")
}

fn functions(binary: &Binary, options: &Options) -> Table {
    let file = binary.file_bytes;
    let mut rows: Vec<&FunctionRow> = binary.functions.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.file_bytes), &row.name, &row.crate_name, &row.version, &row.section));
    type Row<'a> = &'a FunctionRow;
    let fields: Vec<Field<&FunctionRow>> = vec![
        Field::new(Column::name("function"), |row: &Row<'_>| Cell::Text(row.name.clone())),
        Field::new(Column::plain("crate", 1), |row: &Row<'_>| {
            Cell::Text(human::with_version(&row.crate_name, row.version.as_deref()))
        }),
        Field::new(Column::plain("section", 1), |row: &Row<'_>| Cell::Text(row.section.clone())),
        Field::new(Column::sum("file", 0), |row: &Row<'_>| Cell::Size(row.file_bytes)),
        Field::new(Column::sum("% of file", 2), move |row: &Row<'_>| Cell::Share(row.file_bytes, file)),
        Field::new(Column::sum("in zip", 1), |row: &Row<'_>| Cell::size(row.compressed_bytes)),
        // Instances of the functions are no share of the file.
        Field::new(Column::plain("copies", 3), |row: &Row<'_>| Cell::Count(row.instances)),
        // A symbol is what anybody expects.
        Field::new(Column::plain("known by", 2), |row: &Row<'_>| match row.evidence {
            None | Some(EvidenceSource::Symbol) => Cell::Blank,
            Some(source) => Cell::Text(words::evidence_source(source).to_owned()),
        }),
    ];
    let zip: Option<ByteSize> = binary.sections.iter().map(|row| row.compressed_bytes).sum();
    let share = Cell::Share(file, file);
    let size = Cell::Size(file);
    let whole = [Cell::Blank, Cell::Blank, Cell::Blank, size, share, Cell::size(zip), Cell::Blank, Cell::Blank];
    Table::of(rows, &fields).abridged(options).filled_up("no function", &whole).totalled("file")
}

/// What the attribution rests on, so that a guess is seen as one.
fn evidence(binary: &Binary) -> String {
    let file = binary.file_bytes;
    let mut rows: Vec<_> = binary
        .evidence
        .iter()
        .filter(|row| row.source != EvidenceSource::None && row.file_bytes > ByteSize::ZERO)
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.file_bytes), row.source));
    let by: Vec<String> = rows
        .into_iter()
        .map(|row| format!("{} {}", words::evidence_source(row.source), human::percent(row.file_bytes, file)))
        .collect();
    let owned = file.saturating_sub(binary.unattributed_bytes);
    format!(
        "{} of the file has an owner{}{}; {} unattributed",
        human::percent(owned, file),
        if by.is_empty() { "" } else { ": by " },
        by.join(", "),
        human::percent(binary.unattributed_bytes, file)
    )
}
