//! A reader of bytes from outside: every step is checked, none panics.

use std::ops::Range;

/// Reads on from a place in some bytes.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'data> {
    bytes: &'data [u8],
    at: usize,
}

impl<'data> Cursor<'data> {
    pub(super) fn new(bytes: &'data [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// How far into the bytes it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'data [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A little-endian number of `width` bytes, 8 at most.
    pub(super) fn unsigned(&mut self, width: usize) -> Option<u64> {
        let mut bytes = [0; 8];
        bytes.get_mut(..width)?.copy_from_slice(self.take(width)?);
        Some(u64::from_le_bytes(bytes))
    }

    pub(super) fn uleb128(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte holds one bit only.
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn sleb128(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0;
                return Some(if negative && shift + 7 < 64 { value | (-1_i64 << (shift + 7)) } else { value });
            }
        }
        None
    }
}

/// The first zero of `bytes` from `at` on.
pub(super) fn zero_at(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.iter().position(|&byte| byte == 0)?.checked_add(at)
}

/// Sorted and disjoint: what overlaps or touches is one.
pub(super) fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The part of `from` that `without` does not cover. Both are merged.
pub(super) fn difference(from: &[Range<u64>], without: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::new();
    let mut next = 0;
    for range in from {
        let mut start = range.start;
        while without.get(next).is_some_and(|other| other.end <= start) {
            next += 1;
        }
        let mut at = next;
        while let Some(other) = without.get(at).filter(|other| other.start < range.end) {
            if other.start > start {
                left.push(start..other.start);
            }
            start = start.max(other.end);
            at += 1;
        }
        if start < range.end {
            left.push(start..range.end);
        }
        // The last one may reach into the next range.
        next = at.saturating_sub(1).max(next);
    }
    left
}

/// The part of `ranges`, which are merged, that touches `range`.
pub(super) fn touching<'r>(ranges: &'r [Range<u64>], range: &Range<u64>) -> &'r [Range<u64>] {
    let first = ranges.partition_point(|other| other.end <= range.start);
    let past = ranges.partition_point(|other| other.start < range.end);
    ranges.get(first..past).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128_is_read_as_dwarf_says() {
        // The examples of DWARF 5, figures C.1 and C.2.
        for (bytes, value) in [(&[2][..], 2), (&[127], 127), (&[0x80, 1], 128), (&[0xb9, 0x64], 12857)] {
            assert_eq!(Cursor::new(bytes, 0).uleb128(), Some(value));
        }
        for (bytes, value) in
            [(&[2][..], 2), (&[0x7e], -2), (&[0xff, 0], 127), (&[0x81, 0x7f], -127), (&[0x80, 0x7f], -128)]
        {
            assert_eq!(Cursor::new(bytes, 0).sleb128(), Some(value));
        }
        assert_eq!(Cursor::new(&[0x80; 11], 0).uleb128(), None);
        assert_eq!(
            Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 0).uleb128(),
            Some(u64::MAX)
        );
        assert_eq!(Cursor::new(&[0x80], 0).sleb128(), None);
    }

    #[test]
    fn the_difference_of_ranges_is_what_is_in_one_alone() {
        let mut seed = 7_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u64::from((seed >> 8) % below)
        };
        for _ in 0..2000 {
            let mut some = || -> Vec<Range<u64>> {
                let count = random(6);
                merged(
                    (0..count)
                        .map(|_| {
                            let start = random(60);
                            start..start + random(12)
                        })
                        .collect(),
                )
            };
            let (from, without) = (some(), some());
            let left = difference(&from, &without);
            for byte in 0..80 {
                let within = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.contains(&byte));
                assert_eq!(within(&left), within(&from) && !within(&without), "{byte}: {from:?} without {without:?}");
                assert_eq!(touching(&from, &(byte..byte + 1)).len(), usize::from(within(&from)));
            }
        }
    }
}
