//! Rows of lld's and mold's maps: numbers in columns, and a name whose indentation says what it is.
//!
//! ```text
//!              VMA              LMA     Size Align Out     In      Symbol          lld: all hexadecimal but Align
//!             1740             1740      243    64 .text
//!             1740             1740       22    16         Scrt1.o:(.text)
//!             1740             1740       22     1                 _start
//!                VMA       Size Align Out     In      Symbol                       mold: sizes decimal, no LMA
//!             0x1700        579    64 .text
//! ```
//! Source: lld/ELF/MapFile.cpp of LLVM 14 and 22, mold/mapfile.cc of mold 1.10.

use std::ops::Range;

use super::format::{MapFormat, of_line};
use super::lines::{lines, number, spaces};
use super::rows::{Collector, Flaw, Rows};

/// How far names of input sections are indented; symbols are further right.
const INPUT: usize = 8;
/// lld's file for what it made itself: merged strings and constants, tables.
const INTERNAL: &[u8] = b"<internal>";
/// mold lists the headers of the file among its sections.
const HEADERS: [&[u8]; 3] = [b"EHDR", b"PHDR", b"SHDR"];

struct Row<'a> {
    address: u64,
    size: u64,
    depth: usize,
    name: &'a [u8],
}

/// Every line is a row of its own.
pub(super) fn begins_row(_: &[u8]) -> bool {
    true
}

/// The rows of one part of a map. Lines that are no rows are passed over: a linker is not alone on its stdout.
pub(super) fn scan(text: &[u8], part: Range<usize>, format: MapFormat) -> Result<Rows<'_>, Flaw> {
    let mut rows = Collector::new();
    for (offset, line) in lines(text, part) {
        let row = if format == MapFormat::Mold { mold_row(line) } else { lld_row(line) };
        let Some(row) = row else {
            if of_line(line).is_some() {
                return Err(Flaw::SecondHeading { offset });
            }
            continue;
        };
        let fine = match row.depth {
            0 => output(&mut rows, &row),
            INPUT => input(&mut rows, &row),
            _ => Some(()),
        };
        fine.ok_or(Flaw::NotUtf8 { offset })?;
    }
    Ok(rows.finish())
}

fn lld_row(line: &[u8]) -> Option<Row<'_>> {
    let (address, rest) = number::<16>(spaces(line).1)?;
    let (_, rest) = number::<16>(column(rest)?)?;
    let (size, rest) = number::<16>(column(rest)?)?;
    named(address, size, rest)
}

fn mold_row(line: &[u8]) -> Option<Row<'_>> {
    let rest = spaces(line).1;
    let (address, rest) = number::<16>(rest.strip_prefix(b"0x").unwrap_or(rest))?;
    let (size, rest) = number::<10>(column(rest)?)?;
    named(address, size, rest)
}

/// The row that ends in an alignment and a name.
fn named(address: u64, size: u64, rest: &[u8]) -> Option<Row<'_>> {
    let (_, rest) = number::<10>(column(rest)?)?;
    let (depth, name) = spaces(rest.strip_prefix(b" ")?);
    (!name.is_empty()).then_some(Row { address, size, depth, name })
}

/// The start of the next column.
fn column(rest: &[u8]) -> Option<&[u8]> {
    let (width, rest) = spaces(rest);
    (width > 0).then_some(rest)
}

fn output<'a>(rows: &mut Collector<'a>, row: &Row<'a>) -> Option<()> {
    // Assignments of a linker script, `. = 0x1000` and `PROVIDE(a = .)`, stand among the sections.
    let assignment = row.name.windows(2).any(|pair| pair == b"= ");
    if assignment || HEADERS.contains(&row.name) {
        return Some(());
    }
    rows.output(row.name, row.address, row.size)
}

fn input<'a>(rows: &mut Collector<'a>, row: &Row<'a>) -> Option<()> {
    if row.size == 0 {
        return Some(());
    }
    let Some((object, section)) = object_and_section(row.name, rows.last_object()) else { return Some(()) };
    // lld gives each part of .eh_frame its offset in the input section.
    let section = if section.starts_with(b".eh_frame+0x") { b".eh_frame" } else { section };
    rows.piece(row.address, row.size, section, (object != INTERNAL).then_some(object))
}

/// Takes `object:(section)` apart, at the first `:(`. `None` for what is not of this form, such as an assignment.
fn object_and_section<'a>(name: &'a [u8], last: Option<&'a [u8]>) -> Option<(&'a [u8], &'a [u8])> {
    let inner = name.strip_suffix(b")")?;
    // No object holds `:(`, so one that a name begins with, followed by that, is the one that a search would find.
    let again = last.and_then(|last| Some((last, inner.strip_prefix(last)?.strip_prefix(b":(")?)));
    again.or_else(|| {
        let at = memchr::memchr_iter(b':', inner).find(|at| inner.get(at + 1) == Some(&b'('))?;
        Some((inner.get(..at)?, inner.get(at + 2..)?))
    })
}
