//! The loaded part of a program: which bytes of the file stand at which address.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::program_header::{PF_X, PT_LOAD};

use super::cursor::merged;

#[derive(Debug, Clone)]
struct Place {
    address: u64,
    offset: u64,
    size: u64,
    executable: bool,
}

/// Addresses and the bytes there.
#[derive(Debug, Clone)]
pub(super) struct Loaded<'data> {
    data: &'data [u8],
    /// By address.
    places: Vec<Place>,
    /// Ranges of the file that some segment loads, merged and cut at the end of the file.
    file: Vec<Range<u64>>,
}

impl<'data> Loaded<'data> {
    /// `elf` is the original for both files, so that a program that was moved as a whole has the addresses that it had before.
    pub(super) fn new(elf: &Elf<'_>, data: &'data [u8]) -> Self {
        let mut places: Vec<Place> = elf
            .program_headers
            .iter()
            // Zeroes alone (`.bss`) are of no place in the file, whatever offset is stated.
            .filter(|header| header.p_type == PT_LOAD && header.p_filesz != 0)
            .map(|header| {
                let size = (data.len() as u64).saturating_sub(header.p_offset).min(header.p_filesz);
                Place { address: header.p_vaddr, offset: header.p_offset, size, executable: header.p_flags & PF_X != 0 }
            })
            .collect();
        places.sort_by_key(|place| (place.address, place.offset));
        let file = merged(places.iter().map(|place| place.offset..place.offset.saturating_add(place.size)).collect());
        Self { data, places, file }
    }

    /// Ranges of the file that are loaded, sorted and disjoint.
    pub(super) fn file_ranges(&self) -> &[Range<u64>] {
        &self.file
    }

    fn place(&self, address: u64) -> Option<(&Place, u64)> {
        let after = self.places.partition_point(|place| place.address <= address);
        let place = self.places.get(after.checked_sub(1)?)?;
        let into = address.checked_sub(place.address)?;
        (into < place.size).then_some((place, into))
    }

    /// Where in the file the byte at `address` is.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        let (place, into) = self.place(address)?;
        place.offset.checked_add(into)
    }

    /// The file range of `size` bytes at `address`, where one segment loads them all.
    pub(super) fn range(&self, address: u64, size: u64) -> Option<Range<u64>> {
        let (place, into) = self.place(address)?;
        let end = into.checked_add(size).filter(|&end| end <= place.size)?;
        Some(place.offset.checked_add(into)?..place.offset.checked_add(end)?)
    }

    /// The bytes from `address` to the end of its segment.
    pub(super) fn from(&self, address: u64) -> Option<&'data [u8]> {
        let (place, into) = self.place(address)?;
        let start = usize::try_from(place.offset.checked_add(into)?).ok()?;
        let end = usize::try_from(place.offset.checked_add(place.size)?).ok()?;
        self.data.get(start..end)
    }

    /// The `size` bytes at `address`.
    pub(super) fn bytes(&self, address: u64, size: u64) -> Option<&'data [u8]> {
        self.from(address)?.get(..usize::try_from(size).ok()?)
    }

    /// The 8-byte word at `address`.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(address, 8)?.try_into().ok()?))
    }

    /// The bytes of a range of the file.
    pub(super) fn file_bytes(&self, range: &Range<u64>) -> Option<&'data [u8]> {
        self.data.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    /// The address of a byte of the file; 0 where none loads it.
    pub(super) fn address(&self, offset: u64) -> u64 {
        let within = self.places.iter().find_map(|place| {
            let into = offset.checked_sub(place.offset).filter(|&into| into < place.size)?;
            Some(place.address.wrapping_add(into))
        });
        within.unwrap_or_default()
    }

    /// Ranges of the file that are loaded as code, merged.
    pub(super) fn code(&self) -> Vec<Range<u64>> {
        let code = self.places.iter().filter(|place| place.executable);
        merged(code.map(|place| place.offset..place.offset.saturating_add(place.size)).collect())
    }

    /// Size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.data.len() as u64
    }
}
