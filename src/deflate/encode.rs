//! Encoders, by how much time they may take.
//!
//! The same bytes and effort give the same stream on any host: the encoders look at nothing else.

use std::io::Write;
use std::num::NonZeroU64;

use libdeflater::{CompressionLvl, Compressor};
use serde::{Deserialize, Serialize};

/// How hard to look for a small stream.
///
/// Measured on 2026-11-23, two shared cores, on 1.19 MB of stripped and 6.22 MB of unstripped x86_64 executable (MB of 10^6 bytes):
///
/// | effort | stripped | unstripped | seconds per MB |
/// |---|---|---|---|
/// | fast | 543,682 bytes | 1,818,119 bytes | 0.01 |
/// | default | 527,271 bytes | 1,743,047 bytes | 0.15 |
/// | max | 525,120 bytes | 1,736,686 bytes | 2.0 to 2.4 |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// libdeflate level 6.
    Fast,
    /// libdeflate level 12.
    #[default]
    Default,
    /// The smaller of libdeflate level 12 and zopfli.
    Max,
}

impl Effort {
    /// As on the command line and in reports: `fast`, `default` or `max`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Max => "max",
        }
    }
}

/// How the bytes are best held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoded {
    /// As they are: no stream was smaller.
    Stored,
    /// As this raw Deflate stream, smaller than the bytes.
    Deflate(Vec<u8>),
}

/// Compresses `data`, unless that makes nothing smaller. Empty data is stored.
#[must_use]
pub fn encode(data: &[u8], effort: Effort) -> Encoded {
    if data.is_empty() {
        return Encoded::Stored;
    }
    let stream = compress(data, effort);
    if stream.len() < data.len() { Encoded::Deflate(stream) } else { Encoded::Stored }
}

/// Compresses `data` into a raw Deflate stream, even where that is larger.
///
/// ```
/// use lambda_slim::deflate::{Effort, compress};
/// assert!(compress(&[0; 1000], Effort::Default).len() < 20);
/// ```
#[must_use]
pub fn compress(data: &[u8], effort: Effort) -> Vec<u8> {
    match effort {
        Effort::Fast => libdeflate(data, 6),
        Effort::Default => libdeflate(data, 12),
        Effort::Max => {
            let (quick, thorough) = rayon::join(|| libdeflate(data, 12), || zopfli(data));
            if thorough.len() < quick.len() { thorough } else { quick }
        }
    }
}

fn libdeflate(data: &[u8], level: i32) -> Vec<u8> {
    let level = CompressionLvl::new(level).expect("levels 0 to 12 exist");
    let mut compressor = Compressor::new(level);
    let mut stream = vec![0; compressor.deflate_compress_bound(data.len())];
    let size = compressor.deflate_compress(data, &mut stream).expect("the bound is enough for any data");
    stream.truncate(size);
    stream
}

/// Rounds of zopfli's squeeze. Fifteen against five saved 0.03 % on 1.2 MB of machine code and 0.05 % on 6.2 MB, and took one
/// and a half times as long (2026-11-23, one run each).
const ZOPFLI_ITERATIONS: NonZeroU64 = NonZeroU64::new(15).expect("not zero");
const ZOPFLI_ITERATIONS_LARGE: NonZeroU64 = NonZeroU64::new(5).expect("not zero");
/// From this size on the fewer rounds.
const ZOPFLI_LARGE: usize = 4 << 20;
/// Zopfli may cut one block per this many bytes. Its own limit of 15 blocks loses 0.5 % on 1.2 MB of machine code and 0.9 %
/// on 6.2 MB. Twice as many saved 0.03 % on the first with fifteen rounds, for half again the time, and nothing with five;
/// without a limit it cuts far too often, and loses 2 % and 5 %.
const ZOPFLI_BLOCK: usize = 32 * 1024;

fn zopfli(data: &[u8]) -> Vec<u8> {
    let options = zopfli::Options {
        iteration_count: if data.len() < ZOPFLI_LARGE { ZOPFLI_ITERATIONS } else { ZOPFLI_ITERATIONS_LARGE },
        maximum_block_splits: u16::try_from(data.len() / ZOPFLI_BLOCK).unwrap_or(u16::MAX).max(15),
        ..zopfli::Options::default()
    };
    let mut encoder = zopfli::DeflateEncoder::new(options, zopfli::BlockType::Dynamic, Vec::new());
    encoder.write_all(data).expect("a Vec takes any write");
    encoder.finish().expect("a Vec takes any write")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate(stream: &[u8], size: usize) -> Vec<u8> {
        let mut data = vec![0; size];
        let inflated = libdeflater::Decompressor::new().deflate_decompress(stream, &mut data);
        assert_eq!(inflated, Ok(size));
        data
    }

    #[test]
    fn every_effort_gives_the_bytes_back_and_more_effort_is_not_larger() {
        let data: Vec<u8> = (0..60_000u32).flat_map(|i| ((i * i) >> 7).to_le_bytes()).collect();
        let sizes = [Effort::Fast, Effort::Default, Effort::Max].map(|effort| {
            let stream = compress(&data, effort);
            assert!(inflate(&stream, data.len()) == data, "{}", effort.name());
            assert!(compress(&data, effort) == stream, "{} differs the second time", effort.name());
            stream.len()
        });
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
    }

    #[test]
    fn what_compression_does_not_make_smaller_is_stored() {
        for effort in [Effort::Fast, Effort::Default, Effort::Max] {
            assert_eq!(encode(&[], effort), Encoded::Stored);
            assert_eq!(encode(b"q", effort), Encoded::Stored);
            let noise: Vec<u8> =
                (1..2000u64).map(|i| (i.pow(4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
            assert_eq!(encode(&noise, effort), Encoded::Stored);
            assert!(matches!(encode(&[7; 100], effort), Encoded::Deflate(stream) if inflate(&stream, 100) == [7; 100]));
        }
    }

    #[test]
    fn efforts_are_named_as_they_are_written() {
        for effort in [Effort::Fast, Effort::Default, Effort::Max] {
            assert_eq!(serde_json::to_value(effort).unwrap(), effort.name());
        }
    }
}
