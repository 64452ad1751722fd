//! Packed relocation tables (`RELR`): a word that is an address names one place, a bitmap those of the 63 words behind.
//! Source: generic-abi@googlegroups.com, "Proposal for a new section type SHT_RELR", read 2026-11-24.

/// Bytes of a word.
pub(super) const WORD: u64 = 8;
const BITMAP_PLACES: u64 = 63;

/// The words that name `places`, which are multiples of 8 in ascending order, each once.
pub(super) fn relr_words(places: &[u64]) -> Vec<u64> {
    let mut words = Vec::new();
    let mut places = places.iter().copied().peekable();
    while let Some(place) = places.next() {
        words.push(place);
        let mut first = place.wrapping_add(WORD);
        loop {
            let mut named = 0_u64;
            while let Some(place) = places.next_if(|place| place.wrapping_sub(first) < BITMAP_PLACES * WORD) {
                named |= 1 << (place.wrapping_sub(first) / WORD);
            }
            if named == 0 {
                break;
            }
            words.push(named << 1 | 1);
            first = first.wrapping_add(BITMAP_PLACES * WORD);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The reader of the proposal, which names each place when it comes to it.
    fn places(words: &[u64]) -> Vec<u64> {
        let mut places = Vec::new();
        let mut next = 0;
        for &word in words {
            if word & 1 == 0 {
                places.push(word);
                next = word + 8;
            } else {
                places.extend((0..63).filter(|bit| word >> (bit + 1) & 1 == 1).map(|bit| next + bit * 8));
                next += 63 * 8;
            }
        }
        places
    }

    proptest! {
        #[test]
        fn the_words_name_the_places(gaps in proptest::collection::vec(prop_oneof![1_u64..4, 1_u64..200], 0..300)) {
            let mut at = 0x1000;
            let expected: Vec<u64> = gaps.into_iter().map(|gap| { at += gap * 8; at }).collect();
            let words = relr_words(&expected);
            prop_assert_eq!(places(&words), expected.clone());
            prop_assert!(words.len() <= expected.len() * 2);
        }
    }
}
