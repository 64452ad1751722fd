//! Unwind tables: which function each frame description, each index entry and each language-specific table is for.
//!
//! `.eh_frame` holds one FDE for each function or for several that stand side by side, as [`merge-unwind`](crate::slim) writes them, `.eh_frame_hdr` a sorted index of them, `.gcc_except_table` the LSDAs that FDEs
//! point at. What cannot be read ends the list: a table in an unknown encoding is nobody's, not guessed at.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use gimli::{BaseAddresses, CieOrFde, EhFrame, EndianSlice, LittleEndian, Pointer, UnwindSection};

use super::frames::Reader;
use super::image::Image;
use super::section::Section;
use super::shared_frames::SharedFrames;
use super::unwind_entry::{Described, UnwindEntry};

/// What the unwind tables of a file say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unwind {
    /// Every piece of unwind data that could be read. Ranges lie inside their sections.
    pub entries: Vec<UnwindEntry>,
    /// Addresses of the functions that frame descriptions are for, in the order of the table.
    pub functions: Vec<Range<u64>>,
}

/// Reads the unwind tables.
#[must_use]
pub fn unwind(image: &Image<'_>) -> Unwind {
    let section = |name: &str| image.sections().iter().find(|s| s.name == name && s.is_loaded() && s.is_in_file());
    let mut unwind = Unwind::default();
    let shared =
        section(".eh_frame").and_then(|frames| frame_entries(image, frames, section(".gcc_except_table"), &mut unwind));
    if let Some(index) = section(".eh_frame_hdr") {
        index_entries(image, index, shared.as_ref(), &mut unwind.entries);
    }
    unwind
}

/// Hands back what tells functions apart, where descriptions are shared.
fn frame_entries<'image, 'data>(
    image: &'image Image<'data>,
    frames: &Section,
    tables: Option<&Section>,
    unwind: &mut Unwind,
) -> Option<SharedFrames<'image, 'data>> {
    let entries = &mut unwind.entries;
    let data = image.bytes(&frames.file_range)?;
    let mut section = EhFrame::new(data, LittleEndian);
    section.set_address_size(8);
    let bases = BaseAddresses::default().set_eh_frame(frames.address);
    let mut cies = HashMap::new();
    let (mut common, mut is_shared) = (HashSet::new(), false);
    let mut described = Vec::new();
    let mut iterator = section.entries(&bases);
    while let Ok(Some(entry)) = iterator.next() {
        match entry {
            CieOrFde::Cie(cie) => {
                // Linkers write each once; what shares descriptions between functions repeats them.
                let start = cie.offset() + 4;
                is_shared |= !common.insert(data.get(start..start + cie.entry_len()));
                entries.extend(
                    entry_range(frames, cie.offset(), cie.entry_len())
                        .map(|range| UnwindEntry { range, function: None }),
                );
            }
            CieOrFde::Fde(partial) => {
                let cie = |section: &EhFrame<EndianSlice<'data, LittleEndian>>, bases: &BaseAddresses, offset| {
                    if let Some(known) = cies.get(&offset) {
                        return Ok(gimli::CommonInformationEntry::clone(known));
                    }
                    let cie = section.cie_from_offset(bases, offset)?;
                    cies.insert(offset, cie.clone());
                    Ok(cie)
                };
                let Ok(fde) = partial.parse(cie) else { break };
                let start = fde.initial_address();
                described.push(Described {
                    offset: fde.offset(),
                    code: start..start.checked_add(fde.len()).unwrap_or(start),
                    description: entry_range(frames, fde.offset(), fde.entry_len()),
                    lsda: tables.zip(fde.lsda()).and_then(|(tables, lsda)| table_range(image, tables, lsda)),
                });
            }
        }
    }
    let mut shared = is_shared.then(|| SharedFrames::read(image, &section, &bases, &described)).flatten();
    for description in described {
        let functions = match &mut shared {
            Some(shared) => shared.functions_of(&description, entries),
            None => {
                let function = Some(description.code.start);
                let ranges = [description.description, description.lsda].into_iter().flatten();
                entries.extend(ranges.map(|range| UnwindEntry { range, function }));
                vec![description.code]
            }
        };
        unwind.functions.extend(functions);
    }
    // The terminator, and what an early end of reading left, is not claimed but for its four zeroes.
    let end = frames.file_range.end;
    if data.ends_with(&[0; 4]) {
        entries.push(UnwindEntry { range: end - 4..end, function: None });
    }
    shared
}

/// The bytes of an entry: four of length before the entry itself. 64-bit lengths are written by no linker here.
fn entry_range(frames: &Section, offset: usize, length: usize) -> Option<Range<u64>> {
    let start = frames.file_range.start.checked_add(offset as u64)?;
    let end = start.checked_add(4)?.checked_add(length as u64)?;
    (end <= frames.file_range.end).then_some(start..end)
}

/// The bytes of one LSDA, from its own header: it says where its tables end.
fn table_range(image: &Image<'_>, tables: &Section, lsda: Pointer) -> Option<Range<u64>> {
    const OMITTED: u8 = 0xff;
    let Pointer::Direct(address) = lsda else { return None };
    let inside = address.checked_sub(tables.address).filter(|&inside| inside < tables.size)?;
    let start = tables.file_range.start + inside;
    let mut bytes = Reader::new(image.bytes(&(start..tables.file_range.end))?, 0);
    if bytes.u8()? != OMITTED {
        // A landing pad base of its own: compilers of today omit it.
        return None;
    }
    let types_end = if bytes.u8()? == OMITTED {
        None
    } else {
        let offset = bytes.uleb()?;
        Some((bytes.at() as u64).checked_add(offset)?)
    };
    let _call_site_encoding = bytes.u8()?;
    let call_sites = bytes.uleb()?;
    let size = types_end.unwrap_or((bytes.at() as u64).checked_add(call_sites)?);
    let end = start.checked_add(size)?;
    (end <= tables.file_range.end).then_some(start..end)
}

/// `.eh_frame_hdr` as every linker writes it: version 1, pointer pc-relative, count and table of 4-byte values relative to it.
const INDEX_LAYOUT: [u8; 4] = [1, 0x1b, 0x03, 0x3b];
const INDEX_HEADER: u64 = 12;
const INDEX_ENTRY: u64 = 8;

fn index_entries(
    image: &Image<'_>,
    index: &Section,
    shared: Option<&SharedFrames<'_, '_>>,
    entries: &mut Vec<UnwindEntry>,
) {
    let start = index.file_range.start;
    let Some(data) = image.bytes(&index.file_range) else { return };
    let Some((header, table)) = data.split_at_checked(INDEX_HEADER as usize) else { return };
    if header[..4] != INDEX_LAYOUT {
        return;
    }
    entries.push(UnwindEntry { range: start..start + INDEX_HEADER, function: None });
    let count = u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize;
    let (table, _) = table.as_chunks::<{ INDEX_ENTRY as usize }>();
    for (number, entry) in table.iter().take(count).enumerate() {
        let relative = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let at = start + INDEX_HEADER + number as u64 * INDEX_ENTRY;
        let (range, function) = (at..at + INDEX_ENTRY, index.address.checked_add_signed(i64::from(relative)));
        match (shared, function) {
            (Some(shared), Some(address)) => entries.extend(shared.index_entry(&range, address)),
            _ => entries.push(UnwindEntry { range, function }),
        }
    }
}
