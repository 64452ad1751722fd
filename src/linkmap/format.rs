//! Whose map a text is, told by the heading.

use std::fmt;

use memchr::{memchr, memmem, memrchr};

/// Whose map it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapFormat {
    /// LLVM's linker, on its own or inside zig.
    Lld,
    /// mold.
    Mold,
    /// GNU ld (bfd).
    GnuLd,
    /// gold.
    Gold,
}

impl fmt::Display for MapFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lld => "lld",
            Self::Mold => "mold",
            Self::GnuLd => "GNU ld",
            Self::Gold => "gold",
        })
    }
}

/// The end of the heading that lld and mold share, to the space.
const COLUMNS: &[u8] = b"Size Align Out     In      Symbol";
const GNU_LD: &[u8] = b"Linker script and memory map";
const GOLD: &[u8] = b"Memory map";

/// A heading: where its line starts, and where the rows after it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) format: MapFormat,
    pub(super) start: usize,
    pub(super) rows: usize,
}

/// The first heading of a text. Before it may stand anything: cargo's output, or the lists that GNU ld begins with.
pub(super) fn find(text: &[u8]) -> Option<Heading> {
    let mut first: Option<Heading> = None;
    for needle in [COLUMNS, GNU_LD, GOLD] {
        // Only an earlier heading can replace the one that was found.
        let before = first.map_or(text.len(), |heading| heading.start);
        first = find_with(text.get(..before).unwrap_or(text), needle).or(first);
    }
    first
}

/// The first heading with `needle` in it. Looks at each line once, however often it holds that.
fn find_with(text: &[u8], needle: &[u8]) -> Option<Heading> {
    let finder = memmem::Finder::new(needle);
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)).map(|at| from + at) {
        let start = memrchr(b'\n', text.get(from..at)?).map_or(from, |newline| from + newline + 1);
        let end = memchr(b'\n', text.get(at..)?).map_or(text.len(), |length| at + length);
        if let Some(format) = of_line(text.get(start..end)?) {
            return Some(Heading { format, start, rows: (end + 1).min(text.len()) });
        }
        from = end;
    }
    None
}

/// Whose heading a line is, if it is one. `rustc` shows a linker's output behind words of its own, so columns may start late.
pub(super) fn of_line(line: &[u8]) -> Option<MapFormat> {
    let line = line.trim_ascii_end();
    if line == GNU_LD {
        return Some(MapFormat::GnuLd);
    }
    if line == GOLD {
        return Some(MapFormat::Gold);
    }
    let columns = line.strip_suffix(COLUMNS)?.trim_ascii_end();
    if let Some(virtual_address) = columns.strip_suffix(b"LMA") {
        return virtual_address.trim_ascii_end().ends_with(b"VMA").then_some(MapFormat::Lld);
    }
    columns.ends_with(b"VMA").then_some(MapFormat::Mold)
}
