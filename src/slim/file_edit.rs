//! A copy of a file that knows which of its bytes were changed.

use std::ops::Range;

/// A file under change. Its size stays.
#[derive(Debug)]
pub(super) struct FileEdit {
    file: Vec<u8>,
    changed: Vec<Range<u64>>,
}

impl FileEdit {
    pub(super) fn new(file: &[u8]) -> Self {
        Self { file: file.to_vec(), changed: Vec::new() }
    }

    fn slice(&mut self, range: &Range<u64>) -> Option<&mut [u8]> {
        self.file.get_mut(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    /// Zeroes a range; how many of its bytes were not zero. What leaves the file is left alone.
    pub(super) fn zero(&mut self, range: &Range<u64>) -> usize {
        let Some(bytes) = self.slice(range) else { return 0 };
        let count = bytes.iter().filter(|&&byte| byte != 0).count();
        if count > 0 {
            bytes.fill(0);
            self.changed.push(range.clone());
        }
        count
    }

    /// Puts `bytes` at `start`; whether anything differs. What leaves the file is left alone.
    pub(super) fn put(&mut self, start: u64, bytes: &[u8]) -> bool {
        let range = start..start.saturating_add(bytes.len() as u64);
        let Some(place) = self.slice(&range).filter(|place| *place != bytes) else { return false };
        place.copy_from_slice(bytes);
        self.changed.push(range);
        true
    }

    /// True where nothing differs so far.
    pub(super) fn is_unchanged(&self) -> bool {
        self.changed.is_empty()
    }

    /// The file, and the ranges in which it differs.
    pub(super) fn finish(self) -> (Vec<u8>, Vec<Range<u64>>) {
        (self.file, self.changed)
    }
}
