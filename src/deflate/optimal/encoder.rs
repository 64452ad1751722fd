//! The rounds of the encoder, segment by segment.

use rayon::prelude::*;

use super::bit_writer::BitWriter;
use super::block::{Code, Last, write};
use super::format::Token;
use super::histogram::Histogram;
use super::matches::Matches;
use super::optimise::{Block, Parses, guess, optimise};
use super::parse::SegmentMatches;
use super::split::split;

/// How the bytes are divided. Never by thread: the stream depends on it.
#[derive(Clone, Copy)]
pub(super) struct Division {
    /// Bytes worked on at a time: what memory depends on, 30 to 40 bytes for each.
    pub(super) segment: usize,
    /// Bytes whose matches one task finds. Each task reads the window before again.
    pub(super) slice: usize,
    /// Bytes parsed together before there are blocks.
    pub(super) first_block: usize,
}

const DIVISION: Division = Division { segment: 4 << 20, slice: 256 << 10, first_block: 64 << 10 };

/// What comes before the parses of a round.
enum Blocks {
    /// Blocks of equal size.
    Equal,
    /// Blocks cut anew, on a grid of so many tokens.
    Cut(usize),
}

/// The rounds. On five files (2026-11-24: 8.6 MB of x86_64 and arm64 executables and a library) they came to 3,635,165 bytes;
/// with one parse in each of the first three, 3,636,753; with 3, 4, 6 and 12 under ideal prices, 3,635,227 for 1.4 times the time.
const ROUNDS: [(Blocks, Parses); 4] = [
    (Blocks::Equal, Parses { ideal: 2, coded: 0 }),
    (Blocks::Cut(512), Parses { ideal: 2, coded: 0 }),
    (Blocks::Cut(256), Parses { ideal: 2, coded: 0 }),
    (Blocks::Cut(256), Parses { ideal: 3, coded: 6 }),
];

/// Compresses `data` into a raw Deflate stream.
pub(in super::super) fn compress(data: &[u8]) -> Vec<u8> {
    compress_divided(data, DIVISION)
}

/// The same, divided in another way.
pub(super) fn compress_divided(data: &[u8], division: Division) -> Vec<u8> {
    let mut writer = BitWriter::default();
    if data.is_empty() {
        write(&mut writer, &[], &[], &Code::quick(&Histogram::empty()), Last::Yes);
    }
    let mut start = 0;
    while start < data.len() {
        let end = data.len().min(start.saturating_add(division.segment));
        let mut blocks = segment(data, start, end, division);
        if end < data.len() && blocks.len() > 1 && blocks.last().is_some_and(|block| block.size < division.segment / 8)
        {
            // It ends where the segment does, not where it should: the next segment begins with it.
            blocks.pop();
        }
        for block in blocks {
            let block_end = start + block.size;
            let last = if block_end == data.len() { Last::Yes } else { Last::No };
            write(&mut writer, &data[start..block_end], &block.tokens, &block.code, last);
            start = block_end;
        }
    }
    writer.finish()
}

/// The blocks of `data[start..end]`, which is not empty.
fn segment(data: &[u8], start: usize, end: usize, division: Division) -> Vec<Block> {
    let starts: Vec<usize> = (start..end).step_by(division.slice).collect();
    let find = |from| Matches::find(data, from, end.min(from + division.slice));
    let matches = SegmentMatches { slices: starts.into_par_iter().map(find).collect(), slice_len: division.slice };
    let bytes = &data[start..end];
    let mut blocks: Vec<Block> = vec![];
    for (division_of_round, parses) in ROUNDS {
        let planned = match division_of_round {
            Blocks::Equal => bytes.chunks(division.first_block).map(|part| (part.len(), guess(part))).collect(),
            Blocks::Cut(grain) => cut(&blocks, grain),
        };
        // What was parsed is of no more use.
        blocks.clear();
        let mut from = 0;
        let planned: Vec<(usize, &[u8], Histogram)> = planned
            .into_iter()
            .map(|(size, expected)| {
                from += size;
                (from - size, &bytes[from - size..from], expected)
            })
            .collect();
        blocks = planned
            .into_par_iter()
            .map(|(from, bytes, expected)| optimise(bytes, from, &matches, expected, parses))
            .collect();
    }
    blocks
}

/// Cuts the tokens of `blocks` anew: the size of each block in bytes, and what its symbols are.
fn cut(blocks: &[Block], grain: usize) -> Vec<(usize, Histogram)> {
    let tokens: Vec<Token> = blocks.iter().flat_map(|block| block.tokens.iter().copied()).collect();
    let mut left = &tokens[..];
    let mut planned = vec![];
    for count in split(&tokens, grain) {
        let (block, others) = left.split_at(count);
        planned.push((block.iter().map(|token| token.length()).sum(), Histogram::of(block)));
        left = others;
    }
    planned
}
