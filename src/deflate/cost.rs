//! What each range of the output costs in the stream.
//!
//! A token's bits belong to the bytes that it produced, in equal parts; a block's header bits to all bytes of the block,
//! in equal parts. Where a share is no whole number of bits it is kept in fixed point, cut so that no part of a bit is lost:
//! the costs of gapless ranges sum to the stream exactly.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::DeflateError;
use super::trace::{TokenSink, trace};
use crate::units::ByteSize;

/// A number of bits, to 2^-20 of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bits(u64);

impl Bits {
    /// No bits.
    pub const ZERO: Bits = Bits(0);
    /// Fixed-point units in one bit. 4 GiB, the most that a zip without zip64 can hold, take 55 of the 64 binary digits.
    const UNIT: u64 = 1 << 20;

    /// `bits` whole bits.
    ///
    /// # Panics
    /// From 2^44 bits (2 TiB) on, which no stream in memory has.
    #[must_use]
    pub const fn whole(bits: u64) -> Self {
        Self(bits.checked_mul(Self::UNIT).expect("streams are far below 2^44 bits"))
    }

    /// The bits of `size` bytes.
    ///
    /// # Panics
    /// From 2^41 bytes on, as [`Bits::whole`].
    #[must_use]
    pub const fn of_bytes(size: ByteSize) -> Self {
        Self::whole(size.get().checked_mul(8).expect("streams are far below 2^41 bytes"))
    }

    /// The number of bits, for display and models.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for display; sums are made in fixed point")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64 / Self::UNIT as f64
    }

    /// The units of the first `part` of `whole` equal pieces, rounded down; the pieces between, taken as differences, sum to
    /// all of it.
    fn first(self, part: u64, whole: u64) -> u64 {
        let share = u128::from(self.0) * u128::from(part) / u128::from(whole);
        u64::try_from(share).expect("a part is not larger than its whole")
    }
}

impl Add for Bits {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("streams are far below 2^44 bits"))
    }
}

impl AddAssign for Bits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Bits {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::ZERO, Add::add)
    }
}

/// The cost in `stream` of each range of its output.
///
/// The ranges lie gapless from 0: range `i` goes from `range_ends[i - 1]` to `range_ends[i]`, and the last one ends where the
/// output ends. Empty ranges cost nothing. The costs sum to `8 * stream.len()` bits exactly. Where the stream has no output
/// at all, the first range carries its bits.
///
/// One pass over the stream; memory for the ranges alone.
///
/// ```
/// use lambda_slim::deflate::{Bits, Effort, compress, cost_per_range};
///
/// let stream = compress(b"mmmmmmmmmmmmmmmmmmmmmmmmm, and some words", Effort::Default);
/// let costs = cost_per_range(&stream, &[25, 41])?;
/// assert!(costs[0] < costs[1], "a run is cheap, words are not");
/// assert_eq!(costs[0] + costs[1], Bits::whole(8 * stream.len() as u64));
/// # Ok::<(), lambda_slim::deflate::DeflateError>(())
/// ```
///
/// # Errors
/// Where the ends run backwards, where there is no range, or where the stream is not valid Deflate for exactly the output
/// that the ranges cover.
pub fn cost_per_range(stream: &[u8], range_ends: &[u64]) -> Result<Vec<Bits>, DeflateError> {
    let mut start = 0;
    for (index, &end) in range_ends.iter().enumerate() {
        if end < start {
            return Err(DeflateError::RangesNotSorted { index, start, end });
        }
        start = end;
    }
    let Some((&first_end, &size)) = range_ends.first().zip(range_ends.last()) else {
        return Err(DeflateError::NoRanges);
    };
    let mut map = CostMap {
        ends: range_ends,
        costs: vec![Bits::ZERO; range_ends.len()],
        range: 0,
        range_end: first_end,
        position: 0,
        pending: 0,
        block: BlockStart { range: 0, position: 0 },
    };
    trace(stream, ByteSize::new(size), &mut map)?;
    Ok(map.costs)
}

/// Where the current block began.
#[derive(Clone, Copy)]
struct BlockStart {
    range: usize,
    position: u64,
}

/// Sums the bits of tokens and headers by range.
struct CostMap<'r> {
    /// Sorted; the tracer produces no byte past the last one.
    ends: &'r [u64],
    costs: Vec<Bits>,
    /// The range that the next byte lies in, or the last one.
    range: usize,
    range_end: u64,
    position: u64,
    /// Bits of tokens that lie inside the current range and are not in `costs` yet.
    pending: u64,
    block: BlockStart,
}

impl CostMap<'_> {
    /// Settles the current range.
    fn settle(&mut self) {
        self.costs[self.range] += Bits::whole(std::mem::take(&mut self.pending));
    }

    /// Moves to the range that holds the byte at `self.position`; stays on the last range at the end.
    fn seek(&mut self) {
        while self.range_end <= self.position
            && let Some(&end) = self.ends.get(self.range + 1)
        {
            self.range += 1;
            self.range_end = end;
        }
    }

    /// Spreads `bits` over `length` bytes from `start` on.the range that the byte after them lies in.
    fn spread(&mut self, start: BlockStart, length: u64, bits: Bits) {
        let end = start.position + length;
        let mut from = start.position;
        let ranges = self.ends.iter().zip(&mut self.costs).skip(start.range);
        for (&range_end, cost) in ranges {
            let to = range_end.min(end);
            if to > from {
                let before = bits.first(from - start.position, length);
                *cost += Bits(bits.first(to - start.position, length) - before);
                from = to;
            }
            if from == end {
                break;
            }
        }
    }

    /// A token that reaches the end of its range.
    #[cold]
    fn token_over_end(&mut self, output_len: u32, bits: u32) {
        self.settle();
        self.seek();
        let start = BlockStart {
            range: self.range,
            position: self.position,
        };
        self.spread(start, u64::from(output_len), Bits::whole(u64::from(bits)));
        self.position += u64::from(output_len);
        self.seek();
    }
}

impl TokenSink for CostMap<'_> {
    #[inline(always)]
    fn token(&mut self, output_len: u32, bits: u32) {
        if self.position + u64::from(output_len) < self.range_end {
            self.position += u64::from(output_len);
            self.pending += u64::from(bits);
        } else {
            self.token_over_end(output_len, bits);
        }
    }

    fn block_end(&mut self, output_len: u64, header_bits: u64) {
        self.settle();
        let bits = Bits::whole(header_bits);
        if output_len == 0 {
            // The whole stream has no output: every range is empty, and the first carries it.
            self.costs[0] += bits;
            return;
        }
        self.spread(self.block, output_len, bits);
        self.block = BlockStart {
            range: self.range,
            position: self.position,
        };
    }
}

/// Turns costs in bits into whole bytes that sum to `total` exactly, by largest remainder; of equal remainders the earlier
/// range's is served first. Where all costs are zero, the first range carries the total.
///
/// ```
/// use lambda_slim::deflate::{Bits, to_bytes};
/// use lambda_slim::units::ByteSize;
///
/// let costs = [Bits::whole(12), Bits::whole(9), Bits::whole(3)];
/// let bytes = to_bytes(&costs, ByteSize::new(3));
/// assert_eq!(bytes, [2, 1, 0].map(ByteSize::new));
/// ```
#[must_use]
pub fn to_bytes(costs: &[Bits], total: ByteSize) -> Vec<ByteSize> {
    let sum: u128 = costs.iter().map(|cost| u128::from(cost.0)).sum();
    if sum == 0 {
        let mut sizes = vec![ByteSize::ZERO; costs.len()];
        if let Some(first) = sizes.first_mut() {
            *first = total;
        }
        return sizes;
    }
    let shares = || costs.iter().map(|cost| u128::from(cost.0) * u128::from(total.get()));
    let mut sizes: Vec<u64> = shares()
        .map(|share| u64::try_from(share / sum).expect("a share is not larger than the total"))
        .collect();
    let mut by_remainder: Vec<(u128, usize)> = shares()
        .enumerate()
        .map(|(index, share)| (share % sum, index))
        .collect();
    by_remainder.sort_unstable_by_key(|&(remainder, index)| (std::cmp::Reverse(remainder), index));
    let missing = total.get() - sizes.iter().sum::<u64>();
    let missing = usize::try_from(missing).expect("rounding down loses less than one byte per range");
    for &(_, index) in by_remainder.iter().take(missing) {
        sizes[index] += 1;
    }
    sizes.into_iter().map(ByteSize::new).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Effort, compress};
    use super::*;

    /// "ababa" as two literals and a match in one fixed block: 3 + 8 + 8 + (7 + 5) + 7 = 38 bits, padded to 40.
    const ABABA: &[u8] = &[0x4b, 0x4c, 0x02, 0x42, 0x00];

    #[test]
    fn a_match_is_split_by_bytes_and_the_header_over_the_block() {
        // 12 header bits over 5 bytes are 2.4 a byte; the match's 12 bits over 3 bytes are 4 a byte.
        let costs = cost_per_range(ABABA, &[1, 3, 3, 5]).unwrap();
        for (cost, expected) in costs.iter().zip([8.0 + 2.4, 8.0 + 4.0 + 4.8, 0.0, 8.0 + 4.8]) {
            assert!((cost.as_f64() - expected).abs() < 1e-5, "{cost:?} is not {expected}");
        }
        assert_eq!(costs.into_iter().sum::<Bits>(), Bits::whole(40));
    }

    #[test]
    fn an_empty_stream_costs_its_first_range() {
        let empty = [0x03, 0x00];
        assert_eq!(cost_per_range(&empty, &[0, 0]), Ok(vec![Bits::whole(16), Bits::ZERO]));
        assert_eq!(cost_per_range(&empty, &[]), Err(DeflateError::NoRanges));
    }

    #[test]
    fn ranges_must_cover_the_output() {
        let expected = ByteSize::new(4);
        assert_eq!(
            cost_per_range(ABABA, &[4]),
            Err(DeflateError::OutputTooLong { expected })
        );
        let (expected, produced) = (ByteSize::new(6), ByteSize::new(5));
        let too_short = DeflateError::OutputTooShort { expected, produced };
        assert_eq!(cost_per_range(ABABA, &[6]), Err(too_short));
        let backwards = DeflateError::RangesNotSorted {
            index: 1,
            start: 3,
            end: 2,
        };
        assert_eq!(cost_per_range(ABABA, &[3, 2, 5]), Err(backwards));
    }

    #[test]
    fn without_any_cost_the_first_range_carries_the_total() {
        let sizes = to_bytes(&[Bits::ZERO; 2], ByteSize::new(5));
        assert_eq!(sizes, [ByteSize::new(5), ByteSize::ZERO]);
        assert_eq!(to_bytes(&[], ByteSize::ZERO), []);
    }

    proptest! {
        #[test]
        fn costs_sum_to_the_stream_and_a_coarser_cut_costs_the_same(
            data in prop::collection::vec(0u8..6, 1..5000),
            cuts in prop::collection::vec(0usize..5000, 0..40),
        ) {
            let stream = compress(&data, Effort::Fast);
            let size = data.len() as u64;
            let mut ends: Vec<u64> = cuts.into_iter().map(|cut| (cut % data.len()) as u64).collect();
            ends.push(size);
            ends.sort_unstable();
            let costs = cost_per_range(&stream, &ends).unwrap();
            let whole = Bits::of_bytes(ByteSize::of(&stream));
            prop_assert_eq!(costs.iter().copied().sum::<Bits>(), whole);

            let per_byte = cost_per_range(&stream, &(1..=size).collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(per_byte.iter().copied().sum::<Bits>(), whole);
            let mut start = 0;
            for (&end, cost) in ends.iter().zip(&costs) {
                let fine: f64 = per_byte[start as usize..end as usize].iter().map(|cost| cost.as_f64()).sum();
                prop_assert!((fine - cost.as_f64()).abs() < 0.01, "{} bits, byte by byte {}", cost.as_f64(), fine);
                start = end;
            }

            let sizes = to_bytes(&costs, ByteSize::of(&stream));
            prop_assert_eq!(sizes.iter().copied().sum::<ByteSize>(), ByteSize::of(&stream));
            for (size, cost) in sizes.iter().zip(&costs) {
                prop_assert!((size.as_f64() - cost.as_f64() / 8.0).abs() < 1.0);
            }
        }

        #[test]
        fn bytes_sum_to_the_total_whatever_the_costs(
            costs in prop::collection::vec(0u64..1 << 54, 1..200),
            total in 0u64..1 << 32,
        ) {
            let costs: Vec<Bits> = costs.into_iter().map(Bits).collect();
            let sizes = to_bytes(&costs, ByteSize::new(total));
            prop_assert_eq!(sizes.into_iter().sum::<ByteSize>(), ByteSize::new(total));
        }
    }
}
