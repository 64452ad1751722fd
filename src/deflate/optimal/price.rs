//! What symbols cost, in fractions of bits, as the parser weighs them.

use super::format::{DISTANCE_EXTRA, DISTANCES, LITERAL_EXTRA, LITERALS, MAX_MATCH, MIN_MATCH, length_symbol};
use super::histogram::Histogram;
use super::log2::{ONE, log2};

/// A bit in prices. A block of [`MAX_BLOCK`](super::split::MAX_BLOCK) bytes at the highest price must fit 32 bits.
pub(super) const BIT: u32 = 1 << 7;
/// What a symbol costs at most.
const HIGHEST: u32 = 18 * BIT;

/// Prices of all tokens.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    /// By byte.
    pub(super) literals: [u32; 256],
    /// By length: code and extra bits.
    pub(super) lengths: [u32; MAX_MATCH + 1],
    /// By slot: code and extra bits. Two more than there are, so that any five bits index it.
    pub(super) distances: [u32; 32],
}

impl Prices {
    /// What symbols would cost in an ideal code for `histogram`: unlike whole bits, such prices tell a symbol that is about to
    /// get a shorter code from one that just has got it.
    pub(super) fn ideal(histogram: &Histogram) -> Self {
        let mut literals = [0; LITERALS];
        ideal(&histogram.literals, &mut literals);
        let mut distances = [0; DISTANCES];
        ideal(&histogram.distances, &mut distances);
        Self::from_symbols(&literals, &distances)
    }

    /// What symbols cost in codes of these lengths, 0 for symbols without a code.
    pub(super) fn coded(literals: &[u8], distances: &[u8]) -> Self {
        let mut literal_prices = [HIGHEST; LITERALS];
        let mut distance_prices = [HIGHEST; DISTANCES];
        for (lengths, prices) in [(literals, &mut literal_prices[..]), (distances, &mut distance_prices[..])] {
            for (&bits, price) in lengths.iter().zip(prices).filter(|&(&bits, _)| bits > 0) {
                *price = u32::from(bits) * BIT;
            }
        }
        Self::from_symbols(&literal_prices, &distance_prices)
    }

    fn from_symbols(symbols: &[u32; LITERALS], slots: &[u32; DISTANCES]) -> Self {
        let mut prices = Self { literals: [0; 256], lengths: [0; MAX_MATCH + 1], distances: [HIGHEST; 32] };
        prices.literals.copy_from_slice(&symbols[..256]);
        for length in MIN_MATCH..=MAX_MATCH {
            let symbol = length_symbol(length);
            prices.lengths[length] = symbols[symbol] + u32::from(LITERAL_EXTRA[symbol]) * BIT;
        }
        for (price, (&code, &extra)) in prices.distances.iter_mut().zip(slots.iter().zip(&DISTANCE_EXTRA)) {
            *price = code + u32::from(extra) * BIT;
        }
        prices
    }
}

/// Prices of one alphabet.
fn ideal(counts: &[u32], prices: &mut [u32]) {
    let total = log2(counts.iter().sum::<u32>().max(1));
    for (&count, price) in counts.iter().zip(prices) {
        // A symbol that was not used would have to be added to the code: as if it were used half a time.
        let bits = if count == 0 { total + ONE } else { total - log2(count) };
        *price = (bits / (ONE / BIT)).clamp(1, HIGHEST);
    }
}
