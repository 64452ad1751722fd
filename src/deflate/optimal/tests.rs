//! The laws of the encoder, judged by inflaters that are not ours and by searches too plain to be wrong.

use proptest::prelude::*;

use super::block::{FIXED_DISTANCES, FIXED_LITERALS, fixed_bits};
use super::encoder::{Division, compress, compress_divided};
use super::format::{DISTANCE_EXTRA, LITERAL_EXTRA, MAX_MATCH, MIN_MATCH, Token, distance_slot, length_symbol};
use super::histogram::Histogram;
use super::matches::Matches;
use super::parse::{Parser, SegmentMatches};
use super::price::Prices;

/// Many segments and slices in little data, whose sizes divide nothing.
const SMALL: Division = Division { segment: 50_000, slice: 7_001, first_block: 3_000 };

fn xorshift(mut seed: u64) -> impl FnMut() -> usize {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    }
}

/// Asserts that libdeflate and zlib-rs read `data` from `stream`, and nothing after it.
fn assert_inflates(stream: &[u8], data: &[u8], name: &str) {
    let mut output = vec![0; data.len()];
    let size = libdeflater::Decompressor::new().deflate_decompress(stream, &mut output);
    assert_eq!(size, Ok(data.len()), "{name}: libdeflate");
    assert!(output == data, "{name}: libdeflate reads other bytes");
    let mut output = vec![0; data.len() + 1];
    let mut zlib = flate2::Decompress::new(false);
    let status = zlib.decompress(stream, &mut output, flate2::FlushDecompress::Finish);
    assert!(matches!(status, Ok(flate2::Status::StreamEnd)), "{name}: zlib says {status:?}");
    assert_eq!((zlib.total_in(), zlib.total_out()), (stream.len() as u64, data.len() as u64), "{name}: zlib");
    assert!(output[..data.len()] == *data, "{name}: zlib reads other bytes");
}

/// Data of a kind, `size` bytes.
fn of_kind(kind: usize, size: usize, seed: u64) -> Vec<u8> {
    let mut next = xorshift(seed | 1);
    let noise: Vec<u8> = (0..size.min(33_000)).map(|_| next() as u8).collect();
    let cycle = |period: usize| noise[..period.min(noise.len())].iter().copied().cycle().take(size).collect();
    match kind {
        0 => vec![seed as u8; size],
        1 => (0..size).map(|_| next() as u8).collect(),
        2 => (0..size).map(|_| b'a' + (next() % 2) as u8).collect(),
        // Periods at the edge of the window.
        3 => cycle(32_767 + (seed % 3) as usize),
        4 => cycle(1 + (seed % 300) as usize),
        // Runs broken up.
        5 => (0..size).map(|_| if next().is_multiple_of(150) { next() as u8 } else { 0 }).collect(),
        // The same three bytes, and one of noise.
        6 => (0..size).map(|at| if at % 4 == 3 { next() as u8 } else { b"abc"[at % 4] }).collect(),
        _ => {
            // Copies from near and far between noise.
            let mut data: Vec<u8> = vec![];
            while data.len() < size {
                let length = 1 + next() % 400;
                if data.is_empty() || next().is_multiple_of(3) {
                    data.extend((0..length).map(|_| (next() % 40) as u8));
                } else {
                    let from = next() % data.len();
                    data.extend_from_within(from..data.len().min(from + length));
                }
            }
            data.truncate(size);
            data
        }
    }
}

#[test]
fn every_kind_and_size_at_a_boundary_is_read_back() {
    let sizes = [0, 1, 2, 3, 4, 257, 258, 259, 260, 7_000, 7_001, 7_002, 32_768, 32_769, 65_535, 65_536, 99_999];
    for kind in 0..8 {
        for size in sizes {
            let data = of_kind(kind, size, 77 + size as u64);
            let name = format!("kind {kind}, {size} bytes");
            assert_inflates(&compress_divided(&data, SMALL), &data, &name);
        }
    }
}

#[test]
fn the_number_of_threads_does_not_change_the_stream() {
    let data = of_kind(7, 300_000, 5);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| compress_divided(&data, SMALL))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(5));
}

#[test]
fn cutting_into_segments_hardly_costs() {
    // Matches reach over the cuts, and a block that a cut would end goes to the next segment whole.
    let data = of_kind(7, 300_000, 9);
    let whole = compress(&data).len();
    let cut = compress_divided(&data, Division { segment: 100_000, ..SMALL }).len();
    assert!(cut <= whole + whole / 100, "{whole} bytes, cut {cut}");
}

#[test]
fn noise_is_stored() {
    let data = of_kind(1, 200_000, 3);
    let blocks = data.len().div_ceil(65_535);
    assert!(compress(&data).len() <= data.len() + 5 * blocks);
}

/// All matches of a position, by looking everywhere: the longest of each slot, with its slot.
fn all_matches(data: &[u8], at: usize) -> Vec<(usize, usize)> {
    let mut longest = [0; 30];
    for from in 0..at {
        let room = (data.len() - at).min(MAX_MATCH);
        let length = (0..room).take_while(|&i| data[from + i] == data[at + i]).count();
        let slot = &mut longest[distance_slot((at - from) as u32) as usize];
        *slot = length.max(*slot);
    }
    longest.into_iter().enumerate().filter(|&(_, length)| length >= MIN_MATCH).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_are_read_back(kind in 0usize..8, size in 0usize..40_000, seed in any::<u64>()) {
        let data = of_kind(kind, size, seed);
        assert_inflates(&compress_divided(&data, SMALL), &data, "any bytes");
    }

    #[test]
    fn few_bytes_are_read_back(data in prop::collection::vec(prop::sample::select(b"aab\x00c".to_vec()), 0..600)) {
        assert_inflates(&compress(&data), &data, "few bytes");
    }

    #[test]
    fn matches_are_true_and_none_is_missed_that_might_be_cheaper(
        data in prop::collection::vec(0u8..3, 4..700),
        cut in any::<prop::sample::Index>(),
    ) {
        let start = cut.index(data.len());
        let found = Matches::find(&data, start, data.len());
        let positions = (start..data.len()).rev();
        for (at, items) in positions.zip(found.backwards(0, data.len() - start)) {
            let all = all_matches(&data, at);
            for item in items {
                let from = at - item.distance() as usize;
                prop_assert!((0..item.length()).all(|i| data[from + i] == data[at + i]));
                prop_assert_eq!(item.slot(), distance_slot(item.distance()) as usize);
                prop_assert!(all.contains(&(item.slot(), item.length())), "not the longest of its slot");
            }
            prop_assert!(items.is_sorted_by(|a, b| a.length() >= b.length()));
            // Longer than all nearer ones: cheaper than none of them, and still the only one of its length.
            let mut nearer = MIN_MATCH;
            for (slot, length) in all {
                let kept = items.iter().any(|item| item.slot() == slot && item.length() == length);
                prop_assert!(kept || length <= nearer, "position {}, slot {}, length {}", at, slot, length);
                nearer = nearer.max(length);
            }
        }
    }

    #[test]
    fn no_way_to_say_a_block_in_the_fixed_code_is_shorter(data in prop::collection::vec(0u8..4, 1..400)) {
        let matches = SegmentMatches { slices: vec![Matches::find(&data, 0, data.len())], slice_len: data.len() };
        let mut tokens: Vec<Token> = vec![];
        let prices = Prices::coded(&FIXED_LITERALS, &FIXED_DISTANCES);
        Parser::default().parse(&data, 0, &matches, &prices, &mut tokens);
        // The cheapest of all tokens at each position, from the end.
        let mut rest = vec![0u64; data.len() + 1];
        for at in (0..data.len()).rev() {
            rest[at] = rest[at + 1] + u64::from(FIXED_LITERALS[usize::from(data[at])]);
            for (slot, longest) in all_matches(&data, at) {
                for length in MIN_MATCH..=longest {
                    let symbol = length_symbol(length);
                    let bits = FIXED_LITERALS[symbol] + LITERAL_EXTRA[symbol] + FIXED_DISTANCES[slot] + DISTANCE_EXTRA[slot];
                    rest[at] = rest[at].min(rest[at + length] + u64::from(bits));
                }
            }
        }
        // Three bits begin the block, seven end it.
        prop_assert_eq!(fixed_bits(&Histogram::of(&tokens)), 3 + rest[0] + 7);
    }
}
