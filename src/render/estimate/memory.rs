//! Memory settings side by side.

use crate::estimate::{MemoryAdvice, MemoryRow};
use crate::render::document::{Document, Item, Tone};
use crate::render::human;
use crate::render::table::{Cell, Column, Field, Table};

/// Width of the longest bar, in characters.
const BAR: f64 = 24.0;

pub(super) fn add(document: &mut Document, advice: &MemoryAdvice, memory_mb: u32) {
    document.title("Memory settings");
    let longest = advice.rows.iter().map(parts).fold(f64::MIN_POSITIVE, f64::max);
    let enough_mb = advice.enough_mb;
    let fields: Vec<Field<MemoryRow>> = vec![
        Field::new(Column::name("MB"), move |row: &MemoryRow| {
            let mark = match row.memory_mb {
                mb if mb == memory_mb => " (now)",
                mb if mb == enough_mb => " (enough)",
                _ => "",
            };
            Cell::Text(format!("{}{mark}", row.memory_mb))
        }),
        Field::new(Column::plain("init, ms", 0), |row: &MemoryRow| Cell::Figure(human::interval(row.init_ms))),
        Field::new(Column::plain("first call, ms", 0), |row: &MemoryRow| {
            Cell::Figure(human::interval(row.first_call_ms))
        }),
        Field::new(Column::plain("USD per million", 2), |row: &MemoryRow| {
            row.cold_starts_per_million_usd.map_or(Cell::Unknown, |usd| Cell::Figure(format!("{:.2}", usd.p50)))
        }),
        Field::new(Column::words("cold start: # before init, = init, + first call", 1), move |row: &MemoryRow| {
            Cell::Text(bar(row, longest))
        }),
    ];
    document.table(Table::of(advice.rows.iter().cloned(), &fields));
    document.list(advice.conclusions.iter().map(|text| Item::new("-", Tone::Plain, text)).collect());
}

fn parts(row: &MemoryRow) -> f64 {
    row.before_init_ms.p50 + row.init_ms.p50 + row.first_call_ms.p50
}

/// The medians of the parts, side by side.
fn bar(row: &MemoryRow, longest: f64) -> String {
    let length = |ms: f64| (ms / longest * BAR).round().max(0.0) as usize;
    let (before, init, call) = (row.before_init_ms.p50, row.init_ms.p50, row.first_call_ms.p50);
    format!("{}{}{}", "#".repeat(length(before)), "=".repeat(length(init)), "+".repeat(length(call)))
}
