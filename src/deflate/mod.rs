//! Raw Deflate (RFC 1951): encoders, and the exact bit accounting of a finished stream.
//!
//! [`compress`] makes a stream. [`trace`] takes one apart without decompressing it: every token with the bits that it
//! took, every block with its header. [`cost_per_range`] sums those bits over ranges of the output, so that each byte
//! of a file can be told what it costs in the zip. Nothing here is an estimate: the costs of all ranges sum to the
//! stream, to the bit.
//!
//! Streams come from outside: any input gives a result or a [`DeflateError`], in time linear in the stream.
//! This room knows no zip and no ELF.

mod bit_reader;
mod code;
mod cost;
mod density;
mod encode;
mod error;
mod optimal;
mod trace;

pub use cost::{Bits, cost_per_range, to_bytes};
pub use density::is_dense;
pub use encode::{Effort, Encoded, compress, encode};
pub use error::DeflateError;
pub use trace::{TokenSink, TraceSummary, trace};
