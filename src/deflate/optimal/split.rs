//! Where to begin a new block: dynamic programming over all places on a grid, then the best place near each.

use rayon::prelude::*;

use super::format::Token;
use super::tally::{SYMBOLS, Tally, symbols};

/// Most bytes of a block, so that prices of a whole block fit their integers.
pub(super) const MAX_BLOCK: usize = 1 << 20;
/// Bytes after which a cell ends whatever its tokens: many fit a block.
const CELL_BYTES: usize = MAX_BLOCK / 64;
/// The larger the block, the coarser the grid of its end: cells of each level are made of so many of the level below.
const LEVEL: usize = 4;
const LEVELS: usize = 4;
/// Places of each level that a row has at least.
const PLACES_PER_LEVEL: usize = 24;
/// How far, in tokens, a block's end is moved from the grid.
const REACH: usize = 1024;

/// A run of tokens with its counts.
struct Cell {
    /// Symbols that occur, and how often.
    counts: Vec<(u16, u32)>,
    tokens: usize,
    bytes: usize,
}

/// Cuts `tokens` into blocks, at first on a grid of `grain` tokens; returns how many tokens each has.
pub(super) fn split(tokens: &[Token], grain: usize) -> Vec<usize> {
    let levels = levels(tokens, grain);
    let count = levels[0].len();
    let rows: Vec<Vec<(usize, u64)>> = (0..count).into_par_iter().map(|first| row(&levels, first)).collect();
    // Cheapest price of the cells before each place, and where the last block of that begins.
    let mut best = vec![(u64::MAX, 0usize); count + 1];
    best[0] = (0, 0);
    for (first, row) in rows.iter().enumerate() {
        let before = best[first].0;
        for &(end, bits) in row {
            let total = before + bits;
            if total < best[end].0 {
                best[end] = (total, first);
            }
        }
    }
    let mut ends = vec![];
    let mut end = count;
    while end > 0 {
        ends.push(end);
        end = best[end].1;
    }
    ends.reverse();
    let mut start = 0;
    let mut sizes: Vec<usize> = vec![];
    for end in ends {
        sizes.push(levels[0][start..end].iter().map(|cell| cell.tokens).sum());
        start = end;
    }
    move_ends(tokens, &mut sizes);
    sizes
}

/// The cells, and the cells made of them, level by level. The last of a level may be made of fewer.
fn levels(tokens: &[Token], grain: usize) -> Vec<Vec<Cell>> {
    let mut levels = vec![cells(tokens, grain)];
    for level in 1..LEVELS {
        levels.push(levels[level - 1].chunks(LEVEL).map(merged).collect());
    }
    levels
}

fn cells(tokens: &[Token], grain: usize) -> Vec<Cell> {
    let mut cells = vec![];
    let mut counts = [0u32; SYMBOLS];
    let (mut start, mut bytes) = (0, 0);
    for (index, &token) in tokens.iter().enumerate() {
        let (literal, distance) = symbols(token);
        counts[literal] += 1;
        if let Some(distance) = distance {
            counts[distance] += 1;
        }
        bytes += token.length();
        let count = index + 1 - start;
        if count == grain || bytes >= CELL_BYTES || index + 1 == tokens.len() {
            cells.push(Cell { counts: take_used(&mut counts), tokens: count, bytes });
            (start, bytes) = (index + 1, 0);
        }
    }
    cells
}

fn merged(cells: &[Cell]) -> Cell {
    let mut counts = [0u32; SYMBOLS];
    for &(symbol, count) in cells.iter().flat_map(|cell| &cell.counts) {
        counts[usize::from(symbol)] += count;
    }
    let tokens = cells.iter().map(|cell| cell.tokens).sum();
    Cell { counts: take_used(&mut counts), tokens, bytes: cells.iter().map(|cell| cell.bytes).sum() }
}

/// What is counted; leaves zeros behind.
fn take_used(counts: &mut [u32; SYMBOLS]) -> Vec<(u16, u32)> {
    let used = counts.iter_mut().zip(0u16..).filter(|(count, _)| **count > 0);
    used.map(|(count, symbol)| (symbol, std::mem::take(count))).collect()
}

/// Ends of blocks that begin at cell `first`, with the estimated bits of each.
fn row(levels: &[Vec<Cell>], first: usize) -> Vec<(usize, u64)> {
    let mut tally = Tally::empty();
    let mut row = vec![];
    let (mut end, mut level, mut size) = (first, 0, 1);
    while end < levels[0].len() {
        // Up to the next level where that is long enough and the place is one of its own.
        if level + 1 < levels.len() && end - first >= PLACES_PER_LEVEL * size && end % (size * LEVEL) == 0 {
            (level, size) = (level + 1, size * LEVEL);
        } else if level + 1 == levels.len() && end - first >= PLACES_PER_LEVEL * size {
            break;
        }
        let cell = &levels[level][end / size];
        if tally.bytes() + cell.bytes > MAX_BLOCK && end > first {
            break;
        }
        cell.counts.iter().for_each(|&(symbol, count)| tally.add(usize::from(symbol), count));
        tally.add_bytes(cell.bytes);
        end = levels[0].len().min(end + size);
        row.push((end, tally.estimate()));
    }
    row
}

/// Moves each end of a block to the best place near it, given the ends before and after.
fn move_ends(tokens: &[Token], sizes: &mut [usize]) {
    let mut start = 0;
    for index in 1..sizes.len() {
        let (before, after) = (sizes[index - 1], sizes[index]);
        let pair = &tokens[start..start + before + after];
        let place = best_place(pair, before);
        (sizes[index - 1], sizes[index]) = (place, before + after - place);
        start += place;
    }
}

/// The best place to cut `tokens` in two, near `middle`.
fn best_place(tokens: &[Token], middle: usize) -> usize {
    let (first, last) = (middle.saturating_sub(REACH).max(1), (middle + REACH).min(tokens.len() - 1));
    let (mut left, mut right) = (Tally::empty(), Tally::empty());
    tokens[..first].iter().for_each(|&token| left.add_token(token));
    tokens[first..].iter().for_each(|&token| right.add_token(token));
    let mut best = (u64::MAX, middle);
    for (place, &token) in tokens.iter().enumerate().take(last + 1).skip(first) {
        let bits = left.estimate() + right.estimate();
        if bits < best.0 && left.bytes() <= MAX_BLOCK && right.bytes() <= MAX_BLOCK {
            best = (bits, place);
        }
        left.add_token(token);
        right.remove_token(token);
    }
    best.1
}
