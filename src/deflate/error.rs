//! What can be wrong with a Deflate stream, or with what was asked of it.

use crate::units::ByteSize;

/// What is wrong with a Deflate stream. Bit offsets count from the start of the stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeflateError {
    /// The stream ends before its final block does.
    #[error("the stream ends at {stream_size} bytes, inside block {block}", stream_size = stream_size.get())]
    Truncated {
        /// Size of the stream.
        stream_size: ByteSize,
        /// Number of the block, from 0.
        block: u64,
    },
    /// A block of the reserved type 3.
    #[error("block {block} at bit {bit} has the reserved type 3")]
    ReservedBlockType {
        /// Number of the block, from 0.
        block: u64,
        /// Where the block starts.
        bit: u64,
    },
    /// A stored block whose length and its complement disagree.
    #[error("stored block {block} says length {length:#06x} and complement {complement:#06x}")]
    StoredLengthMismatch {
        /// Number of the block, from 0.
        block: u64,
        /// The length field.
        length: u16,
        /// The field that should hold its complement.
        complement: u16,
    },
    /// More length or distance symbols than Deflate has.
    #[error("block {block} declares {lengths} length and {distances} distance symbols, the format has 286 and 30")]
    TooManySymbols {
        /// Number of the block, from 0.
        block: u64,
        /// Literal and length symbols declared.
        lengths: u32,
        /// Distance symbols declared.
        distances: u32,
    },
    /// Code lengths that form no code: more codes than there are bit patterns.
    #[error("the {alphabet} code of block {block} is over-subscribed")]
    OverSubscribed {
        /// Number of the block, from 0.
        block: u64,
        /// `code length`, `literal` or `distance`.
        alphabet: &'static str,
    },
    /// Code lengths that leave bit patterns without a symbol. One single code of one bit is allowed, as zlib allows it.
    #[error("the {alphabet} code of block {block} is incomplete")]
    Incomplete {
        /// Number of the block, from 0.
        block: u64,
        /// `code length`, `literal` or `distance`.
        alphabet: &'static str,
    },
    /// 'Repeat the length before' with no length before it, or a repeat past the last symbol.
    #[error("block {block} repeats a code length where there is none to repeat or no room, at bit {bit}")]
    BadRepeat {
        /// Number of the block, from 0.
        block: u64,
        /// Where the code lengths go wrong: just past the symbol.
        bit: u64,
    },
    /// A literal code without an end-of-block symbol.
    #[error("block {block} has no code for its end")]
    NoEndOfBlock {
        /// Number of the block, from 0.
        block: u64,
    },
    /// A bit pattern that stands for no symbol, or for one that the format reserves.
    #[error("block {block} holds no valid symbol at bit {bit}")]
    BadSymbol {
        /// Number of the block, from 0.
        block: u64,
        /// Where the symbol starts.
        bit: u64,
    },
    /// A match that reaches back before the first byte.
    #[error("block {block} refers {distance} bytes back where only {produced} were produced, at bit {bit}")]
    DistanceTooFar {
        /// Number of the block, from 0.
        block: u64,
        /// Where the token starts.
        bit: u64,
        /// How far back it reaches.
        distance: u32,
        /// Bytes produced before it.
        produced: u64,
    },
    /// The stream produces more than it should.
    #[error("the stream holds more than the expected {expected} bytes", expected = expected.get())]
    OutputTooLong {
        /// The size that was asked for.
        expected: ByteSize,
    },
    /// The stream produces less than it should.
    #[error("the stream holds {produced} bytes, {expected} were expected", produced = produced.get(), expected = expected.get())]
    OutputTooShort {
        /// The size that was asked for.
        expected: ByteSize,
        /// The size that it holds.
        produced: ByteSize,
    },
    /// Bytes after the final block.
    #[error("the final block ends at byte {end}, the stream has {stream_size}", end = end.get(), stream_size = stream_size.get())]
    TrailingBytes {
        /// Where the final block ends, rounded up to a byte.
        end: ByteSize,
        /// Size of the stream.
        stream_size: ByteSize,
    },
    /// Ranges to cost that run backwards.
    #[error("range {index} ends at {end}, before its start {start}")]
    RangesNotSorted {
        /// Number of the range, from 0.
        index: usize,
        /// Where the range before it ends.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// No range to carry the cost.
    #[error("no range to spread the cost of the stream over")]
    NoRanges,
}
