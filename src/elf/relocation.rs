//! Relocation tables that the loader reads: which place each entry patches, and what will stand there.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, Rela64};
use object::pod;

use super::architecture::Architecture;
use super::image::Image;
use super::section::Section;

/// One entry of a loaded relocation table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelocationEntry {
    /// Bytes of the entry in the file.
    pub range: Range<u64>,
    /// Address of the place that it patches.
    pub place: u64,
    /// Address that will stand there, before the program is moved (`R_*_RELATIVE`); `None` where it depends on a symbol, or is
    /// no address.
    pub target: Option<u64>,
    /// Number in `.dynsym` of the symbol that it asks for.
    pub symbol: Option<u32>,
    /// What is added to the symbol, or to where the program is moved to.
    pub(super) addend: i64,
    /// `ELF64_R_TYPE`.
    pub(super) r_type: u32,
}

/// One word of a packed table (`RELR`): places whose content is an address that moves with the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelrEntry {
    /// Bytes of the word in the file.
    pub range: Range<u64>,
    /// Address of the first place that the word can name.
    first: u64,
    /// Which of the 63 places from there on it names.
    named: u64,
}

/// Bytes of a word: of an entry of a packed table, and of a place that it names.
const WORD: u64 = 8;
/// Places that a bitmap speaks of; its lowest bit says that it is one.
const BITMAP_PLACES: u64 = 63;

impl RelrEntry {
    /// The addresses of the places that it patches, in ascending order.
    pub fn places(&self) -> impl Iterator<Item = u64> + use<> {
        let (first, mut named) = (self.first, self.named);
        std::iter::from_fn(move || {
            let next = u64::from(named.trailing_zeros());
            // Clears the lowest bit.
            named &= named.checked_sub(1)?;
            Some(first.wrapping_add(next * WORD))
        })
    }
}

/// The entries of the loaded `RELA` tables (`.rela.dyn`, `.rela.plt`). Packed tables have [`relr_entries`].
#[must_use]
pub fn relocation_entries(image: &Image<'_>) -> Vec<RelocationEntry> {
    let relative = match image.architecture() {
        Architecture::X86_64 => elf::R_X86_64_RELATIVE,
        Architecture::Arm64 => elf::R_AARCH64_RELATIVE,
    };
    let mut entries = Vec::new();
    for table in image.sections().iter().filter(|s| s.is_loaded()) {
        let (relocations, size) = (rela_table(image, table), size_of::<Rela64<LE>>() as u64);
        entries.extend(relocations.iter().enumerate().map(|(number, relocation)| {
            let start = table.file_range.start + number as u64 * size;
            let (r_type, symbol) = (relocation.r_type(LE, false), relocation.r_sym(LE, false));
            let addend = relocation.r_addend.get(LE);
            RelocationEntry {
                range: start..start + size,
                place: relocation.r_offset.get(LE),
                target: (r_type == relative).then_some(addend.cast_unsigned()),
                symbol: (symbol != 0).then_some(symbol),
                addend,
                r_type: r_type.0,
            }
        }));
    }
    entries
}

/// The rows of a `RELA` table; none where the section is something else or holds no bytes.
pub(super) fn rela_table<'data>(image: &Image<'data>, table: &Section) -> &'data [Rela64<LE>] {
    if table.sh_type != elf::SHT_RELA.0 || !table.is_in_file() {
        return &[];
    }
    let bytes = image.bytes(&table.file_range).unwrap_or_default();
    pod::slice_from_bytes(bytes, bytes.len() / size_of::<Rela64<LE>>()).map_or(&[], |(relocations, _)| relocations)
}

/// The words of the loaded packed tables (`.relr.dyn`). Linkers write places in ascending order: a word that goes back ends the
/// reading of its table, so that no place is named twice by one.
#[must_use]
pub fn relr_entries(image: &Image<'_>) -> Vec<RelrEntry> {
    let mut entries = Vec::new();
    for table in image.sections().iter().filter(|s| s.is_loaded() && s.sh_type == elf::SHT_RELR.0 && s.is_in_file()) {
        let (words, _) = image.bytes(&table.file_range).unwrap_or_default().as_chunks::<{ WORD as usize }>();
        let mut next = None;
        for (number, word) in words.iter().enumerate() {
            let start = table.file_range.start + number as u64 * WORD;
            let Some(entry) = relr_entry(u64::from_le_bytes(*word), &mut next, start..start + WORD) else { break };
            entries.push(entry);
        }
    }
    entries
}

/// `next` is the first place behind those that the words before could name; none before the first word.
fn relr_entry(word: u64, next: &mut Option<u64>, range: Range<u64>) -> Option<RelrEntry> {
    if word & 1 == 0 {
        if next.is_some_and(|next| word < next) {
            return None;
        }
        *next = Some(word.checked_add(WORD)?);
        return Some(RelrEntry { range, first: word, named: 1 });
    }
    let first = (*next)?;
    *next = Some(first.checked_add(BITMAP_PLACES * WORD)?);
    Some(RelrEntry { range, first, named: word >> 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(words: &[u64]) -> Vec<u64> {
        let mut next = None;
        let entries = words.iter().map_while(|&word| relr_entry(word, &mut next, 0..8));
        entries.flat_map(|entry| entry.places().collect::<Vec<_>>()).collect()
    }

    // The example of the proposal that RELR comes from: generic-abi@googlegroups.com, "Proposal for a new section type
    // SHT_RELR", read 2026-11-24; and the largest and smallest bitmaps.
    #[test]
    fn a_bitmap_goes_on_behind_the_places_of_the_word_before() {
        assert_eq!(places(&[0x1000, 0b1011, 0b11, 0x5000]), [0x1000, 0x1008, 0x1018, 0x1200, 0x5000]);
        assert_eq!(places(&[0x1000, u64::MAX]), (0..64).map(|place| 0x1000 + place * 8).collect::<Vec<_>>());
        assert_eq!(places(&[0x1000, 1, 0b11]), [0x1000, 0x1200]);
    }

    #[test]
    fn a_bitmap_without_a_place_and_a_word_that_goes_back_end_the_table() {
        assert!(places(&[0b11, 0x1000]).is_empty());
        assert_eq!(places(&[0x1000, 0x1000, 0x2000]), [0x1000]);
        assert!(places(&[u64::MAX - 1, 0b11]).is_empty());
    }
}
