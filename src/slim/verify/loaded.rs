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
    places: Vec<Place>,
    by_address: Starts,
    by_offset: Starts,
    /// Ranges of the file that some segment loads, merged and cut at the end of the file.
    file: Vec<Range<u64>>,
}

impl<'data> Loaded<'data> {
    /// `elf` is the original for both files, so that a program that was moved as a whole has the addresses that it had before.
    pub(super) fn new(elf: &Elf<'_>, data: &'data [u8]) -> Self {
        let places: Vec<Place> = elf
            .program_headers
            .iter()
            // Zeroes alone (`.bss`) are of no place in the file, whatever offset is stated.
            .filter(|header| header.p_type == PT_LOAD && header.p_filesz != 0)
            .map(|header| {
                let size = (data.len() as u64).saturating_sub(header.p_offset).min(header.p_filesz);
                let executable = header.p_flags & PF_X != 0;
                Place { address: header.p_vaddr, offset: header.p_offset, size, executable }
            })
            .collect();
        let file = merged(places.iter().map(|place| place.offset..place.offset.saturating_add(place.size)).collect());
        let by_address = Starts::new(&places, |place| place.address);
        let by_offset = Starts::new(&places, |place| place.offset);
        Self { data, places, by_address, by_offset, file }
    }

    /// Ranges of the file that are loaded, sorted and disjoint.
    pub(super) fn file_ranges(&self) -> &[Range<u64>] {
        &self.file
    }

    fn place(&self, address: u64) -> Option<(&Place, u64)> {
        let place = self.places.get(self.by_address.find(address)?)?;
        Some((place, address.checked_sub(place.address)?))
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
        let place = self.by_offset.find(offset).and_then(|number| self.places.get(number));
        place.map_or(0, |place| place.address.wrapping_add(offset.wrapping_sub(place.offset)))
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

/// Finds a segment that holds a place, also where segments lie over each other.
#[derive(Debug, Clone)]
struct Starts {
    /// Beginning, end and number of each, and the number of the one that ends last of all up to it: sorted.
    sorted: Vec<Start>,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    start: u64,
    end: u64,
    number: usize,
    ends_last: (u64, usize),
}

impl Starts {
    fn new(places: &[Place], start: impl Fn(&Place) -> u64) -> Self {
        let numbered = places.iter().enumerate().map(|(number, place)| {
            let (start, end) = (start(place), start(place).saturating_add(place.size));
            Start { start, end, number, ends_last: (end, number) }
        });
        let mut sorted: Vec<Start> = numbered.collect();
        sorted.sort_by_key(|start| (start.start, start.end, start.number));
        let mut ends_last = (0, 0);
        for start in &mut sorted {
            ends_last = ends_last.max(start.ends_last);
            start.ends_last = ends_last;
        }
        Self { sorted }
    }

    fn find(&self, at: u64) -> Option<usize> {
        let after = self.sorted.partition_point(|start| start.start <= at);
        let last = self.sorted.get(after.checked_sub(1)?)?;
        if at < last.end {
            return Some(last.number);
        }
        let (end, number) = last.ends_last;
        (at < end).then_some(number)
    }
}
