//! How often each symbol occurs in a run of tokens.

use super::format::{DISTANCE_EXTRA, DISTANCES, END_OF_BLOCK, LITERAL_EXTRA, LITERALS, Token};

/// Counts of the symbols of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Histogram {
    /// Literals, lengths, and one end of block.
    pub(super) literals: [u32; LITERALS],
    /// Distance slots.
    pub(super) distances: [u32; DISTANCES],
}

impl Histogram {
    /// Of a block without tokens: its end alone.
    pub(super) fn empty() -> Self {
        let mut literals = [0; LITERALS];
        literals[END_OF_BLOCK] = 1;
        Self { literals, distances: [0; DISTANCES] }
    }

    pub(super) fn of(tokens: &[Token]) -> Self {
        let mut histogram = Self::empty();
        tokens.iter().for_each(|&token| histogram.add(token));
        histogram
    }

    /// Of a block that says its bytes as they are.
    pub(super) fn of_literals(bytes: &[u8]) -> Self {
        let mut histogram = Self::empty();
        bytes.iter().for_each(|&byte| histogram.literals[usize::from(byte)] += 1);
        histogram
    }

    #[inline(always)]
    pub(super) fn add(&mut self, token: Token) {
        self.literals[token.literal_symbol()] += 1;
        if !token.is_literal() {
            self.distances[token.slot()] += 1;
        }
    }

    /// Bits that follow the codes.
    pub(super) fn extra_bits(&self) -> u64 {
        weighted(&self.literals[257..], &LITERAL_EXTRA[257..]) + weighted(&self.distances, &DISTANCE_EXTRA)
    }
}

/// Bits of all symbols, each of its `bits`.
pub(super) fn weighted(counts: &[u32], bits: &[u8]) -> u64 {
    counts.iter().zip(bits).map(|(&count, &bits)| u64::from(count) * u64::from(bits)).sum()
}
