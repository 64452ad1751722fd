//! A measured start, for people: memory first, because it repeats; times last.

use super::analyze::{crates_of, finding};
use super::document::{Document, Tone};
use super::options::{By, Options};
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::attribution::{CrateRow, FunctionRow, SectionRow};
use crate::estimate::Estimate;
use crate::measure::{AnonymousKind, Measurement, Spread};
use crate::report::{Binary, Report};
use crate::units::{ByteSize, Millis};

pub(super) fn document(report: &Report, options: &Options) -> Document {
    let mut document = Document::default();
    if let Some(measurement) = &report.measurement {
        measured(&mut document, report, measurement, options);
    } else {
        document.title(format!("{}: init failed", report.artifact.path));
    }
    if !report.findings.is_empty() {
        document.title("Findings");
        document.list(report.findings.iter().map(finding).collect());
    }
    document
}

fn measured(document: &mut Document, report: &Report, measurement: &Measurement, options: &Options) {
    let times = if measurement.runs == 1 { "once" } else { "times" };
    let count = if measurement.runs == 1 { String::new() } else { format!("{} ", measurement.runs) };
    document.title(format!("{}: started {count}{times}, at the end of init", report.artifact.path));
    document.paragraph(Tone::Dim, isolation(measurement));
    document.table(memory(measurement));
    document.table(faults(measurement));
    document.table(times_of(measurement));
    if let Some(estimate) = &report.estimate {
        document.paragraph(Tone::Strong, predicted(estimate));
    }
    for file in &measurement.files {
        if let Some(binary) = report.binaries.iter().find(|binary| binary.path == file.path) {
            document.title(format!("Who touched {}", file.path));
            document.table(touched(binary, options));
        }
    }
    document.title("Memory of no file");
    document.table(anonymous(measurement));
    if !measurement.system_files.is_empty() {
        document.title("The system's files");
        document.caption("Lambda has its own; they are not part of the package.");
        document.table(system_files(measurement));
    }
    if let Some(waits) = &measurement.waits {
        document.title("What init waits for");
        document.caption("Seen in one more start, slowed down by the watching.");
        let fields: Vec<Field<&crate::measure::Wait>> = vec![
            Field::new(Column::name("wait"), |wait: &&crate::measure::Wait| Cell::Text(wait.what.clone())),
            Field::new(Column::plain("since (ms)", 1), |wait: &&crate::measure::Wait| {
                Cell::Millis(wait.since_ms.get())
            }),
            Field::new(Column::plain("took (ms)", 0), |wait: &&crate::measure::Wait| Cell::Millis(wait.took_ms.get())),
        ];
        document.table(Table::of(waits.iter(), &fields));
    }
}

fn isolation(measurement: &Measurement) -> String {
    let network = match (&measurement.not_isolated_because, measurement.isolated) {
        (_, true) => "It had a network of its own, with loopback alone.".to_owned(),
        (Some(why), false) if !why.is_empty() => format!("It was not isolated from this machine's network: {why}."),
        (_, false) => "It was not isolated from this machine's network.".to_owned(),
    };
    match &measurement.emulator {
        None => {
            format!("Memory and faults repeat on any machine with pages of 4 KiB; times are this machine's. {network}")
        }
        Some(emulator) => format!(
            "{emulator} ran it: touched file memory is that of the program; memory of no file, faults and times are the emulator's as well. {network}"
        ),
    }
}

/// A quantity with its spread.
struct Line {
    name: &'static str,
    cells: [Cell; 3],
}

fn line<T: Copy>(name: &'static str, spread: Spread<T>, cell: impl Fn(T) -> Cell) -> Line {
    Line { name, cells: [cell(spread.median), cell(spread.min), cell(spread.max)] }
}

fn table(title: &'static str, lines: Vec<Line>) -> Table {
    let column = |at: usize| move |line: &Line| line.cells[at].clone();
    let fields: Vec<Field<Line>> = vec![
        Field::new(Column::name(title), |line: &Line| Cell::Text(line.name.to_owned())),
        Field::new(Column::plain("median", 0), column(0)),
        Field::new(Column::plain("least", 1), column(1)),
        Field::new(Column::plain("most", 1), column(2)),
    ];
    Table::of(lines, &fields)
}

fn memory(measurement: &Measurement) -> Table {
    let spread = &measurement.spread;
    let one = |name, size: ByteSize| Line { name, cells: [Cell::Size(size), Cell::Blank, Cell::Blank] };
    let mut lines = vec![
        line("touched file memory", spread.touched_file_bytes, Cell::Size),
        line("  of it code", spread.touched_code_bytes, Cell::Size),
        one("  of it relocated or written to", measurement.relocated_dirty_bytes),
        line("memory of no file", spread.anonymous_bytes, Cell::Size),
        one("all", measurement.touched_bytes),
    ];
    if let Some(event) = &measurement.first_event {
        lines.push(one("first event adds file memory", event.touched_file_bytes));
        lines.push(one("  of it code", event.touched_code_bytes));
        lines.push(one("  memory of no file", event.anonymous_bytes));
    }
    table("memory", lines)
}

fn faults(measurement: &Measurement) -> Table {
    let spread = &measurement.spread;
    let mut lines = vec![
        line("minor faults", spread.minor_faults, Cell::Count),
        line("major faults", spread.major_faults, Cell::Count),
        Line { name: "relocations", cells: [Cell::Count(measurement.relocations), Cell::Blank, Cell::Blank] },
    ];
    if let Some(cold) = &measurement.cold_cache {
        lines.push(line("major faults, cold page cache", cold.major_faults, Cell::Count));
    }
    if let Some(event) = &measurement.first_event {
        let cells = [Cell::Count(event.minor_faults), Cell::Blank, Cell::Blank];
        lines.push(Line { name: "first event adds minor faults", cells });
    }
    table("number", lines)
}

fn times_of(measurement: &Measurement) -> Table {
    let spread = &measurement.spread;
    let ms = |ms: Millis| Cell::Millis(ms.get());
    let mut lines = vec![line("processor time (ms)", spread.cpu_ms, ms), line("ready (ms)", spread.ready_ms, ms)];
    lines.push(Line { name: "  of it waiting", cells: [ms(measurement.waiting_ms), Cell::Blank, Cell::Blank] });
    if let Some(cold) = &measurement.cold_cache {
        lines.push(line("ready, cold page cache (ms)", cold.ready_ms, ms));
    }
    lines.extend(spread.first_response_ms.map(|spread| line("first response (ms)", spread, ms)));
    if let Some(event) = &measurement.first_event {
        lines.push(Line { name: "  its processor time", cells: [ms(event.cpu_ms), Cell::Blank, Cell::Blank] });
    }
    table("time", lines)
}

fn predicted(estimate: &Estimate) -> String {
    let touched = estimate.terms.iter().find(|term| term.name == "init_touched");
    let part =
        touched.map(|term| format!(", {} of it for touched memory", human::interval(term.ms))).unwrap_or_default();
    format!(
        "Predicted init on Lambda: {} ms{part} ({}, model {}; `estimate` has the evidence).",
        human::interval(estimate.init_ms),
        estimate.architecture,
        estimate.model
    )
}

/// A row of touched memory.
struct Touched {
    name: String,
    /// The kind of a crate or section; the crate of a function.
    beside: String,
    touched: ByteSize,
    file: ByteSize,
}

impl Touched {
    /// `None` where nothing of it is in memory.
    fn of(name: String, beside: String, touched: Option<ByteSize>, file: ByteSize) -> Option<Self> {
        Some(Self { name, beside, touched: touched.filter(|touched| *touched > ByteSize::ZERO)?, file })
    }
}

/// Pages in memory by crate, section or function, most first.
fn touched(binary: &Binary, options: &Options) -> Table {
    let of_crate = |name: &str, version: &Option<String>| human::with_version(name, version.as_deref());
    let ([name, beside], mut rows): ([&'static str; 2], Vec<Touched>) = match options.by {
        By::Section => {
            let row = |row: &SectionRow| {
                let kind = words::section_kind(row.kind).to_owned();
                Touched::of(row.name.clone(), kind, row.touched_bytes, row.file_bytes)
            };
            (["section", "kind"], binary.sections.iter().filter_map(row).collect())
        }
        By::Function => {
            let row = |row: &FunctionRow| {
                let krate = of_crate(&row.crate_name, &row.version);
                Touched::of(row.name.clone(), krate, row.touched_bytes, row.file_bytes)
            };
            (["function", "crate"], binary.functions.iter().filter_map(row).collect())
        }
        _ => {
            let row = |row: &CrateRow| {
                let kind = words::crate_kind(row.kind).to_owned();
                Touched::of(of_crate(&row.name, &row.version), kind, row.touched_bytes, row.file_bytes)
            };
            (["crate", "kind"], crates_of(binary, options.view).iter().filter_map(row).collect())
        }
    };
    rows.sort_by(|a, b| b.touched.cmp(&a.touched).then_with(|| (&a.name, &a.beside).cmp(&(&b.name, &b.beside))));
    let all: ByteSize = rows.iter().map(|row| row.touched).sum();
    let fields: Vec<Field<Touched>> = vec![
        Field::new(Column::name(name), |row: &Touched| Cell::Text(row.name.clone())),
        Field::new(Column::plain(beside, 3), |row: &Touched| Cell::Text(row.beside.clone())),
        Field::new(Column::sum("touched", 0), |row: &Touched| Cell::Size(row.touched)),
        Field::new(Column::sum("% of touched", 1), move |row: &Touched| Cell::Share(row.touched, all)),
        Field::new(Column::sum("file", 2), |row: &Touched| Cell::Size(row.file)),
    ];
    Table::of(rows, &fields).abridged(options).totalled("touched")
}

fn anonymous(measurement: &Measurement) -> Table {
    let words = |kind: AnonymousKind| match kind {
        AnonymousKind::Heap => "heap",
        AnonymousKind::Stack => "main thread's stack",
        AnonymousKind::Bss => "zero-initialized data (.bss)",
        AnonymousKind::SystemLibraries => "written to in the system's libraries",
        AnonymousKind::Mapped => "mapped (other stacks, large blocks, arenas)",
    };
    let rows: Vec<_> = measurement.anonymous.iter().map(|row| (words(row.kind), row.bytes)).collect();
    type Row = (&'static str, ByteSize);
    let fields: Vec<Field<Row>> = vec![
        Field::new(Column::name("memory"), |row: &Row| Cell::Text(row.0.to_owned())),
        Field::new(Column::sum("size", 0), |row: &Row| Cell::Size(row.1)),
    ];
    Table::of(rows, &fields).totalled("size")
}

fn system_files(measurement: &Measurement) -> Table {
    let rows: Vec<_> = measurement.system_files.iter().map(|row| (row.path.clone(), row.touched_bytes)).collect();
    type Row = (String, ByteSize);
    let fields: Vec<Field<Row>> = vec![
        Field::new(Column::name("file"), |row: &Row| Cell::Text(row.0.clone())),
        Field::new(Column::sum("in memory", 0), |row: &Row| Cell::Size(row.1)),
    ];
    Table::of(rows, &fields).totalled("in memory")
}
