//! The alphabets of Deflate (RFC 1951, 3.2.5), as tables, and tokens packed in a word.

/// Literals, end of block and lengths.
pub(super) const LITERALS: usize = 286;
/// Distance slots: the symbols of the distance alphabet.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;
/// Shortest and longest match.
pub(super) const MIN_MATCH: usize = 3;
pub(super) const MAX_MATCH: usize = 258;
/// Farthest match.
pub(super) const WINDOW: usize = 32 * 1024;
/// Longest code of literals and distances.
pub(super) const MAX_CODE_BITS: usize = 15;

/// Extra bits of each distance slot.
pub(super) const DISTANCE_EXTRA: [u8; DISTANCES] = {
    let mut extra = [0; DISTANCES];
    let mut slot = 4;
    while slot < DISTANCES {
        extra[slot] = slot as u8 / 2 - 1;
        slot += 1;
    }
    extra
};

/// Smallest distance of each slot.
pub(super) const DISTANCE_BASE: [u16; DISTANCES] = {
    let mut base = [0; DISTANCES];
    let mut slot = 0;
    let mut next = 1;
    while slot < DISTANCES {
        base[slot] = next;
        next += 1 << DISTANCE_EXTRA[slot];
        slot += 1;
    }
    base
};

/// Extra bits of the length symbols 257 to 285.
const LENGTH_EXTRA: [u8; 29] = {
    let mut extra = [0; 29];
    let mut symbol = 8;
    while symbol < 28 {
        extra[symbol] = symbol as u8 / 4 - 1;
        symbol += 1;
    }
    extra
};

/// Smallest length of the length symbols 257 to 285.
const LENGTH_BASE: [u16; 29] = {
    let mut base = [0; 29];
    let mut symbol = 0;
    let mut next = MIN_MATCH as u16;
    while symbol < 28 {
        base[symbol] = next;
        next += 1 << LENGTH_EXTRA[symbol];
        symbol += 1;
    }
    // 258 has a symbol of its own, though 284 with all extra bits set could say it.
    base[28] = MAX_MATCH as u16;
    base
};

/// Length symbol minus 257 of each length.
const LENGTH_SYMBOL: [u8; MAX_MATCH + 1] = {
    let mut symbols = [0; MAX_MATCH + 1];
    let mut symbol = 0;
    while symbol < 29 {
        let mut length = LENGTH_BASE[symbol] as usize;
        while length <= MAX_MATCH {
            symbols[length] = symbol as u8;
            length += 1;
        }
        symbol += 1;
    }
    symbols
};

/// Extra bits of each symbol of the literal alphabet.
pub(super) const LITERAL_EXTRA: [u8; LITERALS] = {
    let mut extra = [0; LITERALS];
    let mut symbol = 257;
    while symbol < LITERALS {
        extra[symbol] = LENGTH_EXTRA[symbol - 257];
        symbol += 1;
    }
    extra
};

/// The literal symbol of a match length from 3 to 258.
#[inline(always)]
pub(super) fn length_symbol(length: usize) -> usize {
    257 + usize::from(LENGTH_SYMBOL[length])
}

/// The smallest length that `symbol`, from 257 on, stands for.
pub(super) fn length_base(symbol: usize) -> usize {
    usize::from(LENGTH_BASE[symbol - 257])
}

/// The slot of a distance from 1 to 32768.
#[inline(always)]
pub(super) fn distance_slot(distance: u32) -> u32 {
    // Two slots per power of two: the leading bit, and the one after it.
    let below = distance - 1;
    if below < 4 {
        return below;
    }
    let leading = 31 - below.leading_zeros();
    2 * leading + (below >> (leading - 1) & 1)
}

/// A literal or a match in one word: length in bits 20 to 28 (1 for a literal); below it a match's slot (15 to 19) and distance
/// minus one (0 to 14), or the literal byte. Ordered by length first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token(u32);

impl Token {
    #[inline(always)]
    pub(super) fn literal(byte: u8) -> Self {
        Self(1 << 20 | u32::from(byte))
    }

    #[inline(always)]
    pub(super) fn matching(length: u32, slot: u32, distance: u32) -> Self {
        Self(length << 20 | slot << 15 | (distance - 1))
    }

    /// All of it.
    #[inline(always)]
    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// A token from its parts, summed.
    #[inline(always)]
    pub(super) fn from_word(word: u32) -> Self {
        Self(word)
    }

    /// The part of a match that is its length.
    pub(super) fn length_part(length: u32) -> u32 {
        length << 20
    }

    /// The part of a match that is its distance.
    #[inline(always)]
    pub(super) fn distance_part(self) -> u32 {
        self.0 & 0xf_ffff
    }

    /// Bytes that it stands for.
    #[inline(always)]
    pub(super) fn length(self) -> usize {
        (self.0 >> 20) as usize
    }

    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        self.0 >> 20 == 1
    }

    /// The symbol in the literal alphabet.
    #[inline(always)]
    pub(super) fn literal_symbol(self) -> usize {
        if self.is_literal() { (self.0 & 0xff) as usize } else { length_symbol(self.length()) }
    }

    /// The slot of a match.
    #[inline(always)]
    pub(super) fn slot(self) -> usize {
        (self.0 >> 15 & 31) as usize
    }

    /// The distance of a match.
    #[inline(always)]
    pub(super) fn distance(self) -> u32 {
        (self.0 & 0x7fff) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_distance_is_base_plus_extra_of_its_symbol() {
        for length in MIN_MATCH..=MAX_MATCH {
            let symbol = length_symbol(length);
            let extra = length - length_base(symbol);
            assert!(extra < 1 << LITERAL_EXTRA[symbol], "length {length}");
        }
        assert_eq!((length_symbol(3), length_symbol(257), length_symbol(258)), (257, 284, 285));
        for distance in 1..=WINDOW as u32 {
            let slot = distance_slot(distance) as usize;
            let extra = distance - u32::from(DISTANCE_BASE[slot]);
            assert!(extra < 1 << DISTANCE_EXTRA[slot], "distance {distance}");
        }
        assert_eq!((DISTANCE_BASE[4], DISTANCE_BASE[29], DISTANCE_EXTRA[29]), (5, 24577, 13));
    }

    #[test]
    fn a_token_keeps_its_parts() {
        let token = Token::matching(258, 29, 32768);
        assert_eq!((token.length(), token.slot(), token.distance()), (258, 29, 32768));
        let cut = Token::from_word(Token::length_part(3) + token.distance_part());
        assert_eq!((cut.length(), cut.slot(), cut.distance(), cut.is_literal()), (3, 29, 32768, false));
        assert_eq!((Token::literal(255).literal_symbol(), Token::literal(255).length()), (255, 1));
    }
}
