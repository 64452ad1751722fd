//! The index of the frame descriptions (`.eh_frame_hdr`): where it leads.

use std::ops::Range;

use gimli::{BaseAddresses, EhFrameHdr, LittleEndian, ParsedEhFrameHdr, Pointer};

use super::frames::{Bytes, Frame, Trouble};
use super::loaded::Loaded;

const OMIT: u8 = 0xff;

/// An index that was read.
#[derive(Debug)]
pub(super) struct Index<'data> {
    parsed: ParsedEhFrameHdr<Bytes<'data>>,
    pub(super) bases: BaseAddresses,
    /// Addresses that it takes.
    pub(super) extent: Range<u64>,
    /// Address of `.eh_frame`, as it says.
    pub(super) frames: u64,
    /// True where it says that it has no table.
    pub(super) omitted: bool,
    /// How its entries are encoded.
    pub(super) encodings: [u8; 2],
}

impl<'data> Index<'data> {
    /// Reads the head of the index at `address`, of `size` bytes.
    pub(super) fn read(loaded: &Loaded<'data>, address: u64, size: u64) -> Result<Self, Trouble> {
        let trouble = |why: String| Trouble { address, why };
        let bytes = loaded.bytes(address, size).ok_or_else(|| trouble("no segment loads it".to_owned()))?;
        let bases = BaseAddresses::default().set_eh_frame_hdr(address);
        let parsed = EhFrameHdr::new(bytes, LittleEndian).parse(&bases, 8).map_err(|why| trouble(why.to_string()))?;
        let Pointer::Direct(frames) = parsed.eh_frame_ptr() else {
            return Err(trouble("an indirect pointer to the frame descriptions".to_owned()));
        };
        let encodings = match bytes {
            [_, _, count, table, ..] => [*count, *table],
            _ => return Err(trouble("it is too short".to_owned())),
        };
        let omitted = encodings == [OMIT, OMIT];
        if !omitted && encodings.contains(&OMIT) {
            return Err(trouble("half of it is omitted".to_owned()));
        }
        Ok(Self { parsed, bases, extent: address..address.saturating_add(size), frames, omitted, encodings })
    }

    /// Its entries: the address, and the number of the frame description in `frames`, which are in the order of `.eh_frame`.
    pub(super) fn entries(&self, frames: &[Frame], frames_at: u64) -> Result<Vec<(u64, usize)>, Trouble> {
        let trouble = |why: String| Trouble { address: self.extent.start, why };
        let Some(table) = self.parsed.table() else { return Ok(Vec::new()) };
        let mut entries = Vec::new();
        let mut all = table.iter(&self.bases);
        while let Some((from, to)) = all.next().map_err(|why| trouble(why.to_string()))? {
            let (from, to) = match (from, to) {
                (Pointer::Direct(from), Pointer::Direct(to)) => (from, to),
                _ => return Err(trouble("an indirect entry".to_owned())),
            };
            let frame = frame_at(frames, frames_at, to);
            let frame =
                frame.ok_or_else(|| trouble(format!("its entry for {from:#x} leads to no frame description")))?;
            entries.push((from, frame));
        }
        Ok(entries)
    }

    /// The number of the frame description that an unwinder comes to when it looks up `address`.
    pub(super) fn lookup(&self, address: u64, frames: &[Frame], frames_at: u64) -> Option<usize> {
        let found = self.parsed.table()?.lookup(address, &self.bases).ok()?.direct().ok()?;
        frame_at(frames, frames_at, found)
    }
}

fn frame_at(frames: &[Frame], frames_at: u64, address: u64) -> Option<usize> {
    let offset = usize::try_from(address.wrapping_sub(frames_at)).ok()?;
    frames.binary_search_by_key(&offset, |frame| frame.offset).ok()
}
