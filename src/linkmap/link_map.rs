//! The map as a whole.

use std::ops::Range;

use rayon::prelude::*;

use super::error::LinkMapError;
use super::format::{Heading, MapFormat, find};
use super::join::{Joined, end_at_next_row, join, renumber, settle};
use super::lines::{cut, line_number};
use super::piece::{OutputSection, Piece};
use super::rows::{Flaw, Rows};
use super::{columns, script};

/// Text that is scanned in one go. Small enough to keep all cores busy with a map of a few MB, large enough not to matter.
const PART_SIZE: usize = 512 * 1024;
/// Rows are counted in 32 bits, and each has more than one byte.
const MAX_SIZE: usize = u32::MAX as usize;
/// How much of a text an error shows, in bytes.
const SHOWN: usize = 60;

/// Scans one part of a map.
type Scan = fn(&[u8], Range<usize>, MapFormat) -> Result<Rows<'_>, Flaw>;

/// What a linker's map says: which object file placed which bytes.
///
/// ```
/// let map = lambda_slim::linkmap::LinkMap::parse(b"\
///              VMA              LMA     Size Align Out     In      Symbol
///             1740             1740       30    16 .text
///             1740             1740       22    16         libx.rlib(x.o):(.text.main)
///             1740             1740       22     1                 main
/// ")?;
/// let piece = map.pieces()[0];
/// assert_eq!((piece.address, piece.size, piece.section), (0x1740, 0x22, ".text.main"));
/// assert_eq!(map.outputs()[piece.output as usize].name, ".text");
/// assert_eq!(piece.object.map(|object| map.objects()[object as usize]), Some("libx.rlib(x.o)"));
/// # Ok::<(), lambda_slim::linkmap::LinkMapError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkMap<'a> {
    format: MapFormat,
    outputs: Vec<OutputSection<'a>>,
    pieces: Vec<Piece<'a>>,
    objects: Vec<&'a str>,
}

impl<'a> LinkMap<'a> {
    /// Reads the text of a map by lld (zig's too), mold, GNU ld or gold. Other text before and after it does no harm.
    ///
    /// # Errors
    /// [`LinkMapError`] if the text is no such map, more than one, or has no output sections; if a name in it is not UTF-8.
    pub fn parse(text: &'a [u8]) -> Result<Self, LinkMapError> {
        Self::parse_in_parts(text, PART_SIZE)
    }

    /// The same, scanned in parts of about `part_size` bytes.
    pub(super) fn parse_in_parts(text: &'a [u8], part_size: usize) -> Result<Self, LinkMapError> {
        if text.len() > MAX_SIZE {
            return Err(LinkMapError::TooLarge { size: text.len(), limit: MAX_SIZE });
        }
        let Some(Heading { format, start, rows }) = find(text) else {
            let start = text.trim_ascii_start();
            let start = String::from_utf8_lossy(start.get(..SHOWN).unwrap_or(start)).into_owned();
            return Err(LinkMapError::UnknownFormat { start });
        };
        let scanned = scan(text, rows..text.len(), part_size, format);
        // The first flaw of the text, whichever part was scanned first.
        let parts = scanned.into_iter().collect::<Result<Vec<_>, _>>().map_err(|flaw| match flaw {
            Flaw::NotUtf8 { offset } => LinkMapError::NotUtf8 { line: line_number(text, offset) },
            Flaw::SecondHeading { offset } => LinkMapError::SeveralMaps { line: line_number(text, offset) },
        })?;
        let Joined { outputs, mut pieces, objects } = join(parts);
        if outputs.is_empty() {
            return Err(LinkMapError::NoSections { format, line: line_number(text, start) });
        }
        if format == MapFormat::GnuLd {
            end_at_next_row(&mut pieces);
        }
        settle(&outputs, &mut pieces);
        let objects = renumber(&objects, &mut pieces);
        Ok(Self { format, outputs, pieces, objects })
    }

    /// Whose map it is.
    #[must_use]
    pub const fn format(&self) -> MapFormat {
        self.format
    }

    /// The sections of the program, in the order of the map. Some linkers list sections that came out empty.
    #[must_use]
    pub fn outputs(&self) -> &[OutputSection<'a>] {
        &self.outputs
    }

    /// What was placed, sorted by output section and address. No piece is empty, overlaps another of its output section, or reaches
    /// out of that. Bytes between them are padding, or the map says nothing about them: mold lists no unwind tables and no merged
    /// strings, GNU ld none of the tables that only the file has.
    #[must_use]
    pub fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    /// The object files that have placed something, each once, in the order of their first pieces, as the map spells
    /// them: `main.o`, `libx.rlib(x.o)`.
    #[must_use]
    pub fn objects(&self) -> &[&'a str] {
        &self.objects
    }
}

fn scan(text: &[u8], rows: Range<usize>, part_size: usize, format: MapFormat) -> Vec<Result<Rows<'_>, Flaw>> {
    let (begins_row, scan): (fn(&[u8]) -> bool, Scan) = match format {
        MapFormat::Lld | MapFormat::Mold => (columns::begins_row, columns::scan),
        MapFormat::GnuLd | MapFormat::Gold => (script::begins_row, script::scan),
    };
    cut(text, rows, part_size, begins_row).into_par_iter().map(|part| scan(text, part, format)).collect()
}
