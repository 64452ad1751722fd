//! The one hard data structure: ranges with labels, every byte one label. Imports nothing of the project.

use std::collections::BTreeMap;
use std::ops::Range;

/// Labels for the bytes `0..len`. The first writer of a byte wins, so writers run from the surest to the least sure.
///
/// ```
/// use lambda_slim::attribution::RangeMap;
/// let mut map = RangeMap::new(10);
/// map.insert(2..5, 'a');
/// map.insert(0..8, 'b'); // Fills only what 'a' left.
/// assert_eq!(map.finish('-'), vec![(0..2, 'b'), (2..5, 'a'), (5..8, 'b'), (8..10, '-')]);
/// ```
#[derive(Debug, Clone)]
pub struct RangeMap<L> {
    len: u64,
    /// Start of each range to its end and label. Ranges never overlap and are never empty.
    ranges: BTreeMap<u64, (u64, L)>,
    /// Start of each gap to its end. A write looks at gaps alone, and each gap is filled once: writers that cover each other many
    /// times cost no more than the ranges that they leave.
    gaps: BTreeMap<u64, u64>,
}

impl<L: Copy> RangeMap<L> {
    /// A map of `len` bytes, none of them labelled.
    #[must_use]
    pub fn new(len: u64) -> Self {
        let gaps = if len > 0 { BTreeMap::from([(0, len)]) } else { BTreeMap::new() };
        Self { len, ranges: BTreeMap::new(), gaps }
    }

    /// Labels the bytes of `range` that have no label yet. What lies past the end is ignored. Returns how many were labelled.
    pub fn insert(&mut self, range: Range<u64>, label: L) -> u64 {
        let end = range.end.min(self.len);
        if range.start >= end {
            return 0;
        }
        let mut labelled = 0;
        // The gap that begins before the range may reach into it.
        let before = self.gaps.range(..=range.start).next_back().filter(|&(_, &gap_end)| gap_end > range.start);
        let mut at = before.map_or(range.start, |(&gap_start, _)| gap_start);
        while let Some((&gap_start, &gap_end)) = self.gaps.range(at..end).next() {
            let (from, to) = (gap_start.max(range.start), gap_end.min(end));
            if from >= to {
                break;
            }
            self.gaps.remove(&gap_start);
            if gap_start < from {
                self.gaps.insert(gap_start, from);
            }
            if to < gap_end {
                self.gaps.insert(to, gap_end);
            }
            self.ranges.insert(from, (to, label));
            labelled += to - from;
            at = to;
        }
        labelled
    }

    /// The label of one byte.
    #[must_use]
    pub fn get(&self, at: u64) -> Option<L> {
        let (_, &(end, label)) = self.ranges.range(..=at).next_back()?;
        (at < end).then_some(label)
    }

    /// Every byte with a label: gaps get `rest`. Sorted, gapless, from 0 to the length.
    #[must_use]
    pub fn finish(self, rest: L) -> Vec<(Range<u64>, L)> {
        let mut finished = Vec::with_capacity(self.ranges.len() * 2 + 1);
        let mut at = 0;
        for (start, (end, label)) in self.ranges {
            if at < start {
                finished.push((at..start, rest));
            }
            finished.push((start..end, label));
            at = end;
        }
        if at < self.len {
            finished.push((at..self.len, rest));
        }
        finished
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_an_array_of_bytes(inserts in prop::collection::vec((0_u64..120, 0_u64..40, 0_u8..8), 0..60)) {
            let mut bytes = [None; 100];
            let mut map = RangeMap::new(100);
            for &(start, size, label) in &inserts {
                let mut labelled = 0;
                for byte in bytes.iter_mut().skip(start as usize).take(size as usize) {
                    if byte.is_none() {
                        *byte = Some(label);
                        labelled += 1;
                    }
                }
                prop_assert_eq!(map.insert(start..start + size, label), labelled);
            }
            for (at, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(map.get(at as u64), *byte);
            }
            let mut at = 0;
            for (range, label) in map.finish(255) {
                prop_assert_eq!(range.start, at);
                prop_assert!(range.start < range.end);
                for byte in &bytes[range.start as usize..range.end as usize] {
                    prop_assert_eq!(byte.unwrap_or(255), label);
                }
                at = range.end;
            }
            prop_assert_eq!(at, 100);
        }
    }
}
