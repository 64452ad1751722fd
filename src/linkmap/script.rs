//! Rows of GNU ld's and gold's maps: the linker script with addresses put in.
//!
//! ```text
//! .text           0x0000000000001080      0x243
//!  *(.text .stub .text.* .gnu.linkonce.t.*)
//!  .text          0x0000000000001080       0x22 /usr/lib/Scrt1.o
//!                 0x0000000000001080                _start
//!  *fill*         0x00000000000010a2        0xe
//!  .text.a_name_of_more_than_14_bytes
//!                 0x00000000000010b0       0xb9 libx.a(member.o)
//! ```
//! Names stand in 16 columns, longer ones in a line of their own. gold has `** fill`, and `** eh_frame` and the like for what it
//! made. Source: ld/ldlang.c of binutils 2.40, gold/mapfile.cc.

use std::ops::Range;

use super::format::{MapFormat, of_line};
use super::lines::{lines, number, spaces};
use super::rows::{Collector, Flaw, Rows};

/// Where addresses begin.
const NAME_WIDTH: usize = 16;
/// A size is printed at least 10 columns wide after a space. Symbols and assignments stand further from their address.
const MAX_GAP: usize = 8;

/// Sections that GNU ld makes and books to the first object file that it was given.
const MADE_BY_LINKER: [&[u8]; 16] = [
    b".dynamic",
    b".dynbss",
    b".dynstr",
    b".dynsym",
    b".eh_frame_hdr",
    b".gnu.hash",
    b".gnu.version",
    b".gnu.version_d",
    b".gnu.version_r",
    b".got",
    b".got.plt",
    b".hash",
    b".interp",
    b".note.gnu.build-id",
    b".plt",
    b".relr.dyn",
];
/// The same, with more after it: `.plt.got`, `.rela.dyn`.
const MADE_BY_LINKER_PREFIX: [&[u8]; 4] = [b".plt.", b".rela.", b".rel.", b".iplt"];
/// GNU ld's file for jumps that it put between sections.
const STUBS: &[u8] = b"linker stubs";

#[derive(Clone, Copy)]
enum Name<'a> {
    Output(&'a [u8]),
    Input(&'a [u8]),
}

struct Place<'a> {
    address: u64,
    size: u64,
    /// The object, or whatever else stands behind the size.
    tail: &'a [u8],
}

/// A line that goes on with what the line before began has two spaces at least.
pub(super) fn begins_row(line: &[u8]) -> bool {
    !line.starts_with(b"  ")
}

/// The rows of one part of a map.
pub(super) fn scan(text: &[u8], part: Range<usize>, format: MapFormat) -> Result<Rows<'_>, Flaw> {
    let mut rows = Collector::new();
    let mut waiting: Option<Name> = None;
    for (offset, line) in lines(text, part) {
        let name = waiting.take();
        let (indent, rest) = spaces(line);
        let (name, place) = match indent {
            0 | 1 => {
                let (name, place) = name_and_place(line, indent);
                (Some(if indent == 0 { Name::Output(name) } else { Name::Input(name) }), place)
            }
            NAME_WIDTH => (name, place(rest)),
            _ => (name, None),
        };
        match (name, place) {
            (Some(name), Some(place)) => {
                row(&mut rows, name, &place, format).ok_or(Flaw::NotUtf8 { offset })?;
            }
            (Some(Name::Output(name)), None) if indent == 0 => {
                if of_line(line).is_some() {
                    return Err(Flaw::SecondHeading { offset });
                }
                if !name.is_empty() {
                    rows.outside();
                    waiting = Some(Name::Output(name));
                }
            }
            // A pattern of the script is no name.
            (Some(Name::Input(name)), None) if indent == 1 && !is_pattern(name) => waiting = Some(Name::Input(name)),
            _ => {}
        }
    }
    Ok(rows.finish())
}

fn is_pattern(name: &[u8]) -> bool {
    name.starts_with(b"*") && !name.starts_with(b"** ")
}

/// A line that begins with a name: the name alone, or the name and its place.
fn name_and_place(line: &[u8], indent: usize) -> (&[u8], Option<Place<'_>>) {
    let short = line.split_at_checked(NAME_WIDTH).filter(|(name, _)| name.ends_with(b" "));
    let found = short.and_then(|(name, rest)| Some((name, place(rest)?)));
    let (name, place) = found.map_or((line, None), |(name, place)| (name, Some(place)));
    (name.get(indent..).unwrap_or_default().trim_ascii_end(), place)
}

/// `0xADDRESS   0xSIZE tail`.
fn place(rest: &[u8]) -> Option<Place<'_>> {
    let (address, rest) = number::<16>(rest.strip_prefix(b"0x")?)?;
    let (gap, rest) = spaces(rest);
    if !(1..=MAX_GAP).contains(&gap) {
        return None;
    }
    let (size, rest) = number::<16>(rest.strip_prefix(b"0x")?)?;
    if !rest.is_empty() && !rest.starts_with(b" ") {
        return None;
    }
    Some(Place { address, size, tail: rest.trim_ascii() })
}

fn row<'a>(rows: &mut Collector<'a>, name: Name<'a>, place: &Place<'a>, format: MapFormat) -> Option<()> {
    let section = match name {
        Name::Output(name) => return rows.output(name, place.address, place.size),
        Name::Input(section) => section,
    };
    if let Some(made) = section.strip_prefix(b"** ")
        && made != b"fill"
        && made != b"zero fill"
    {
        return rows.piece(place.address, place.size, made, None);
    }
    if section.starts_with(b"*") || place.tail.is_empty() || place.size == 0 {
        // Padding, and sections that came out empty, still say where the row before has ended.
        rows.mark(place.address);
        return Some(());
    }
    let made = place.tail == STUBS || format == MapFormat::GnuLd && is_made_by_linker(section);
    rows.piece(place.address, place.size, section, (!made).then_some(place.tail))
}

fn is_made_by_linker(section: &[u8]) -> bool {
    MADE_BY_LINKER.contains(&section) || MADE_BY_LINKER_PREFIX.iter().any(|prefix| section.starts_with(prefix))
}
