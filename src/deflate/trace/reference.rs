//! The judge of the tracer: an inflater of its own, bit by bit and as slow as the RFC's text, that produces the bytes and
//! writes down what each cost.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::super::{Effort, compress};
use super::tests::{Seen, seen};

struct Inflater<'s> {
    stream: &'s [u8],
    bit: usize,
    output: Vec<u8>,
    seen: Seen,
    carried: u64,
}

impl Inflater<'_> {
    fn bits(&mut self, count: u32) -> usize {
        let mut value = 0;
        for shift in 0..count {
            value |= usize::from(self.stream[self.bit / 8] >> (self.bit % 8) & 1) << shift;
            self.bit += 1;
        }
        value
    }

    /// Decodes a symbol by trying the codes of each length in turn.
    fn symbol(&mut self, lengths: &[u8]) -> usize {
        let (mut code, mut first) = (0, 0);
        for length in 1..=15 {
            code = code << 1 | self.bits(1);
            let of_length: Vec<usize> = (0..lengths.len()).filter(|&s| lengths[s] == length).collect();
            if code - first < of_length.len() {
                return of_length[code - first];
            }
            first = (first + of_length.len()) << 1;
        }
        panic!("no symbol at bit {}", self.bit);
    }

    fn tables(&mut self) -> (Vec<u8>, Vec<u8>) {
        let literals = self.bits(5) + 257;
        let distances = self.bits(5) + 1;
        let written = self.bits(4) + 4;
        let mut order = vec![0u8; 19];
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
            .into_iter()
            .take(written)
        {
            order[symbol] = self.bits(3) as u8;
        }
        let mut lengths: Vec<u8> = vec![];
        while lengths.len() < literals + distances {
            match self.symbol(&order) {
                16 => {
                    let last = *lengths.last().unwrap();
                    let count = 3 + self.bits(2);
                    lengths.extend(std::iter::repeat_n(last, count));
                }
                17 => {
                    let count = 3 + self.bits(3);
                    lengths.extend(std::iter::repeat_n(0, count));
                }
                18 => {
                    let count = 11 + self.bits(7);
                    lengths.extend(std::iter::repeat_n(0, count));
                }
                length => lengths.push(length as u8),
            }
        }
        let distance_lengths = lengths.split_off(literals);
        (lengths, distance_lengths)
    }

    /// Bits of the tokens of a block.
    fn tokens(&mut self, literals: &[u8], distances: &[u8]) -> u64 {
        const LENGTHS: [usize; 29] = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ];
        const LENGTH_BITS: [u32; 29] = [
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
        ];
        const DISTANCES: [usize; 30] = [
            1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
            4097, 6145, 8193, 12289, 16385, 24577,
        ];
        let mut sum = 0;
        loop {
            let start = self.bit;
            let produced = match self.symbol(literals) {
                256 => return sum,
                literal @ 0..256 => {
                    self.output.push(literal as u8);
                    1
                }
                symbol => {
                    let length = LENGTHS[symbol - 257] + self.bits(LENGTH_BITS[symbol - 257]);
                    let symbol = self.symbol(distances);
                    let extra = (symbol as u32 / 2).saturating_sub(1);
                    let distance = DISTANCES[symbol] + self.bits(extra);
                    for _ in 0..length {
                        self.output.push(self.output[self.output.len() - distance]);
                    }
                    length as u32
                }
            };
            let bits = (self.bit - start) as u32;
            self.seen.tokens.push((produced, bits));
            sum += u64::from(bits);
        }
    }

    fn block(&mut self) -> bool {
        let (start, produced_before) = (self.bit, self.output.len());
        let last = self.bits(1) == 1;
        let token_bits = match self.bits(2) {
            0 => {
                self.bit = self.bit.next_multiple_of(8);
                let length = self.bits(16);
                self.bits(16);
                let from = self.bit / 8;
                self.output.extend_from_slice(&self.stream[from..from + length]);
                self.bit += length * 8;
                if length > 0 {
                    self.seen.tokens.push((length as u32, length as u32 * 8));
                }
                length as u64 * 8
            }
            1 => {
                let literals = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
                self.tokens(&literals, &[5; 32])
            }
            _ => {
                let (literals, distances) = self.tables();
                self.tokens(&literals, &distances)
            }
        };
        self.carried += (self.bit - start) as u64 - token_bits;
        let produced = (self.output.len() - produced_before) as u64;
        if produced > 0 {
            self.seen.blocks.push((produced, std::mem::take(&mut self.carried)));
        }
        last
    }
}

fn inflate(stream: &[u8]) -> (Vec<u8>, Seen) {
    let mut inflater = Inflater {
        stream,
        bit: 0,
        output: vec![],
        seen: Seen::default(),
        carried: 0,
    };
    while !inflater.block() {}
    let Inflater {
        bit,
        output,
        mut seen,
        carried,
        ..
    } = inflater;
    assert_eq!(bit.div_ceil(8), stream.len());
    let rest = carried + (stream.len() * 8 - bit) as u64;
    match seen.blocks.last_mut() {
        Some((_, header_bits)) => *header_bits += rest,
        None => seen.blocks.push((0, rest)),
    }
    (output, seen)
}

/// Asserts that the tracer tells of `stream` what the reference does, and that both account for every bit.
fn agree(name: &str, data: &[u8], stream: &[u8]) {
    let (output, expected) = inflate(stream);
    assert!(output == data, "{name}: the reference reads other bytes");
    let traced = seen(stream, data.len() as u64).unwrap();
    assert!(traced == expected, "{name}: tokens or blocks differ");
    let tokens: u64 = traced.tokens.iter().map(|&(_, bits)| u64::from(bits)).sum();
    let headers: u64 = traced.blocks.iter().map(|&(_, bits)| bits).sum();
    assert_eq!(tokens + headers, 8 * stream.len() as u64, "{name}");
    let token_bytes: u64 = traced.tokens.iter().map(|&(len, _)| u64::from(len)).sum();
    let block_bytes: u64 = traced.blocks.iter().map(|&(len, _)| len).sum();
    assert_eq!(
        (token_bytes, block_bytes),
        (data.len() as u64, data.len() as u64),
        "{name}"
    );
}

/// Streams of the same bytes by every encoder at hand.
fn streams(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut streams: Vec<(String, Vec<u8>)> = (0..=12)
        .map(|level| {
            let level = libdeflater::CompressionLvl::new(level).unwrap();
            let mut compressor = libdeflater::Compressor::new(level);
            let mut stream = vec![0; compressor.deflate_compress_bound(data.len())];
            let size = compressor.deflate_compress(data, &mut stream).unwrap();
            stream.truncate(size);
            (format!("libdeflate {level:?}"), stream)
        })
        .collect();
    streams.extend((0..=9).map(|level| {
        let mut encoder = DeflateEncoder::new(vec![], Compression::new(level));
        // Flushes in between leave empty stored blocks behind.
        for part in data.chunks(10_000) {
            std::io::Write::write_all(&mut encoder, part).unwrap();
            std::io::Write::flush(&mut encoder).unwrap();
        }
        (format!("flate2 {level}"), encoder.finish().unwrap())
    }));
    for (name, block_type) in [
        ("zopfli", zopfli::BlockType::Dynamic),
        ("zopfli fixed", zopfli::BlockType::Fixed),
        ("zopfli stored", zopfli::BlockType::Uncompressed),
    ] {
        let options = zopfli::Options {
            iteration_count: std::num::NonZeroU64::MIN,
            ..zopfli::Options::default()
        };
        let mut encoder = zopfli::DeflateEncoder::new(options, block_type, vec![]);
        std::io::Write::write_all(&mut encoder, data).unwrap();
        streams.push((name.to_owned(), encoder.finish().unwrap()));
    }
    streams
}

/// Bytes that a generator makes from `seed`: runs, repeats from far and near, noise.
fn sample(mut seed: u64, size: usize) -> Vec<u8> {
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    let mut data = vec![];
    while data.len() < size {
        let length = 1 + next() % 600;
        match next() % 4 {
            0 => data.extend(std::iter::repeat_n(next() as u8, length)),
            1 => data.extend((0..length).map(|_| next() as u8)),
            2 => data.extend((0..length).map(|_| b'a' + (next() % 5) as u8)),
            _ if data.is_empty() => {}
            _ => {
                let from = next() % data.len();
                let copy = data[from..data.len().min(from + length)].to_vec();
                data.extend(copy);
            }
        }
    }
    data.truncate(size);
    data
}

#[test]
fn every_encoders_streams_are_traced_as_the_reference_reads_them() {
    for size in [0, 1, 2, 100, 5_000, 120_000] {
        let data = sample(size as u64 + 99, size);
        for (name, stream) in streams(&data) {
            agree(&format!("{name}, {size} bytes"), &data, &stream);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_traced_as_the_reference_reads_them(seed in 1u64.., size in 0usize..20_000) {
        let data = sample(seed, size);
        for effort in [Effort::Fast, Effort::Default] {
            agree(effort.name(), &data, &compress(&data, effort));
        }
    }

    #[test]
    fn damaged_streams_are_accepted_exactly_where_zlib_accepts_them(
        seed in 1u64..,
        size in 1usize..4_000,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let data = sample(seed, size);
        let mut stream = compress(&data, Effort::Default);
        for (at, byte) in damage {
            // Code tables lie at the front, where damage is worth most.
            let at = at.index(stream.len().min(200));
            stream[at] ^= byte;
        }
        if let Some(cut) = cut {
            stream.truncate(cut.index(stream.len() + 1));
        }
        let traced = seen(&stream, size as u64);
        prop_assert_eq!(traced.is_ok(), zlib_accepts(&stream, size), "{:?}", traced);
    }

    #[test]
    fn noise_gives_an_answer(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(seen(&noise, 0).is_ok(), zlib_accepts(&noise, 0));
        let _ = seen(&noise, 1 << 20);
    }
}

/// Does zlib read exactly `size` bytes from all of `stream`?
fn zlib_accepts(stream: &[u8], size: usize) -> bool {
    let mut zlib = flate2::Decompress::new(false);
    let mut output = vec![0; size + 1];
    let status = zlib.decompress(stream, &mut output, flate2::FlushDecompress::Finish);
    let (read, written) = (zlib.total_in(), zlib.total_out());
    matches!(status, Ok(flate2::Status::StreamEnd)) && read == stream.len() as u64 && written == size as u64
}
