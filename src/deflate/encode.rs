//! Encoders, by how much time they may take.
//!
//! The same bytes and effort give the same stream on any host: the encoders look at nothing else.

use libdeflater::{CompressionLvl, Compressor};
use serde::{Deserialize, Serialize};

use super::optimal;

/// How hard to look for a small stream.
///
/// Measured on 2026-11-24, two shared cores, on x86_64 executables: 1.19 and 25.3 MB stripped, 6.22 MB not (MB of 10^6 bytes).
/// Beside them ECT -9, whose Deflate was the smallest that we knew, on the same machine:
///
/// | effort | 1.19 MB | 6.22 MB | 25.3 MB | CPU seconds per MB |
/// |---|---|---|---|---|
/// | fast | 543,682 | 1,818,119 | 10,267,478 | 0.01 |
/// | default | 527,271 | 1,743,047 | 9,983,096 | 0.15 |
/// | max | 524,274 | 1,734,546 | 9,900,496 | 0.9 to 1.2, on all cores |
/// | (ECT -9) | 524,731 | | 9,931,979 | 2.0 to 2.3, on one |
///
/// On made-up data (50 MB of zeros, periods, broken runs, strings of two letters) `max` takes 0.2 to 3.6 seconds per MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// libdeflate level 6.
    Fast,
    /// libdeflate level 12.
    #[default]
    Default,
    /// Near-optimal parsing of our own; never larger than [`Effort::Default`].
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
///
/// Memory besides the data: the stream twice, and for [`Effort::Max`] about 110 MB, at worst 270 MB (measured 2026-11-24), however large the data.
#[must_use]
pub fn compress(data: &[u8], effort: Effort) -> Vec<u8> {
    match effort {
        Effort::Fast => libdeflate(data, 6),
        Effort::Default => libdeflate(data, 12),
        Effort::Max => {
            // Machine code, text and tables come out 0.2 to 0.8 % smaller than by libdeflate, but on bytes of two or three values
            // it can find more: to know costs a tenth of the time.
            let (thorough, quick) = rayon::join(|| optimal::compress(data), || libdeflate(data, 12));
            if thorough.len() <= quick.len() { thorough } else { quick }
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
