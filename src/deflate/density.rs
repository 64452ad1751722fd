//! Whether bytes are compressed already: a look at samples, so that no effort is spent where there is nothing to gain.

use super::encode::{Effort, compress};

/// Bytes of one sample: enough to find most of what there is to find in machine code or text.
const SAMPLE: usize = 8 * 1024;
/// A sample is taken of each piece of this size: a zip in a zip has a directory at its end that shrinks well, and must not
/// count for more than it is.
const PIECE: usize = 128 * 1024;
/// Below this, looking takes as long as compressing.
const SMALLEST: usize = 256 * 1024;
/// The fewest and the most samples.
const SAMPLES: (usize, usize) = (16, 512);
/// What loses less than one part in so many is compressed already. Beyond what level 6 finds of it, more effort finds a few
/// hundredths of that part: 0.1 % of a Python wheel stored in a zip, for 20 seconds of zopfli.
const WORTH: usize = 33;

/// True where samples of `data` become hardly smaller: images, video, archives, other compressed data. At most 4 MiB are looked
/// at, whatever the size.
///
/// ```
/// use lambda_slim::deflate::is_dense;
/// assert!(!is_dense(&[7; 1 << 20]));
/// ```
#[must_use]
pub fn is_dense(data: &[u8]) -> bool {
    if data.len() < SMALLEST {
        return false;
    }
    let samples = (data.len() / PIECE).clamp(SAMPLES.0, SAMPLES.1);
    let stride = (data.len() - SAMPLE) / (samples - 1);
    let sample = |number: usize| data.get(number * stride..number * stride + SAMPLE).unwrap_or_default();
    let compressed: usize = (0..samples).map(|number| compress(sample(number), Effort::Fast).len()).sum();
    let looked_at = samples * SAMPLE;
    compressed + looked_at / WORTH >= looked_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        std::iter::repeat_with(&mut next).take(size).collect()
    }

    #[test]
    fn compressed_data_is_dense_and_text_is_not() {
        let text: Vec<u8> = noise(400_000)
            .iter()
            .flat_map(|byte| {
                format!(
                    "row {byte:02x}
"
                )
                .into_bytes()
            })
            .collect();
        assert!(!is_dense(&text));
        let compressed = compress(&text, Effort::Default);
        assert!(compressed.len() > SMALLEST && is_dense(&compressed));
        assert!(is_dense(&noise(1 << 20)));
    }

    #[test]
    fn a_part_that_is_worth_the_effort_is_seen_and_a_directory_is_none() {
        let mut data = noise(3 << 20);
        data[1 << 20..2 << 20].fill(0);
        assert!(!is_dense(&data));
        let mut with_directory = noise(6 << 20);
        with_directory.extend([7; 100_000]);
        assert!(is_dense(&with_directory));
    }

    #[test]
    fn what_is_small_is_not_looked_at() {
        assert!(!is_dense(&noise(SMALLEST - 1)));
        assert!(is_dense(&noise(SMALLEST)));
    }
}
