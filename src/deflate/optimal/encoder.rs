//! The rounds of the encoder, segment by segment.

use rayon::prelude::*;

use super::bit_writer::BitWriter;
use super::block::{Last, write};
use super::format::Token;
use super::histogram::Histogram;
use super::matches::Matches;
use super::optimise::{Block, Parses, guess, optimise};
use super::parse::SegmentMatches;
use super::split::split;

/// Bytes worked on at a time: what memory depends on.
const SEGMENT: usize = 4 << 20;
/// Bytes whose matches one task finds. Each task reads the window before again.
const SLICE: usize = 256 << 10;
/// Bytes parsed at a time before there are blocks.
const FIRST_BLOCK: usize = 64 << 10;
/// Parses of each block in the rounds; before each but the first, blocks are cut anew.
const ROUNDS: [Parses; 4] = [
    Parses { ideal: 2, coded: 0 },
    Parses { ideal: 3, coded: 0 },
    Parses { ideal: 4, coded: 0 },
    Parses { ideal: 8, coded: 4 },
];

/// Compresses `data` into a raw Deflate stream.
pub(in super::super) fn compress(data: &[u8]) -> Vec<u8> {
    let mut writer = BitWriter::default();
    let mut start = 0usize;
    loop {
        let end = data.len().min(start.saturating_add(SEGMENT));
        let mut blocks = segment(data, start, end);
        if end < data.len() && blocks.len() > 1 && blocks.last().is_some_and(|block| block.size < SEGMENT / 8) {
            // It ends where the segment does, not where it should: the next segment begins with it.
            blocks.pop();
        }
        let count = blocks.len();
        for (index, block) in blocks.iter().enumerate() {
            let block_end = start + block.size;
            let last = if block_end == data.len() && index + 1 == count { Last::Yes } else { Last::No };
            write(&mut writer, &data[start..block_end], &block.tokens, &block.code, last);
            start = block_end;
        }
        if start == data.len() {
            return writer.finish();
        }
    }
}

fn segment(data: &[u8], start: usize, end: usize) -> Vec<Block> {
    let starts: Vec<usize> = (start..end).step_by(SLICE).collect();
    let slices = starts.into_par_iter().map(|from| Matches::find(data, from, end.min(from + SLICE))).collect();
    let matches = SegmentMatches { slices, slice_len: SLICE };
    let bytes = &data[start..end];
    let mut sizes: Vec<(usize, Histogram)> =
        bytes.chunks(FIRST_BLOCK).map(|chunk| (chunk.len(), guess(chunk))).collect();
    if sizes.is_empty() {
        sizes.push((0, Histogram::empty()));
    }
    let mut blocks = vec![];
    for (round, parses) in ROUNDS.into_iter().enumerate() {
        let mut from = 0;
        let jobs: Vec<(usize, usize, Histogram)> = sizes
            .drain(..)
            .map(|(size, histogram)| {
                from += size;
                (from - size, size, histogram)
            })
            .collect();
        blocks = jobs
            .into_par_iter()
            .map(|(from, size, histogram)| optimise(&bytes[from..from + size], from, &matches, histogram, parses))
            .collect::<Vec<Block>>();
        if round + 1 < ROUNDS.len() {
            let tokens: Vec<Token> = blocks.iter().flat_map(|block| block.tokens.iter().copied()).collect();
            let mut tokens = &tokens[..];
            for count in split(tokens) {
                let (block, others) = tokens.split_at(count);
                sizes.push((block.iter().map(|token| token.length()).sum(), Histogram::of(block)));
                tokens = others;
            }
            if sizes.is_empty() {
                sizes.push((0, Histogram::empty()));
            }
        }
    }
    blocks
}
