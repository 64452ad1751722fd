//! Where to begin a new block: dynamic programming over all places on a grid, then the best place near each.

use rayon::prelude::*;

use super::block::stored_bits;
use super::format::{DISTANCE_EXTRA, DISTANCES, END_OF_BLOCK, LITERAL_EXTRA, LITERALS, Token};
use super::log2::{ONE, times_log2};

/// Most bytes of a block, so that prices of a whole block fit their integers.
pub(super) const MAX_BLOCK: usize = 1 << 20;
/// Tokens between two places on the grid.
const CELL_TOKENS: usize = 512;
/// Bytes after which a cell ends whatever its tokens: many fit a block.
const CELL_BYTES: usize = MAX_BLOCK / 32;
/// Most cells of a block.
const MOST_CELLS: usize = 256;
/// Symbols of both alphabets.
const SYMBOLS: usize = LITERALS + DISTANCES;

/// A run of tokens with its counts.
#[derive(Clone)]
struct Cell {
    counts: [u16; SYMBOLS],
    tokens: usize,
    bytes: usize,
    extra_bits: u32,
}

/// Cuts `tokens` into blocks; returns how many tokens each has.
pub(super) fn split(tokens: &[Token]) -> Vec<usize> {
    let cells = cells(tokens);
    let rows: Vec<Vec<u64>> = (0..cells.len()).into_par_iter().map(|first| row(&cells[first..])).collect();
    // Cheapest price of the cells before each place, and where the last block of that begins.
    let mut best = vec![(u64::MAX, 0usize); cells.len() + 1];
    best[0] = (0, 0);
    for (first, row) in rows.iter().enumerate() {
        let before = best[first].0;
        for (place, &bits) in best[first + 1..].iter_mut().zip(row) {
            let total = before.saturating_add(bits);
            if total < place.0 {
                *place = (total, first);
            }
        }
    }
    let mut places = vec![];
    let mut place = cells.len();
    while place > 0 {
        places.push(place);
        place = best[place].1;
    }
    places.reverse();
    let mut start = 0;
    let mut sizes: Vec<usize> = vec![];
    for place in places {
        sizes.push(cells[start..place].iter().map(|cell| cell.tokens).sum());
        start = place;
    }
    sizes
}

fn cells(tokens: &[Token]) -> Vec<Cell> {
    let empty = Cell { counts: [0; SYMBOLS], tokens: 0, bytes: 0, extra_bits: 0 };
    let mut cells = vec![];
    let mut cell = empty.clone();
    for &token in tokens {
        let symbol = token.literal_symbol();
        cell.counts[symbol] += 1;
        cell.extra_bits += u32::from(LITERAL_EXTRA[symbol]);
        if !token.is_literal() {
            cell.counts[LITERALS + token.slot()] += 1;
            cell.extra_bits += u32::from(DISTANCE_EXTRA[token.slot()]);
        }
        cell.tokens += 1;
        cell.bytes += token.length();
        if cell.tokens == CELL_TOKENS || cell.bytes >= CELL_BYTES {
            cells.push(std::mem::replace(&mut cell, empty.clone()));
        }
    }
    if cell.tokens > 0 {
        cells.push(cell);
    }
    cells
}

/// Estimated bits of the block of the first 1, 2, 3... cells; `u64::MAX` where a block may not end.
fn row(cells: &[Cell]) -> Vec<u64> {
    let mut counts = [0u32; SYMBOLS];
    counts[END_OF_BLOCK] = 1;
    let (mut bytes, mut extra_bits) = (0, 0);
    let mut row = vec![];
    for (index, cell) in cells.iter().take(MOST_CELLS).enumerate() {
        counts.iter_mut().zip(&cell.counts).for_each(|(sum, &count)| *sum += u32::from(count));
        bytes += cell.bytes;
        extra_bits += u64::from(cell.extra_bits);
        if bytes > MAX_BLOCK && index > 0 {
            break;
        }
        // The larger the block, the coarser its end: it is moved to its best place later.
        let grain = ((index + 1) / 32).next_power_of_two();
        if (index + 1) % grain != 0 && index + 1 != cells.len() {
            row.push(u64::MAX);
            continue;
        }
        let dynamic = estimate(&counts) + extra_bits;
        row.push(dynamic.min(stored_bits(bytes, 4)));
    }
    row
}

/// Estimated bits of a dynamic block: header and ideal codes.
fn estimate(counts: &[u32; SYMBOLS]) -> u64 {
    let (literals, distances) = counts.split_at(LITERALS);
    let (literal_bits, literal_symbols) = ideal_bits(literals);
    let (distance_bits, distance_symbols) = ideal_bits(distances);
    (literal_bits + distance_bits) / u64::from(ONE) + header_estimate(literal_symbols, distance_symbols)
}

/// Bits of a header, from how many symbols have a code.
fn header_estimate(literals: u64, distances: u64) -> u64 {
    80 + (literals * 29 + distances * 30) / 10
}

/// Bits of an ideal code in units of 1 / [`ONE`], and how many symbols are used.
fn ideal_bits(counts: &[u32]) -> (u64, u64) {
    let (mut sum, mut used, mut parts) = (0u32, 0, 0);
    for &count in counts {
        sum += count;
        used += u64::from(count > 0);
        parts += times_log2(count);
    }
    (times_log2(sum).saturating_sub(parts), used)
}
