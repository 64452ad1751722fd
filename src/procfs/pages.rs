//! Which pages of a mapping, and of a file, are in memory.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::units::ByteSize;

/// Bytes of one page's word in `/proc/PID/pagemap`.
pub const PAGE_WORD: u64 = 8;

/// What the pagemap says about one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageWord(u64);

impl PageWord {
    /// True where the page is in memory.
    #[must_use]
    pub const fn is_present(self) -> bool {
        self.0 >> 63 & 1 == 1
    }
}

/// The words of `/proc/PID/pagemap`, in the machine's order of bytes. A last one that is cut off is left out.
pub fn page_words(bytes: &[u8]) -> impl Iterator<Item = PageWord> {
    bytes.chunks_exact(8).map(|word| PageWord(u64::from_ne_bytes(word.try_into().expect("chunks have eight bytes"))))
}

/// The pages of one file that are in a process's memory. A page that is mapped twice counts twice, as the kernel's `Rss` counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePages {
    page_size: u64,
    /// Page of the file, and how often it is mapped and in memory.
    copies: BTreeMap<u64, u32>,
}

impl Default for FilePages {
    fn default() -> Self {
        Self::new(4096)
    }
}

impl FilePages {
    /// No pages of `page_size` bytes, which is not 0.
    #[must_use]
    pub fn new(page_size: u64) -> Self {
        Self { page_size: page_size.max(1), copies: BTreeMap::new() }
    }

    /// Adds a page of a mapping: the one at `file_offset`, which is the start of a page.
    pub fn add(&mut self, file_offset: u64) {
        let copies = self.copies.entry(file_offset / self.page_size).or_default();
        *copies = copies.saturating_add(1);
    }

    /// Adds all pages of another set.
    pub fn extend(&mut self, other: &Self) {
        for (page, more) in &other.copies {
            let copies = self.copies.entry(*page).or_default();
            *copies = copies.saturating_add(*more);
        }
    }

    /// Those that hold a byte of one of `ranges` of the file, each once.
    #[must_use]
    pub fn within(&self, ranges: &[Range<u64>]) -> Self {
        let holds = |page: &u64| {
            let start = page.saturating_mul(self.page_size);
            let end = start.saturating_add(self.page_size);
            ranges.iter().any(|range| range.start < end && start < range.end)
        };
        let copies = self.copies.keys().copied().filter(holds).map(|page| (page, 1)).collect();
        Self { page_size: self.page_size, copies }
    }

    /// All of them, in bytes.
    #[must_use]
    pub fn size(&self) -> ByteSize {
        let pages: u64 = self.copies.values().map(|&copies| u64::from(copies)).sum();
        ByteSize::new(pages.saturating_mul(self.page_size))
    }

    /// Bytes in memory of each of `ranges` of a file of `file_size` bytes; the ranges are sorted and cover the file without a gap.
    /// They sum to [`size`](Self::size): what a last page holds past the end of the file counts with the last range.
    #[must_use]
    pub fn bytes_in(&self, ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<ByteSize> {
        let mut sizes: Vec<u64> = Vec::new();
        let mut pages = self.copies.iter().peekable();
        let mut counted = 0_u64;
        for range in ranges {
            let mut size = 0_u64;
            while let Some((page, copies)) = pages.peek() {
                let start = page.saturating_mul(self.page_size);
                let end = start.saturating_add(self.page_size);
                let part = range.end.min(end).saturating_sub(range.start.max(start));
                size += part.saturating_mul(u64::from(**copies));
                if end > range.end {
                    break;
                }
                pages.next();
            }
            counted += size;
            sizes.push(size);
        }
        if let Some(last) = sizes.last_mut() {
            *last += self.size().get().saturating_sub(counted);
        }
        sizes.into_iter().map(ByteSize::new).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pages(of: &[u64]) -> FilePages {
        let mut pages = FilePages::new(4096);
        of.iter().for_each(|page| pages.add(page * 4096));
        pages
    }

    #[test]
    fn a_page_is_split_among_the_ranges_that_share_it() {
        let sizes = pages(&[0, 2, 2]).bytes_in([0..100, 100..4100, 4100..8192, 8192..9000]);
        let sizes: Vec<u64> = sizes.iter().map(|size| size.get()).collect();
        // The last page is mapped twice, and ends past the file.
        assert_eq!(sizes, [100, 3996, 0, 8192]);
    }

    #[test]
    fn pages_within_a_range_are_those_that_share_a_byte_with_it() {
        assert_eq!(pages(&[0, 1, 2, 2, 3]).within(&[4096..4096, 8191..8193]), pages(&[1, 2]));
    }

    #[test]
    fn a_word_s_highest_bit_says_that_the_page_is_there() {
        let bytes: Vec<u8> = [1_u64 << 63, 1 << 62, u64::MAX].iter().flat_map(|word| word.to_ne_bytes()).collect();
        let present: Vec<bool> = page_words(&bytes[..23]).map(PageWord::is_present).collect();
        assert_eq!(present, [true, false]);
    }

    proptest! {
        #[test]
        fn ranges_sum_to_the_pages(
            of in prop::collection::vec(0_u64..40, 0..60),
            cuts in prop::collection::btree_set(1_u64..120_000, 0..50),
            end in 120_000_u64..150_000,
        ) {
            let bounds: Vec<u64> = [0].into_iter().chain(cuts).chain([end]).collect();
            let ranges = bounds.windows(2).map(|pair| pair[0]..pair[1]);
            let pages = pages(&of);
            prop_assert_eq!(pages.bytes_in(ranges).into_iter().sum::<ByteSize>(), pages.size());
        }
    }
}
