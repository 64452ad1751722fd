//! `.eh_frame_hdr`: where `.eh_frame` is, and a table of functions and FDEs, sorted by function.

use std::ops::Range;

use super::error::FramesError;
use super::tables::TablePlace;

/// Version 1; `.eh_frame` pc-relative; count as 4 bytes; entries of two times 4 bytes, relative to the index. Every linker writes this.
const LAYOUT: [u8; 4] = [1, 0x1b, 0x03, 0x3b];
const HEADER: usize = 12;
const ENTRY: usize = 8;

/// The index of frame descriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Where it stands.
    pub place: TablePlace,
    /// Its entries, in the order of the table.
    pub entries: Vec<IndexEntry>,
}

/// One function of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// Address of the function.
    pub function: u64,
    /// Address of its FDE.
    pub fde: u64,
}

impl Index {
    /// The bytes of the file that hold the count, the table and what is left behind it, which an index without them has no use for.
    #[must_use]
    pub fn table_range(&self) -> Range<u64> {
        self.place.file_range.start + 8..self.place.file_range.end
    }

    /// The table as it stands in the section: entries sorted by function, behind the count. `None` where a distance does not fit.
    #[must_use]
    pub fn encode(&self, entries: &[IndexEntry]) -> Option<Vec<u8>> {
        let mut sorted = entries.to_vec();
        sorted.sort_by_key(|entry| (entry.function, entry.fde));
        let mut bytes = u32::try_from(sorted.len()).ok()?.to_le_bytes().to_vec();
        for entry in sorted {
            for address in [entry.function, entry.fde] {
                let relative = i32::try_from(address.wrapping_sub(self.place.address).cast_signed()).ok()?;
                bytes.extend(relative.to_le_bytes());
            }
        }
        Some(bytes)
    }
}

/// `data` is the section at `place`; `frames` is where it must point.
pub(super) fn read_index(data: &[u8], place: TablePlace, frames: u64) -> Result<Index, FramesError> {
    let offset = place.file_range.start;
    let unknown = |why| FramesError::Unknown { what: "the index", offset, why };
    let (header, table) = data.split_at_checked(HEADER).ok_or_else(|| unknown("it is cut short"))?;
    if header[..2] == LAYOUT[..2] && header[2..4] == [0xff, 0xff] {
        return Err(FramesError::NoIndex);
    }
    if header[..4] != LAYOUT {
        return Err(unknown("it is in another layout than linkers write"));
    }
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let relative = |bytes: &[u8]| i64::from(word(bytes).cast_signed());
    let points_at = place.address.wrapping_add(4).wrapping_add_signed(relative(&header[4..8]));
    if points_at != frames {
        return Err(unknown("it does not point at .eh_frame"));
    }
    let count = word(&header[8..12]) as usize;
    let (all, rest) = table.as_chunks::<ENTRY>();
    // Behind the entries of fewer functions zeroes are left.
    let (table, behind) =
        all.split_at_checked(count).ok_or_else(|| unknown("it does not hold as many entries as it states"))?;
    if behind.as_flattened().iter().chain(rest).any(|&byte| byte != 0) {
        return Err(unknown("it holds more than the entries that it states"));
    }
    let address = |bytes: &[u8]| place.address.wrapping_add_signed(relative(bytes));
    let entries: Vec<IndexEntry> =
        table.iter().map(|entry| IndexEntry { function: address(&entry[..4]), fde: address(&entry[4..]) }).collect();
    if !entries.is_sorted_by_key(|entry| entry.function) {
        return Err(unknown("it is not sorted"));
    }
    Ok(Index { place, entries })
}
