//! Generic functions with all their copies, for people.

use super::document::{Document, Tone};
use super::human;
use super::options::Options;
use super::table::{Cell, Column, Field, Table};
use crate::attribution::{GenericRow, GenericShare};
use crate::report::Binary;
use crate::units::ByteSize;

/// How many are told below the table of functions.
const LARGEST: usize = 10;
/// How many of the crates that hold the copies are named.
const CRATES_NAMED: usize = 3;

/// The generic functions whose copies are largest, below the table of functions.
pub(super) fn largest(document: &mut Document, binary: &Binary, options: &Options) {
    if binary.generics.is_empty() {
        return;
    }
    document.caption("Generic functions with the largest copies (their bytes are in the table above too):");
    let rows = if options.rows == 0 { LARGEST } else { options.rows.min(LARGEST) };
    document.table(table(binary, &Options { rows, ..options.clone() }));
}

/// All generic functions.
pub(super) fn all(document: &mut Document, binary: &Binary, options: &Options) {
    if binary.generics.is_empty() {
        let message = "This report lists no generic functions: none has two copies, the file has no symbols, or it was analyzed \
                       without `--by function`.";
        document.paragraph(Tone::Caution, message);
        return;
    }
    document.caption("Generic functions with more than one copy:");
    document.table(table(binary, options));
}

fn table(binary: &Binary, options: &Options) -> Table {
    let file = binary.file_bytes;
    let mut rows: Vec<&GenericRow> = binary.generics.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.file_bytes), &row.name));
    type Row<'a> = &'a GenericRow;
    let fields: Vec<Field<&GenericRow>> = vec![
        Field::new(Column::name("generic function"), |row: &Row<'_>| Cell::Text(row.name.clone())),
        Field::new(Column::sum("copies", 0), |row: &Row<'_>| Cell::Count(row.copies)),
        Field::new(Column::sum("file", 0), |row: &Row<'_>| Cell::Size(row.file_bytes)),
        Field::new(Column::sum("% of file", 1), move |row: &Row<'_>| Cell::Share(row.file_bytes, file)),
        Field::new(Column::sum("in zip", 1), |row: &Row<'_>| Cell::size(row.compressed_bytes)),
        Field::new(Column::words("by", 2), |row: &Row<'_>| Cell::Text(crates(&row.crates))),
    ];
    Table::of(rows, &fields).abridged(options).totalled("all copies")
}

/// `hyper 1.8.1 (12), api (3) and 2 more`.
fn crates(shares: &[GenericShare]) -> String {
    let mut shares: Vec<&GenericShare> = shares.iter().filter(|share| share.file_bytes > ByteSize::ZERO).collect();
    shares.sort_by_key(|share| (std::cmp::Reverse(share.file_bytes), &share.name, &share.version));
    let named = shares.iter().take(CRATES_NAMED);
    let named: Vec<String> = named
        .map(|share| format!("{} ({})", human::with_version(&share.name, share.version.as_deref()), share.copies))
        .collect();
    let more = shares.len().saturating_sub(CRATES_NAMED);
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}
