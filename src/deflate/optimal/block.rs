//! A block's form: stored, fixed or dynamic, whichever is smallest.

use super::bit_writer::BitWriter;
use super::format::{
    DISTANCE_BASE, DISTANCE_EXTRA, DISTANCES, END_OF_BLOCK, LITERAL_EXTRA, LITERALS, MAX_CODE_BITS, Token, length_base,
};
use super::header::Header;
use super::histogram::{Histogram, weighted};
use super::huffman::{code_lengths, codes};
use super::smooth::smoothed;

/// Most bytes of a stored block.
const STORED_MOST: usize = 65535;
/// Lengths of the fixed code.
pub(super) const FIXED_LITERALS: [u8; LITERALS] = {
    let mut lengths = [8; LITERALS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
};
pub(super) const FIXED_DISTANCES: [u8; DISTANCES] = [5; DISTANCES];
/// Rounds over a header: when sizes are compared, and when it will be written.
const ROUNDS_QUICK: usize = 2;
const ROUNDS_FINAL: usize = 8;
/// Times that lengths are made alike, each time by the prices of the last header.
const SMOOTHINGS: usize = 4;

/// Code lengths of a dynamic block, and how they are written.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) literals: [u8; LITERALS],
    pub(super) distances: [u8; DISTANCES],
    header: Header,
    /// Bits of the block, its beginning and end included.
    pub(super) bits: u64,
}

impl Code {
    /// The optimal code for the tokens alone.
    pub(super) fn quick(histogram: &Histogram) -> Self {
        Self::of(histogram, histogram, ROUNDS_QUICK)
    }

    /// As small a block as we can find: lengths that are not optimal for the tokens may be said in fewer bits.
    pub(super) fn thorough(histogram: &Histogram) -> Self {
        let mut best = Self::of(histogram, histogram, ROUNDS_FINAL);
        for _ in 0..SMOOTHINGS {
            let prices = best.header.prices();
            let model = Histogram {
                literals: smoothed(&histogram.literals, &prices).try_into().expect("as many as there were"),
                distances: smoothed(&histogram.distances, &prices).try_into().expect("as many as there were"),
            };
            let code = Self::of(histogram, &model, ROUNDS_FINAL);
            if code.bits >= best.bits {
                break;
            }
            best = code;
        }
        best
    }

    /// The code that is optimal for `model`, used for `histogram`.
    fn of(histogram: &Histogram, model: &Histogram, rounds: usize) -> Self {
        let mut literals = [0; LITERALS];
        code_lengths(&model.literals, MAX_CODE_BITS, &mut literals);
        let mut distances = [0; DISTANCES];
        code_lengths(&model.distances, MAX_CODE_BITS, &mut distances);
        Self::with(histogram, literals, distances, rounds)
    }

    fn with(histogram: &Histogram, literals: [u8; LITERALS], distances: [u8; DISTANCES], rounds: usize) -> Self {
        let header = Header::new(&literals, &distances, rounds);
        let tokens = weighted(&histogram.literals, &literals) + weighted(&histogram.distances, &distances);
        let bits = 3 + header.bits + tokens + histogram.extra_bits();
        Self { literals, distances, header, bits }
    }
}

/// Bits of a fixed block.
pub(super) fn fixed_bits(histogram: &Histogram) -> u64 {
    let tokens = weighted(&histogram.literals, &FIXED_LITERALS) + weighted(&histogram.distances, &FIXED_DISTANCES);
    3 + tokens + histogram.extra_bits()
}

/// Bits of `size` bytes in stored blocks, the first of which is padded by `padding` bits.
pub(super) fn stored_bits(size: usize, padding: u32) -> u64 {
    let blocks = size.div_ceil(STORED_MOST).max(1) as u64;
    // From the second on, a block begins at a byte boundary: three bits and five of padding.
    (3 + 32) * blocks + u64::from(padding) + 5 * (blocks - 1) + 8 * size as u64
}

/// Is it the last block of the stream?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Yes.
    Yes,
    /// Another follows.
    No,
}

/// Writes `data`, said by `tokens`, in the smallest form.
pub(super) fn write(writer: &mut BitWriter, data: &[u8], tokens: &[Token], code: &Code, last: Last) {
    let histogram = Histogram::of(tokens);
    let fixed = fixed_bits(&histogram);
    // The padding comes after the three bits of the block's header.
    let stored = stored_bits(data.len(), writer.padding().wrapping_sub(3) % 8);
    let last = u32::from(last == Last::Yes);
    if stored <= fixed.min(code.bits) {
        write_stored(writer, data, last);
    } else if fixed <= code.bits {
        writer.put(1 << 1 | last, 3);
        write_tokens(writer, tokens, &FIXED_LITERALS, &FIXED_DISTANCES, &fixed_codes(), &codes(&FIXED_DISTANCES));
    } else {
        writer.put(2 << 1 | last, 3);
        code.header.write(writer);
        let (literals, distances) = (codes(&code.literals), codes(&code.distances));
        write_tokens(writer, tokens, &code.literals, &code.distances, &literals, &distances);
    }
}

/// The fixed code has two symbols that do not occur, and that count.
fn fixed_codes() -> Vec<u16> {
    let mut lengths = FIXED_LITERALS.to_vec();
    lengths.extend([8, 8]);
    codes(&lengths)
}

fn write_stored(writer: &mut BitWriter, data: &[u8], last: u32) {
    let mut parts = data.chunks(STORED_MOST).peekable();
    while let Some(part) = parts.next() {
        writer.put(if parts.peek().is_none() { last } else { 0 }, 3);
        writer.align();
        let size = part.len() as u32;
        writer.put(size | (!size & 0xffff) << 16, 32);
        writer.put_bytes(part);
    }
}

fn write_tokens(
    writer: &mut BitWriter,
    tokens: &[Token],
    literals: &[u8],
    distances: &[u8],
    literal_codes: &[u16],
    distance_codes: &[u16],
) {
    for token in tokens {
        let symbol = token.literal_symbol();
        writer.put(literal_codes[symbol].into(), literals[symbol].into());
        if token.is_literal() {
            continue;
        }
        let extra = token.length() - length_base(symbol);
        writer.put(extra as u32, LITERAL_EXTRA[symbol].into());
        let slot = token.slot();
        writer.put(distance_codes[slot].into(), distances[slot].into());
        writer.put(token.distance() - u32::from(DISTANCE_BASE[slot]), DISTANCE_EXTRA[slot].into());
    }
    writer.put(literal_codes[END_OF_BLOCK].into(), literals[END_OF_BLOCK].into());
}
