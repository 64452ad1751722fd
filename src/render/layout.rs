//! What laying a program out did, for people: one table of before and after for each unit.

use super::document::{Document, Tone};
use super::table::{Cell, Column, Field, Table};
use super::{human, words};
use crate::attribution::SectionKind;
use crate::measure::Measurement;
use crate::report::{LayoutOutcome, LayoutSide};
use crate::units::ByteSize;

pub(super) fn document(outcome: &LayoutOutcome) -> Document {
    let mut document = Document::default();
    document.title("Laid out");
    document.paragraph(Tone::Dim, order(outcome));
    document.table(sizes(outcome));
    if let (Some(before), Some(after)) = (&outcome.before.measurement, &outcome.after.measurement) {
        document.table(faults(before, after));
        document.table(times(outcome, before, after));
        if !after.isolated {
            document.paragraph(Tone::Dim, "It was not isolated from this machine's network.");
        }
    }
    if let Some(change) = &outcome.change {
        document.paragraph(Tone::Strong, format!("Cold start: {}", change.conclusion));
    }
    for what in &outcome.gives_up {
        document.paragraph(Tone::Caution, what.clone());
    }
    if let Some(compared) = &outcome.answers {
        document.paragraph(
            Tone::Good,
            format!("It answers the event as before ({} compared).", compared.replace('-', " ")),
        );
    }
    document
}

fn order(outcome: &LayoutOutcome) -> String {
    let rest = if outcome.for_compression { "the rest in compression order" } else { "the rest as the linker has it" };
    match &outcome.order_file {
        None => format!("No function is put first; {rest}."),
        Some(file) => format!(
            "{file}: {} functions of init, then {} of the first event ({}); {rest}. Of its lines {} matched, {} by likeness, {} gone.",
            outcome.init_functions,
            outcome.first_event_functions,
            human::size(outcome.placed_bytes),
            outcome.matched,
            outcome.guessed,
            outcome.gone
        ),
    }
}

struct Line {
    name: String,
    before: Cell,
    after: Cell,
    change: Cell,
    share: Cell,
}

impl Line {
    fn size(name: impl Into<String>, before: ByteSize, after: ByteSize) -> Self {
        Self {
            name: name.into(),
            before: Cell::Size(before),
            after: Cell::Size(after),
            change: Cell::Delta(after.since(before)),
            share: Cell::Growth(crate::policy::SizeChange::between(before, after)),
        }
    }
}

fn table(title: &'static str, lines: Vec<Line>, with_change: bool) -> Table {
    let mut fields: Vec<Field<Line>> = vec![
        Field::new(Column::name(title), |line: &Line| Cell::Text(line.name.clone())),
        Field::new(Column::plain("before", 0), |line: &Line| line.before.clone()),
        Field::new(Column::plain("after", 0), |line: &Line| line.after.clone()),
    ];
    if with_change {
        fields.push(Field::new(Column::plain("change", 1), |line: &Line| line.change.clone()));
        fields.push(Field::new(Column::plain("% of before", 0), |line: &Line| line.share.clone()));
    }
    Table::of(lines, &fields)
}

fn touched(side: &LayoutSide, kind: SectionKind) -> ByteSize {
    side.touched.iter().filter(|row| row.kind == kind).map(|row| row.touched_bytes).sum()
}

fn sizes(outcome: &LayoutOutcome) -> Table {
    let (before, after) = (&outcome.before, &outcome.after);
    let mut lines = vec![
        Line::size("zip", before.zip_bytes, after.zip_bytes),
        Line::size("unzipped", before.unzipped_bytes, after.unzipped_bytes),
    ];
    if let (Some(old), Some(new)) = (&before.measurement, &after.measurement) {
        lines.push(Line::size("touched file memory", old.touched_file_bytes, new.touched_file_bytes));
        let mut kinds: Vec<SectionKind> = before.touched.iter().chain(&after.touched).map(|row| row.kind).collect();
        kinds.sort_by_key(|&kind| (std::cmp::Reverse(touched(before, kind)), kind));
        kinds.dedup();
        for kind in kinds {
            let name = format!("  {}", words::section_kind(kind));
            lines.push(Line::size(name, touched(before, kind), touched(after, kind)));
        }
        lines.push(Line::size("pages with code", old.touched_code_bytes, new.touched_code_bytes));
        lines.push(Line::size("relocated or written to", old.relocated_dirty_bytes, new.relocated_dirty_bytes));
        lines.push(Line::size("memory of no file", old.anonymous_bytes, new.anonymous_bytes));
        lines.push(Line::size("all touched memory", old.touched_bytes, new.touched_bytes));
        if let (Some(old), Some(new)) = (&old.first_event, &new.first_event) {
            lines.push(Line::size("first event adds file memory", old.touched_file_bytes, new.touched_file_bytes));
        }
    }
    table("size", lines, true)
}

fn faults(before: &Measurement, after: &Measurement) -> Table {
    let line = |name: &str, before: u64, after: u64| Line {
        name: name.to_owned(),
        before: Cell::Count(before),
        after: Cell::Count(after),
        change: Cell::Blank,
        share: Cell::Blank,
    };
    let mut lines = vec![
        line("minor faults", before.minor_faults, after.minor_faults),
        line("relocations", before.relocations, after.relocations),
    ];
    if let (Some(before), Some(after)) = (&before.cold_cache, &after.cold_cache) {
        lines.push(line("major faults, cold page cache", before.major_faults.median, after.major_faults.median));
    }
    if let (Some(before), Some(after)) = (&before.first_event, &after.first_event) {
        lines.push(line("first event adds minor faults", before.minor_faults, after.minor_faults));
    }
    table("number", lines, false)
}

fn times(outcome: &LayoutOutcome, before: &Measurement, after: &Measurement) -> Table {
    let line = |name: &str, before: f64, after: f64| Line {
        name: name.to_owned(),
        before: Cell::Millis(before),
        after: Cell::Millis(after),
        change: Cell::Blank,
        share: Cell::Blank,
    };
    let mut lines = vec![
        line("processor time", before.cpu_ms.get(), after.cpu_ms.get()),
        line("ready", before.ready_ms.get(), after.ready_ms.get()),
    ];
    if let (Some(before), Some(after)) = (&before.cold_cache, &after.cold_cache) {
        lines.push(line("ready, cold page cache", before.ready_ms.median.get(), after.ready_ms.median.get()));
    }
    if let (Some(before), Some(after)) = (before.first_response_ms, after.first_response_ms) {
        lines.push(line("first response", before.get(), after.get()));
    }
    if let (Some(before), Some(after)) = (outcome.before.init_ms, outcome.after.init_ms) {
        lines.push(line("predicted init on Lambda, p10", before.p10, after.p10));
        lines.push(line("predicted init on Lambda, p50", before.p50, after.p50));
        lines.push(line("predicted init on Lambda, p90", before.p90, after.p90));
    }
    table("time", lines, false)
}
