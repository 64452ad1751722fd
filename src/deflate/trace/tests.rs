//! Streams written by hand, bit by bit, against what the sink must be told.

use super::*;

/// Everything that a sink is told.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) tokens: Vec<(u32, u32)>,
    pub(super) blocks: Vec<(u64, u64)>,
}

impl TokenSink for Seen {
    fn token(&mut self, output_len: u32, bits: u32) {
        self.tokens.push((output_len, bits));
    }
    fn block_end(&mut self, output_len: u64, header_bits: u64) {
        self.blocks.push((output_len, header_bits));
    }
}

pub(super) fn seen(stream: &[u8], size: u64) -> Result<Seen, DeflateError> {
    let mut seen = Seen::default();
    trace(stream, ByteSize::new(size), &mut seen).map(|_| seen)
}

/// Packs bits, first one lowest: `(value, count)`, codes written by [`code`] and the rest least significant first.
fn pack(fields: &[(u32, u32)]) -> Vec<u8> {
    let bits: Vec<bool> =
        fields.iter().flat_map(|&(value, count)| (0..count).map(move |bit| value >> bit & 1 == 1)).collect();
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |acc, &bit| acc << 1 | u8::from(bit))).collect()
}

/// A Huffman code, which is written most significant bit first.
fn code(value: u32, count: u32) -> (u32, u32) {
    (value.reverse_bits() >> (32 - count), count)
}

const FINAL: (u32, u32) = (1, 1);
const MORE: (u32, u32) = (0, 1);
const FIXED: (u32, u32) = (1, 2);
const DYNAMIC: (u32, u32) = (2, 2);
const END: (u32, u32) = (0, 7);

#[test]
fn a_literal_has_its_code_and_a_match_all_four_parts() {
    // Literal 'a'; length 258 (code 197 of 8 bits), distance 1; length 11+1 (symbol 265, 1 extra bit), distance 5+1
    // (symbol 4, 1 extra bit).
    let stream = pack(&[
        FINAL,
        FIXED,
        code(0x30 + 97, 8),
        code(197, 8),
        code(0, 5),
        code(9, 7),
        (1, 1),
        code(4, 5),
        (1, 1),
        END,
    ]);
    let seen = seen(&stream, 1 + 258 + 12).unwrap();
    assert_eq!(seen.tokens, [(1, 8), (258, 13), (12, 14)]);
    let padding = stream.len() as u64 * 8 - (3 + 8 + 13 + 14 + 7);
    assert_eq!(seen.blocks, [(271, 3 + 7 + padding)]);
}

#[test]
fn blocks_without_output_are_charged_to_the_next_block_with_output_or_the_last_one_that_had() {
    let empty = [MORE, FIXED, END];
    let full = [MORE, FIXED, code(0x30, 8), END];
    let last = [FINAL, FIXED, END];
    let stream = pack(&[&empty[..], &full, &empty, &empty, &full, &empty, &last].concat());
    let seen = seen(&stream, 2).unwrap();
    let padding = stream.len() as u64 * 8 - (5 * 10 + 2 * 18);
    assert_eq!(seen.blocks, [(1, 20), (1, 30 + 20 + padding)]);
    assert_eq!(seen.tokens, [(1, 8), (1, 8)]);
}

#[test]
fn a_stream_without_output_is_one_block_of_nothing() {
    let seen = seen(&[0x03, 0x00], 0).unwrap();
    assert_eq!(seen, Seen { tokens: vec![], blocks: vec![(0, 16)] });
}

#[test]
fn stored_bytes_cost_eight_bits_each() {
    let seen = seen(&[1, 3, 0, 0xfc, 0xff, 7, 8, 9], 3).unwrap();
    assert_eq!(seen, Seen { tokens: vec![(3, 24)], blocks: vec![(3, 40)] });
}

#[test]
fn each_broken_stream_gets_its_error() {
    let block = 0;
    let check = |stream: &[u8], size, error| assert_eq!(seen(stream, size), Err(error));
    let truncated = |size| DeflateError::Truncated { stream_size: ByteSize::new(size), block };
    check(&[], 0, truncated(0));
    check(&[0x03], 0, truncated(1));
    check(&[1, 3, 0, 0xfc, 0xff, 7, 8], 3, truncated(7));
    check(&[0x07], 0, DeflateError::ReservedBlockType { block, bit: 0 });
    let mismatch = DeflateError::StoredLengthMismatch { block, length: 3, complement: 0xfffd };
    check(&[1, 3, 0, 0xfd, 0xff, 7, 8, 9], 3, mismatch);
    let (end, stream_size) = (ByteSize::new(2), ByteSize::new(3));
    check(&[0x03, 0x00, 0x00], 0, DeflateError::TrailingBytes { end, stream_size });
    check(&pack(&[FINAL, FIXED, code(0x30, 8), END]), 0, DeflateError::OutputTooLong { expected: ByteSize::ZERO });
    let (expected, produced) = (ByteSize::new(1), ByteSize::ZERO);
    check(&[0x03, 0x00], 1, DeflateError::OutputTooShort { expected, produced });

    let far = pack(&[FINAL, FIXED, code(0x30, 8), code(1, 7), code(1, 5), END]);
    check(&far, 4, DeflateError::DistanceTooFar { block, bit: 11, distance: 2, produced: 1 });
    let reserved_length = pack(&[FINAL, FIXED, code(198, 8), END]);
    check(&reserved_length, 4, DeflateError::BadSymbol { block, bit: 3 });
    let reserved_distance = pack(&[FINAL, FIXED, code(0x30, 8), code(1, 7), code(30, 5), END]);
    check(&reserved_distance, 4, DeflateError::BadSymbol { block, bit: 11 });
}

#[test]
fn each_broken_code_table_gets_its_error() {
    let block = 0;
    let check = |fields: &[(u32, u32)], error| {
        let stream = pack(&[&[FINAL, DYNAMIC], fields, &[(0, 32)]].concat());
        assert_eq!(seen(&stream, 9), Err(error));
    };
    let counts =
        |literals: u32, distances: u32, written: u32| [(literals - 257, 5), (distances - 1, 5), (written - 4, 4)];
    check(&counts(287, 1, 4), DeflateError::TooManySymbols { block, lengths: 287, distances: 1 });
    check(&counts(286, 31, 4), DeflateError::TooManySymbols { block, lengths: 286, distances: 31 });

    // The first four code lengths are those of 16, 17, 18 and 0.
    let table = |lengths: [u32; 4]| [&counts(257, 1, 4)[..], &lengths.map(|length| (length, 3))].concat();
    let alphabet = "code length";
    check(&table([1, 1, 1, 0]), DeflateError::OverSubscribed { block, alphabet });
    check(&table([1, 0, 0, 0]), DeflateError::Incomplete { block, alphabet });
    check(&table([0, 0, 0, 0]), DeflateError::BadSymbol { block, bit: 29 });
    let repeat_first = [&table([1, 0, 1, 0])[..], &[code(0, 1), (0, 2)]].concat();
    check(&repeat_first, DeflateError::BadRepeat { block, bit: 32 });
    let zeros = (127, 7);
    let repeat_too_far = [&table([1, 0, 1, 0])[..], &[code(1, 1), zeros, code(1, 1), zeros]].concat();
    check(&repeat_too_far, DeflateError::BadRepeat { block, bit: 45 });
    let no_end = [&table([1, 0, 1, 0])[..], &[code(1, 1), zeros, code(1, 1), (109, 7)]].concat();
    check(&no_end, DeflateError::NoEndOfBlock { block });
}
