//! How a dynamic block says its code lengths, in as few bits as we can find (RFC 1951, 3.2.7).

use super::bit_writer::BitWriter;
use super::format::{DISTANCES, END_OF_BLOCK, LITERALS};
use super::huffman::{code_lengths, codes};

/// Symbols of the code that code lengths are written in.
const SYMBOLS: usize = 19;
/// The order in which their lengths are written.
const ORDER: [u8; SYMBOLS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Longest code of that code.
const LIMIT: usize = 7;
/// Extra bits of 16 (repeat the last), 17 and 18 (zeros); none for the lengths themselves.
const EXTRA: [u8; SYMBOLS] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];
/// What the symbols cost before anything is known.
const FIRST_GUESS: [u8; SYMBOLS] = [4, 7, 7, 7, 6, 5, 4, 3, 3, 3, 3, 4, 5, 6, 7, 7, 4, 5, 5];

/// Code lengths as they will be written.
#[derive(Debug, Clone)]
pub(super) struct Header {
    literals: usize,
    distances: usize,
    /// Symbol and the value of its extra bits.
    symbols: Vec<(u8, u8)>,
    lengths: [u8; SYMBOLS],
    /// Bits, without the three that begin any block.
    pub(super) bits: u64,
}

impl Header {
    /// The shortest found in `rounds` rounds: choose runs by the price of symbols, make a code for them, which sets new prices.
    pub(super) fn new(literals: &[u8; LITERALS], distances: &[u8; DISTANCES], rounds: usize) -> Self {
        let literal_count = used(literals).max(END_OF_BLOCK + 1);
        let distance_count = used(distances).max(1);
        let all: Vec<u8> = literals[..literal_count].iter().chain(&distances[..distance_count]).copied().collect();
        let mut prices = FIRST_GUESS;
        let mut best: Option<Self> = None;
        for _ in 0..rounds {
            let symbols = cheapest_runs(&all, &prices);
            let mut counts = [0; SYMBOLS];
            symbols.iter().for_each(|&(symbol, _)| counts[usize::from(symbol)] += 1);
            let mut lengths = [0; SYMBOLS];
            code_lengths(&counts, LIMIT, &mut lengths);
            let of_symbols: u64 = (0..SYMBOLS).map(|s| u64::from(counts[s]) * u64::from(lengths[s] + EXTRA[s])).sum();
            let bits = 5 + 5 + 4 + 3 * written(&lengths) as u64 + of_symbols;
            if best.as_ref().is_some_and(|best| best.bits <= bits) {
                break;
            }
            best = Some(Self { literals: literal_count, distances: distance_count, symbols, lengths, bits });
            // A symbol without a code could only come in by making others longer.
            prices = lengths.map(|bits| if bits == 0 { LIMIT as u8 + 1 } else { bits });
        }
        best.expect("at least one round")
    }

    /// What each symbol would cost in the code of this header, extra bits included.
    pub(super) fn prices(&self) -> [u8; SYMBOLS] {
        let mut prices = EXTRA;
        for (price, &bits) in prices.iter_mut().zip(&self.lengths) {
            *price += if bits == 0 { LIMIT as u8 + 1 } else { bits };
        }
        prices
    }

    pub(super) fn write(&self, writer: &mut BitWriter) {
        let count = written(&self.lengths);
        writer.put((self.literals - 257) as u32, 5);
        writer.put((self.distances - 1) as u32, 5);
        writer.put((count - 4) as u32, 4);
        for &symbol in &ORDER[..count] {
            writer.put(self.lengths[usize::from(symbol)].into(), 3);
        }
        let codes = codes(&self.lengths);
        for &(symbol, extra) in &self.symbols {
            let symbol = usize::from(symbol);
            writer.put(codes[symbol].into(), self.lengths[symbol].into());
            writer.put(extra.into(), EXTRA[symbol].into());
        }
    }
}

/// Entries up to the last that is not zero.
fn used(lengths: &[u8]) -> usize {
    lengths.iter().rposition(|&bits| bits > 0).map_or(0, |last| last + 1)
}

/// Entries of [`ORDER`] that must be written, at least four.
fn written(lengths: &[u8; SYMBOLS]) -> usize {
    ORDER.iter().rposition(|&symbol| lengths[usize::from(symbol)] > 0).map_or(4, |last| (last + 1).max(4))
}

/// The cheapest way to say `lengths` under `prices`, from the end backwards.
fn cheapest_runs(lengths: &[u8], prices: &[u8; SYMBOLS]) -> Vec<(u8, u8)> {
    let price = |symbol: u8| u32::from(prices[usize::from(symbol)] + EXTRA[usize::from(symbol)]);
    let mut rest = vec![0u32; lengths.len() + 1];
    let mut choice = vec![(0u8, 0u8); lengths.len()];
    // How many equal ones begin here.
    let mut run = 0;
    for position in (0..lengths.len()).rev() {
        let length = lengths[position];
        run = if lengths.get(position + 1) == Some(&length) { run + 1 } else { 1 };
        let mut best = (price(length) + rest[position + 1], (length, 1));
        let mut consider = |symbol: u8, count: usize| {
            let total = price(symbol) + rest[position + count];
            if total < best.0 {
                best = (total, (symbol, count as u8));
            }
        };
        if length == 0 {
            (3..=run.min(10)).for_each(|count| consider(17, count));
            // A few less than all, so that what is left is long enough for a symbol of its own.
            let most = run.min(138);
            (most.saturating_sub(3).max(11)..=most).for_each(|count| consider(18, count));
        }
        if position > 0 && lengths[position - 1] == length {
            (3..=run.min(6)).for_each(|count| consider(16, count));
        }
        (rest[position], choice[position]) = best;
    }
    let mut symbols = vec![];
    let mut position = 0;
    while let Some(&(symbol, count)) = choice.get(position) {
        let extra = match symbol {
            16 | 17 => count - 3,
            18 => count - 11,
            _ => 0,
        };
        symbols.push((symbol, extra));
        position += usize::from(count);
    }
    symbols
}
