//! The one hard data structure: ranges with labels, every byte one label. Imports nothing of the project.

use std::ops::Range;

/// Labels for the bytes `0..len`. The first writer of a byte wins, so writers run from the surest to the least sure.
///
/// Each writer hands over all that it knows at once. A write sorts what it was given and goes over the map once, so a map costs
/// what its ranges cost, times the number of writers, whatever they write.
///
/// ```
/// use lambda_slim::attribution::RangeMap;
/// let mut map = RangeMap::new(10);
/// map.write(vec![(2..5, 'a')]);
/// map.write(vec![(0..8, 'b')]); // Fills only what 'a' left.
/// assert_eq!(map.finish('-'), vec![(0..2, 'b'), (2..5, 'a'), (5..8, 'b'), (8..10, '-')]);
/// ```
#[derive(Debug, Clone)]
pub struct RangeMap<L> {
    len: u64,
    /// Sorted, never empty, never overlapping.
    ranges: Vec<(Range<u64>, L)>,
}

impl<L: Copy + PartialEq> RangeMap<L> {
    /// A map of `len` bytes, none of them labelled.
    #[must_use]
    pub fn new(len: u64) -> Self {
        Self { len, ranges: Vec::new() }
    }

    /// Labels the bytes that have no label yet. What lies past the end is ignored. Of several given ranges for one byte, the one that
    /// begins first labels it, of those the longest, of those the one that was given first.
    pub fn write(&mut self, mut new: Vec<(Range<u64>, L)>) {
        let key = |range: &Range<u64>| (range.start, std::cmp::Reverse(range.end));
        if !new.is_sorted_by_key(|(range, _)| key(range)) {
            new.sort_by_key(|(range, _)| key(range));
        }
        let old = std::mem::take(&mut self.ranges);
        let mut merged = Vec::with_capacity(old.len() + new.len());
        let mut old = old.into_iter().peekable();
        // Everything before `at` is settled.
        let mut at = 0;
        for (range, label) in new {
            let end = range.end.min(self.len);
            at = at.max(range.start);
            while at < end {
                // What was there and ends before this point, or covers it, stays.
                match old.next_if(|(known, _)| known.start <= at) {
                    Some((known, known_label)) => {
                        at = at.max(known.end);
                        merged.push((known, known_label));
                    }
                    None => {
                        let to = old.peek().map_or(end, |(known, _)| known.start.min(end));
                        push(&mut merged, at..to, label);
                        at = to;
                    }
                }
            }
        }
        merged.extend(old);
        self.ranges = merged;
    }

    /// The label of one byte.
    #[must_use]
    pub fn get(&self, at: u64) -> Option<L> {
        let after = self.ranges.partition_point(|(range, _)| range.start <= at);
        let (range, label) = self.ranges.get(after.checked_sub(1)?)?;
        range.contains(&at).then_some(*label)
    }

    /// The parts of `within` that have no label, ascending.
    #[must_use]
    pub fn gaps(&self, within: Range<u64>) -> Vec<Range<u64>> {
        let end = within.end.min(self.len);
        let mut at = within.start;
        let mut gaps = Vec::new();
        let first = self.ranges.partition_point(|(range, _)| range.end <= at);
        for (range, _) in &self.ranges[first..] {
            if at >= end {
                break;
            }
            if at < range.start {
                gaps.push(at..range.start.min(end));
            }
            at = at.max(range.end);
        }
        if at < end {
            gaps.push(at..end);
        }
        gaps
    }

    /// The labelled ranges, sorted.
    #[must_use]
    pub fn ranges(&self) -> &[(Range<u64>, L)] {
        &self.ranges
    }

    /// Every byte with a label: gaps get `rest`. Sorted, gapless, from 0 to the length.
    #[must_use]
    pub fn finish(self, rest: L) -> Vec<(Range<u64>, L)> {
        let mut finished = Vec::with_capacity(self.ranges.len() * 2 + 1);
        let mut at = 0;
        for (range, label) in self.ranges {
            if at < range.start {
                finished.push((at..range.start, rest));
            }
            at = range.end;
            finished.push((range, label));
        }
        if at < self.len {
            finished.push((at..self.len, rest));
        }
        finished
    }
}

/// Appends a range, to the one before it where that has the same label and ends where this begins.
fn push<L: PartialEq>(ranges: &mut Vec<(Range<u64>, L)>, range: Range<u64>, label: L) {
    match ranges.last_mut() {
        Some((last, known)) if last.end == range.start && *known == label => last.end = range.end,
        _ => ranges.push((range, label)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_an_array_of_bytes(
            writes in prop::collection::vec(prop::collection::vec((0_u64..120, 0_u64..40, 0_u8..8), 0..12), 0..8),
            asked in (0_u64..120, 0_u64..60),
        ) {
            let mut bytes = [None; 100];
            let mut map = RangeMap::new(100);
            for write in &writes {
                let mut ranges: Vec<_> = write.iter().map(|&(start, size, label)| (start..start + size, label)).collect();
                map.write(ranges.clone());
                ranges.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
                for (range, label) in ranges {
                    for byte in bytes.iter_mut().skip(range.start as usize).take((range.end - range.start) as usize) {
                        byte.get_or_insert(label);
                    }
                }
            }
            for (at, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(map.get(at as u64), *byte);
            }
            let within = asked.0..asked.0 + asked.1;
            let mut in_gaps = [false; 100];
            for gap in map.gaps(within.clone()) {
                prop_assert!(gap.start < gap.end);
                in_gaps[gap.start as usize..gap.end as usize].fill(true);
            }
            for (at, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(in_gaps[at], byte.is_none() && within.contains(&(at as u64)));
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
