//! Whether bytes are compressed already: a look at samples, so that no effort is spent where there is nothing to gain.

use super::encode::{Effort, compress};

/// Bytes of one sample: enough for level 6 to find what it finds in a whole file of machine code or text.
const SAMPLE: usize = 16 * 1024;
/// Below this, looking takes as long as compressing.
const SMALLEST: usize = 256 * 1024;
/// The fewest and the most samples, spread over the file.
const SAMPLES: (usize, usize) = (16, 256);
/// A sample that loses less than one part in so many is compressed already. PNG, JPEG, zip and the like lose below 1 %; what is
/// worth the effort loses 10 % and more.
const WORTH: usize = 50;

/// True where no sample of `data` becomes notably smaller: images, video, archives, other compressed data. At most 4 MiB are
/// looked at, whatever the size.
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
    let samples = (data.len() >> 20).clamp(SAMPLES.0, SAMPLES.1);
    let stride = (data.len() - SAMPLE) / (samples - 1);
    (0..samples).all(|number| {
        let sample = data.get(number * stride..number * stride + SAMPLE).unwrap_or_default();
        compress(sample, Effort::Fast).len() + sample.len() / WORTH >= sample.len()
    })
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
    fn one_sample_that_shrinks_is_enough() {
        let mut data = noise(3 << 20);
        data[1 << 20..2 << 20].fill(0);
        assert!(!is_dense(&data));
    }

    #[test]
    fn what_is_small_is_not_looked_at() {
        assert!(!is_dense(&noise(SMALLEST - 1)));
        assert!(is_dense(&noise(SMALLEST)));
    }
}
