//! The encoder behind [`Effort::Max`](super::Effort::Max): near-optimal parsing, for when bytes count more than seconds.
//!
//! Bytes are taken in segments of bounded size. In each, all useful matches are found once ([`matches`], over the exact
//! chains of [`chains`]); then rounds of two steps: cut the tokens into blocks where that pays ([`split`]), and parse each
//! block anew under the prices of its own statistics ([`parse`], [`price`]). At the end each block is written stored, fixed
//! or dynamic, whichever is smallest ([`block`], [`huffman`], [`header`], [`bit_writer`]).
//!
//! Promises: the same bytes give the same stream on any host and with any number of threads (integer arithmetic only, and no
//! work is divided by thread); memory is bounded by the segment; time per byte is bounded, whatever the bytes.

mod bit_writer;
mod block;
mod chains;
mod encoder;
mod format;
mod header;
mod histogram;
mod huffman;
mod log2;
mod matches;
mod optimise;
mod parse;
mod price;
mod smooth;
mod split;
mod tally;

pub(super) use encoder::compress;

#[cfg(test)]
mod tests;
