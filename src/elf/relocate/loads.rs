//! Loaded segments that a loader and we cannot read differently: in order, apart from each other in memory and in the file.

use std::ops::Range;

use object::elf;

use super::error::CannotRelocate;
use crate::elf::image::Image;
use crate::elf::segment::Segment;

/// The `PT_LOAD` segments: ascending, apart in memory and in the file.
pub(super) struct Loads<'i> {
    segments: Vec<&'i Segment>,
}

impl<'i> Loads<'i> {
    pub(super) fn of(image: &'i Image<'_>) -> Result<Self, CannotRelocate> {
        let wrong = |why| CannotRelocate::ProgramHeaders { why };
        let segments: Vec<&Segment> = image.segments().iter().filter(|s| s.is_load()).collect();
        for segment in &segments {
            let in_file = segment.file_range.end - segment.file_range.start;
            if segment.memory_size < in_file || segment.address.checked_add(segment.memory_size).is_none() {
                return Err(wrong("a segment is smaller in memory than in the file, or leaves the address space"));
            }
            if !segment.align.is_power_of_two()
                || segment.address % segment.align != segment.file_range.start % segment.align
            {
                return Err(wrong("a segment is not aligned as it says"));
            }
        }
        for pair in segments.windows(2) {
            if let [first, second] = pair
                && second.address < first.address + first.memory_size
            {
                return Err(wrong("loaded segments overlap, or are not in ascending order"));
            }
        }
        let mut in_file: Vec<&Range<u64>> = segments.iter().filter(|s| s.is_in_file()).map(|s| &s.file_range).collect();
        in_file.sort_by_key(|range| (range.start, range.end));
        if in_file.windows(2).any(|pair| pair[1].start < pair[0].end) {
            return Err(wrong("loaded segments share bytes of the file"));
        }
        Ok(Self { segments })
    }

    pub(super) fn segments(&self) -> &[&'i Segment] {
        &self.segments
    }

    /// The segment that holds `size` bytes from an address on, in memory.
    pub(super) fn segment_at(&self, address: u64, size: u64) -> Option<&'i Segment> {
        let next = self.segments.partition_point(|segment| segment.address <= address);
        let segment = self.segments.get(next.checked_sub(1)?)?;
        let inside = address.checked_sub(segment.address)?.checked_add(size)?;
        (inside <= segment.memory_size).then_some(segment)
    }

    /// Where in the file the `size` bytes from an address on stand.
    pub(super) fn offset_of(&self, address: u64, size: u64) -> Option<u64> {
        let segment = self.segment_at(address, size)?;
        let inside = address.checked_sub(segment.address)?;
        let in_file = segment.file_range.end - segment.file_range.start;
        (inside.checked_add(size)? <= in_file).then(|| segment.file_range.start + inside)
    }

    /// As [`Loads::offset_of`], where the program may write there.
    pub(super) fn writable_offset_of(&self, address: u64, size: u64) -> Option<u64> {
        let writable = self.segment_at(address, size)?.flags & elf::PF_W.0 != 0;
        self.offset_of(address, size).filter(|_| writable)
    }

    /// First address behind all of them.
    pub(super) fn end(&self) -> u64 {
        self.segments.last().map_or(0, |last| last.address + last.memory_size)
    }

    /// The largest alignment that one asks for.
    pub(super) fn align(&self) -> u64 {
        self.segments.iter().map(|segment| segment.align).max().unwrap_or(1)
    }
}
