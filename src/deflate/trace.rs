//! Where every bit of a Deflate stream goes.
//!
//! The stream is decoded as far as its structure: blocks, codes, tokens. The bytes themselves are never produced, so
//! there is no window and no output buffer, and a stream that claims to hold gigabytes costs no memory.

use super::DeflateError;
use super::bit_reader::{BitReader, EndOfStream};
use super::code::{Alphabet, Code, SymbolKind};
use crate::units::ByteSize;

/// Receives the tokens of a stream in the order of the output.
///
/// The bits of all calls sum to the stream's bits exactly. Bits of the end of a stream that pad its last byte are charged
/// to the last block's header. The header of a block without output is charged to the next block that has output, or
/// to the last one that had, so a block is only seen with output, unless the whole stream has none.
pub trait TokenSink {
    /// A token produced `output_len` (at least 1) bytes from `bits` bits. A literal is 1 byte; a match 3 to 258, with the
    /// bits of its length and distance; the content of a stored block is one token of up to 65,535 bytes at 8 bits each.
    fn token(&mut self, output_len: u32, bits: u32);

    /// The tokens since the last call were one block. They produced `output_len` bytes, and `header_bits` are the bits of
    /// the block outside them: type, code tables, end of block, alignment, stored length.
    fn block_end(&mut self, output_len: u64, header_bits: u64);
}

/// What a stream consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TraceSummary {
    /// Blocks that hold their bytes as they are.
    pub stored_blocks: u64,
    /// Blocks in the code that the format fixes.
    pub fixed_blocks: u64,
    /// Blocks that bring their code.
    pub dynamic_blocks: u64,
    /// Literal bytes, those of stored blocks not counted.
    pub literals: u64,
    /// Matches.
    pub matches: u64,
    /// Bits of literals and matches and of the content of stored blocks.
    pub token_bits: u64,
    /// Bits of block headers, ends of blocks and padding.
    pub header_bits: u64,
}

/// Takes `stream` apart and tells `sink` about every token and every block.
///
/// Time is linear in the stream, memory constant.
///
/// ```
/// use lambda_slim::deflate::{Effort, TokenSink, compress, trace};
/// use lambda_slim::units::ByteSize;
///
/// struct Total(u64);
/// impl TokenSink for Total {
///     fn token(&mut self, _output_len: u32, bits: u32) {
///         self.0 += u64::from(bits);
///     }
///     fn block_end(&mut self, _output_len: u64, header_bits: u64) {
///         self.0 += header_bits;
///     }
/// }
///
/// let stream = compress(&[7; 1000], Effort::Default);
/// let mut total = Total(0);
/// trace(&stream, ByteSize::new(1000), &mut total)?;
/// assert_eq!(total.0, 8 * stream.len() as u64);
/// # Ok::<(), lambda_slim::deflate::DeflateError>(())
/// ```
///
/// # Errors
/// Where the stream is not valid Deflate as zlib judges it, does not produce exactly `expected_size` bytes, or goes on after
/// its final block. The sink may have seen a part of it by then.
pub fn trace(stream: &[u8], expected_size: ByteSize, sink: &mut impl TokenSink) -> Result<TraceSummary, DeflateError> {
    let mut tracer = Tracer {
        reader: BitReader::new(stream),
        stream_size: ByteSize::of(stream),
        expected: expected_size.get(),
        produced: 0,
        block: 0,
        literal: Code::empty(),
        distance: Code::empty(),
        finished: None,
        carried_bits: 0,
        summary: TraceSummary::default(),
        sink,
    };
    while tracer.block()? == More::Yes {
        tracer.block += 1;
    }
    tracer.finish()
}

/// Is there a block after this one?
#[derive(PartialEq, Eq)]
enum More {
    Yes,
    No,
}

/// A block that has output and has not been reported, because bits may still be added to its header.
struct FinishedBlock {
    output_len: u64,
    header_bits: u64,
}

struct Tracer<'s, S> {
    reader: BitReader<'s>,
    stream_size: ByteSize,
    expected: u64,
    produced: u64,
    block: u64,
    literal: Code,
    distance: Code,
    finished: Option<FinishedBlock>,
    /// Bits of blocks without output since the last one with output.
    carried_bits: u64,
    summary: TraceSummary,
    sink: &'s mut S,
}

/// Order in which code lengths of the code length code are written (RFC 1951, 3.2.7).
const CODE_LENGTH_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Most literal and length symbols, and most distance symbols, that a block may declare.
const MAX_LITERALS: usize = 286;
const MAX_DISTANCES: usize = 30;

impl<S: TokenSink> Tracer<'_, S> {
    /// One block, header to end.
    fn block(&mut self) -> Result<More, DeflateError> {
        let start = self.reader.bit_position();
        let produced_before = self.produced;
        let token_bits_before = self.summary.token_bits;
        let header = self.take(3)?;
        match header >> 1 {
            0 => self.stored()?,
            1 => {
                self.fixed_code()?;
                self.summary.fixed_blocks += 1;
                self.tokens()?;
            }
            2 => {
                self.dynamic_code()?;
                self.summary.dynamic_blocks += 1;
                self.tokens()?;
            }
            _ => {
                return Err(DeflateError::ReservedBlockType { block: self.block, bit: start });
            }
        }
        let token_bits = self.summary.token_bits - token_bits_before;
        let header_bits = self.reader.bit_position() - start - token_bits;
        self.summary.header_bits += header_bits;
        self.carried_bits += header_bits;
        if self.produced > produced_before {
            self.finished = Some(FinishedBlock {
                output_len: self.produced - produced_before,
                header_bits: std::mem::take(&mut self.carried_bits),
            });
        }
        Ok(if header & 1 == 1 { More::No } else { More::Yes })
    }

    /// Checks the end of the stream and settles the last block.
    fn finish(mut self) -> Result<TraceSummary, DeflateError> {
        let bits = self.reader.bit_position();
        let end = ByteSize::new(bits.div_ceil(8));
        if end < self.stream_size {
            let stream_size = self.stream_size;
            return Err(DeflateError::TrailingBytes { end, stream_size });
        }
        if self.produced < self.expected {
            return Err(DeflateError::OutputTooShort {
                expected: ByteSize::new(self.expected),
                produced: ByteSize::new(self.produced),
            });
        }
        let padding = end.get() * 8 - bits;
        self.summary.header_bits += padding;
        let last = self.finished.take();
        let (output_len, header_bits) = last.map_or((0, 0), |block| (block.output_len, block.header_bits));
        self.sink.block_end(output_len, header_bits + self.carried_bits + padding);
        Ok(self.summary)
    }

    /// Reports the block before, now that a block with output follows it.
    fn output_follows(&mut self) {
        if let Some(block) = self.finished.take() {
            self.sink.block_end(block.output_len, block.header_bits);
        }
    }

    fn stored(&mut self) -> Result<(), DeflateError> {
        self.reader.align();
        let fields = self.take(32)?;
        let length = (fields & 0xffff) as u16;
        let complement = (fields >> 16) as u16;
        if length != !complement {
            return Err(DeflateError::StoredLengthMismatch { block: self.block, length, complement });
        }
        self.summary.stored_blocks += 1;
        if length == 0 {
            return Ok(());
        }
        self.reader.skip_bytes(usize::from(length)).map_err(|EndOfStream| self.truncated())?;
        self.output_follows();
        self.produce(u32::from(length))?;
        let bits = u32::from(length) * 8;
        self.summary.token_bits += u64::from(bits);
        self.sink.token(u32::from(length), bits);
        Ok(())
    }

    fn fixed_code(&mut self) -> Result<(), DeflateError> {
        let mut lengths = [8u8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.literal.build(Alphabet::Literal, &lengths, self.block)?;
        self.distance.build(Alphabet::Distance, &[5; 32], self.block)
    }

    /// The code tables of a dynamic block (RFC 1951, 3.2.7).
    fn dynamic_code(&mut self) -> Result<(), DeflateError> {
        let literals = self.take(5)? as usize + 257;
        let distances = self.take(5)? as usize + 1;
        let written = self.take(4)? as usize + 4;
        if literals > MAX_LITERALS || distances > MAX_DISTANCES {
            return Err(DeflateError::TooManySymbols {
                block: self.block,
                lengths: literals as u32,
                distances: distances as u32,
            });
        }
        let mut code_lengths = [0u8; CODE_LENGTH_ORDER.len()];
        for &symbol in CODE_LENGTH_ORDER.iter().take(written) {
            code_lengths[usize::from(symbol)] = self.take(3)? as u8;
        }
        self.literal.build(Alphabet::CodeLength, &code_lengths, self.block)?;

        let mut lengths = [0u8; MAX_LITERALS + MAX_DISTANCES];
        // Both counts were checked against the array above.
        let lengths = &mut lengths[..literals + distances];
        self.code_lengths(lengths)?;
        let (literal_lengths, distance_lengths) = lengths.split_at(literals);
        if literal_lengths.get(256) == Some(&0) {
            return Err(DeflateError::NoEndOfBlock { block: self.block });
        }
        self.literal.build(Alphabet::Literal, literal_lengths, self.block)?;
        self.distance.build(Alphabet::Distance, distance_lengths, self.block)
    }

    /// Fills `lengths` with run-length coded code lengths.
    fn code_lengths(&mut self, lengths: &mut [u8]) -> Result<(), DeflateError> {
        let mut at = 0;
        while at < lengths.len() {
            self.reader.refill();
            let symbol = self.literal.lookup(self.reader.peek());
            if symbol.kind() != SymbolKind::Literal {
                return Err(self.bad_symbol());
            }
            self.consume(symbol.code_bits())?;
            let (value, count) = match symbol.value() {
                16 => {
                    let previous = at.checked_sub(1).and_then(|before| lengths.get(before)).copied();
                    let count = 3 + self.take(2)?;
                    (previous.ok_or_else(|| self.bad_repeat())?, count)
                }
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length as u8, 1),
            };
            let end = at + count as usize;
            let run = lengths.get_mut(at..end).ok_or_else(|| self.bad_repeat())?;
            run.fill(value);
            at = end;
        }
        Ok(())
    }

    /// The tokens of a fixed or dynamic block, up to and with its end.
    fn tokens(&mut self) -> Result<(), DeflateError> {
        self.reader.refill();
        let first = self.literal.lookup(self.reader.peek());
        if first.kind() != SymbolKind::End {
            self.output_follows();
        }
        loop {
            self.reader.refill();
            let symbol = self.literal.lookup(self.reader.peek());
            match symbol.kind() {
                SymbolKind::Literal => {
                    let bits = symbol.code_bits();
                    self.consume(bits)?;
                    self.produce(1)?;
                    self.summary.literals += 1;
                    self.summary.token_bits += u64::from(bits);
                    self.sink.token(1, bits);
                }
                SymbolKind::Base => self.matched(symbol)?,
                SymbolKind::End => return self.consume(symbol.code_bits()),
                SymbolKind::Invalid | SymbolKind::Link => return Err(self.bad_symbol()),
            }
        }
    }

    /// A match whose length symbol is next: at most 15 + 5 + 15 + 13 bits, which one refill holds.
    #[inline(always)]
    fn matched(&mut self, symbol: super::code::Symbol) -> Result<(), DeflateError> {
        let bits = self.reader.peek();
        let length_bits = symbol.code_bits() + symbol.extra_bits();
        let length = symbol.value() + extra(bits >> symbol.code_bits(), symbol.extra_bits());
        let bits = bits >> length_bits;
        let symbol = self.distance.lookup(bits);
        if symbol.kind() != SymbolKind::Base {
            return Err(self.bad_symbol());
        }
        let distance = symbol.value() + extra(bits >> symbol.code_bits(), symbol.extra_bits());
        let bits = length_bits + symbol.code_bits() + symbol.extra_bits();
        if u64::from(distance) > self.produced {
            return Err(self.distance_too_far(distance));
        }
        self.consume(bits)?;
        self.produce(length)?;
        self.summary.matches += 1;
        self.summary.token_bits += u64::from(bits);
        self.sink.token(length, bits);
        Ok(())
    }

    #[inline(always)]
    fn produce(&mut self, bytes: u32) -> Result<(), DeflateError> {
        self.produced += u64::from(bytes);
        if self.produced > self.expected {
            let expected = ByteSize::new(self.expected);
            return Err(DeflateError::OutputTooLong { expected });
        }
        Ok(())
    }

    #[inline(always)]
    fn consume(&mut self, bits: u32) -> Result<(), DeflateError> {
        self.reader.consume(bits).map_err(|EndOfStream| self.truncated())
    }

    fn take(&mut self, bits: u32) -> Result<u32, DeflateError> {
        self.reader.take(bits).map_err(|EndOfStream| self.truncated())
    }

    #[cold]
    fn truncated(&self) -> DeflateError {
        DeflateError::Truncated { stream_size: self.stream_size, block: self.block }
    }

    #[cold]
    fn bad_symbol(&self) -> DeflateError {
        DeflateError::BadSymbol { block: self.block, bit: self.reader.bit_position() }
    }

    #[cold]
    fn bad_repeat(&self) -> DeflateError {
        DeflateError::BadRepeat { block: self.block, bit: self.reader.bit_position() }
    }

    #[cold]
    fn distance_too_far(&self, distance: u32) -> DeflateError {
        DeflateError::DistanceTooFar {
            block: self.block,
            bit: self.reader.bit_position(),
            distance,
            produced: self.produced,
        }
    }
}

/// The lowest `count` bits.
#[inline(always)]
fn extra(bits: u64, count: u32) -> u32 {
    (bits & ((1 << count) - 1)) as u32
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
