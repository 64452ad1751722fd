//! The addresses that are asked for, made quick to miss: most operands lie near the code, where no target is.

use std::ops::Range;

/// Sorted, disjoint ranges of addresses, and the gap between them that holds the code.
pub(super) struct Targets<'r> {
    ranges: &'r [Range<u64>],
    gap_start: u64,
    gap_size: u64,
}

impl<'r> Targets<'r> {
    /// `address` is where the code begins.
    pub(super) fn around(address: u64, ranges: &'r [Range<u64>]) -> Self {
        let behind = ranges.partition_point(|range| range.end <= address);
        let gap_start = behind.checked_sub(1).and_then(|last| ranges.get(last)).map_or(0, |range| range.end);
        let gap_end = ranges.get(behind).map_or(u64::MAX, |range| range.start);
        Self { ranges, gap_start, gap_size: gap_end.saturating_sub(gap_start) }
    }

    /// True where there is nothing to find.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// True where a range holds the address.
    #[inline]
    pub(super) fn contain(&self, address: u64) -> bool {
        if address.wrapping_sub(self.gap_start) < self.gap_size {
            return false;
        }
        any_contains(self.ranges, address)
    }
}

/// Ranges in order, those that touch or overlap made one.
pub(super) fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, range| {
        let touches = next.start <= range.end;
        if touches {
            range.end = range.end.max(next.end);
        }
        touches
    });
    ranges
}

/// True where one of the merged ranges holds the address.
pub(super) fn any_contains(ranges: &[Range<u64>], address: u64) -> bool {
    let next = ranges.partition_point(|range| range.end <= address);
    ranges.get(next).is_some_and(|range| range.contains(&address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merged_ranges_hold_what_the_ranges_hold(
            ranges in proptest::collection::vec((0_u64..64, 0_u64..64), 0..12),
            address in 0_u64..64,
        ) {
            let ranges: Vec<Range<u64>> = ranges.into_iter().map(|(one, other)| one.min(other)..one.max(other)).collect();
            let expected = ranges.iter().any(|range| range.contains(&address));
            let merged = merged(ranges);
            prop_assert!(merged.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert_eq!(any_contains(&merged, address), expected);
        }

        #[test]
        fn the_gap_hides_no_target(
            cuts in proptest::collection::btree_set(0_u64..64, 0..12),
            code in 0_u64..64,
            address in 0_u64..64,
        ) {
            let cuts: Vec<u64> = cuts.into_iter().collect();
            let ranges: Vec<Range<u64>> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let expected = ranges.iter().any(|range| range.contains(&address));
            prop_assert_eq!(Targets::around(code, &ranges).contain(address), expected);
        }
    }
}
