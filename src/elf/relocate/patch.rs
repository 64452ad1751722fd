//! A copy of the file, and what was changed in it.

use std::ops::Range;

use super::error::CannotRelocate;
use crate::elf::image::Image;

/// A copy of the file, and what was changed in it. No byte moves.
pub(super) struct Patch {
    file: Vec<u8>,
    changed: Vec<Range<u64>>,
}

impl Patch {
    pub(super) fn of(image: &Image<'_>) -> Self {
        Self { file: image.data().to_vec(), changed: Vec::new() }
    }

    /// The word at an offset in the file, as it is by now.
    pub(super) fn word(&self, offset: u64) -> Option<u64> {
        let bytes = self.file.get(usize::try_from(offset).ok()?..)?;
        bytes.first_chunk().map(|word| u64::from_le_bytes(*word))
    }

    pub(super) fn set_word(&mut self, offset: u64, word: u64) -> Result<(), CannotRelocate> {
        self.write(offset, &word.to_le_bytes())
    }

    /// Adds to the word at an offset in the file.
    pub(super) fn add_to_word(&mut self, offset: u64, value: u64) -> Result<(), CannotRelocate> {
        let word = self.word(offset).ok_or(OUTSIDE)?;
        self.set_word(offset, word.wrapping_add(value))
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), CannotRelocate> {
        let start = usize::try_from(offset).map_err(|_| OUTSIDE)?;
        let end = start.checked_add(bytes.len()).ok_or(OUTSIDE)?;
        let place = self.file.get_mut(start..end).ok_or(OUTSIDE)?;
        if place == bytes {
            return Ok(());
        }
        place.copy_from_slice(bytes);
        let end = end as u64;
        match self.changed.last_mut() {
            Some(last) if last.end == offset => last.end = end,
            _ => self.changed.push(offset..end),
        }
        Ok(())
    }

    /// The new file, and the ranges of what is loaded that differ: sorted, none touching another.
    pub(super) fn finish(self, image: &Image<'_>) -> (Vec<u8>, Vec<Range<u64>>) {
        let loaded = image.loaded_ranges();
        let is_loaded = |range: &Range<u64>| {
            let next = loaded.partition_point(|loaded| loaded.end <= range.start);
            loaded.get(next).is_some_and(|loaded| loaded.start < range.end)
        };
        // No table lies half in a segment.
        let mut changed: Vec<Range<u64>> = self.changed.into_iter().filter(is_loaded).collect();
        changed.sort_by_key(|range| (range.start, range.end));
        changed.dedup_by(|next, range| {
            let touches = next.start <= range.end;
            if touches {
                range.end = range.end.max(next.end);
            }
            touches
        });
        (self.file, changed)
    }
}

/// Every offset was computed from ranges that lie in the file; this says so instead of a panic.
const OUTSIDE: CannotRelocate = CannotRelocate::ProgramHeaders { why: "something of it lies outside the file" };
