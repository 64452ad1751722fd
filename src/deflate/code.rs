//! Huffman codes as lookup tables: one step for short codes, two for long ones.
//!
//! A code is accepted exactly where zlib accepts it: never over-subscribed; incomplete only as a single code of one bit
//! (and not for code lengths), or empty.

use super::DeflateError;

/// Bits of the first table. Codes are rarely longer, and 2^10 entries stay in the nearest cache.
const ROOT_BITS: u32 = 10;
/// Longest code of the format.
const MAX_CODE_BITS: usize = 15;

/// What a bit pattern stands for, packed so that a table fits the cache.
#[derive(Clone, Copy)]
pub(super) struct Symbol(u32);

/// The kinds of symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SymbolKind {
    /// A literal byte, or a code length symbol.
    Literal,
    /// A length or distance: base value plus extra bits.
    Base,
    /// End of block.
    End,
    /// Reserved, or no symbol at all.
    Invalid,
    /// A long code: look on in a second table.
    Link,
}

// Layout: code bits 0..4, extra bits 4..8, kind 8..11, value 16..32.
const LITERAL: u32 = 0 << 8;
const BASE: u32 = 1 << 8;
const END: u32 = 2 << 8;
const INVALID: u32 = 3 << 8;
const LINK: u32 = 4 << 8;
const KIND_MASK: u32 = 7 << 8;

impl Symbol {
    const NONE: Symbol = Symbol(INVALID);

    const fn new(kind: u32, value: u16, extra_bits: u32) -> Self {
        Self(kind | extra_bits << 4 | (value as u32) << 16)
    }

    #[inline(always)]
    pub(super) fn kind(self) -> SymbolKind {
        match self.0 & KIND_MASK {
            LITERAL => SymbolKind::Literal,
            BASE => SymbolKind::Base,
            END => SymbolKind::End,
            LINK => SymbolKind::Link,
            _ => SymbolKind::Invalid,
        }
    }

    /// Bits of its code.
    #[inline(always)]
    pub(super) fn code_bits(self) -> u32 {
        self.0 & 15
    }

    /// Bits that follow the code.
    #[inline(always)]
    pub(super) fn extra_bits(self) -> u32 {
        self.0 >> 4 & 15
    }

    /// The byte, the code length symbol, or the base of a length or distance.
    #[inline(always)]
    pub(super) fn value(self) -> u32 {
        self.0 >> 16
    }

    const fn with_code_bits(self, bits: u32) -> Self {
        Self(self.0 | bits)
    }
}

/// Which code of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// The code that code lengths are written in.
    CodeLength,
    /// Literals, lengths and the end of the block.
    Literal,
    /// Distances.
    Distance,
}

impl Alphabet {
    const fn name(self) -> &'static str {
        match self {
            Self::CodeLength => "code length",
            Self::Literal => "literal",
            Self::Distance => "distance",
        }
    }

    /// What the symbol of this number stands for (RFC 1951, 3.2.5 and 3.2.7).
    const fn symbol(self, number: u16) -> Symbol {
        match (self, number) {
            (Self::CodeLength, _) | (Self::Literal, 0..=255) => Symbol::new(LITERAL, number, 0),
            (Self::Literal, 256) => Symbol::new(END, 0, 0),
            (Self::Literal, 257..=264) => Symbol::new(BASE, number - 254, 0),
            (Self::Literal, 285) => Symbol::new(BASE, 258, 0),
            (Self::Literal, 265..=284) => {
                let extra = (number as u32 - 261) / 4;
                Symbol::new(BASE, ((4 + (number - 265) % 4) << extra) + 3, extra)
            }
            (Self::Distance, 0..=3) => Symbol::new(BASE, number + 1, 0),
            (Self::Distance, 4..=29) => {
                let extra = number as u32 / 2 - 1;
                Symbol::new(BASE, ((2 + number % 2) << extra) + 1, extra)
            }
            _ => Symbol::NONE,
        }
    }
}

/// A code, ready to decode.
pub(super) struct Code {
    /// 2^`root_bits` entries, then the second tables.
    entries: Vec<Symbol>,
    root_mask: u64,
    root_bits: u32,
}

impl Code {
    /// A code that knows no symbol, to be built into.
    pub(super) fn empty() -> Self {
        Self { entries: vec![Symbol::NONE], root_mask: 0, root_bits: 0 }
    }

    /// The symbol at the front of `bits`.
    #[inline(always)]
    pub(super) fn lookup(&self, bits: u64) -> Symbol {
        // Every index below is masked to a table that `build` made of that size.
        let symbol = self.entries[(bits & self.root_mask) as usize];
        if symbol.kind() != SymbolKind::Link {
            return symbol;
        }
        let index = bits >> self.root_bits & ((1 << symbol.extra_bits()) - 1);
        self.entries[symbol.value() as usize + index as usize]
    }

    /// Rebuilds the tables from code lengths (each at most 15), reusing their memory.
    pub(super) fn build(&mut self, alphabet: Alphabet, lengths: &[u8], block: u64) -> Result<(), DeflateError> {
        let mut counts = [0u32; MAX_CODE_BITS + 1];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        let longest = judge(alphabet, &counts, block)?;
        self.root_bits = longest.min(ROOT_BITS);
        let root_size = 1usize << self.root_bits;
        self.root_mask = root_size as u64 - 1;
        self.entries.clear();
        self.entries.resize(root_size, Symbol::NONE);

        let starts = first_codes(&counts);
        if longest > ROOT_BITS {
            self.link_second_tables(lengths, starts);
        }
        let mut next = starts;
        for (number, &length) in (0u16..).zip(lengths) {
            if length > 0 {
                let code = reversed(&mut next, length);
                let symbol = alphabet.symbol(number).with_code_bits(u32::from(length));
                self.fill(code, u32::from(length), symbol);
            }
        }
        Ok(())
    }

    /// Gives every root pattern that long codes start with a second table, as wide as the longest of them needs.
    fn link_second_tables(&mut self, lengths: &[u8], mut next: [u32; MAX_CODE_BITS + 2]) {
        let mut widths = [0u8; 1 << ROOT_BITS];
        for &length in lengths.iter().filter(|&&length| length > 0) {
            let code = reversed(&mut next, length);
            if u32::from(length) > ROOT_BITS {
                let width = &mut widths[code & ((1 << ROOT_BITS) - 1)];
                *width = (*width).max(length - ROOT_BITS as u8);
            }
        }
        for (root, &width) in widths.iter().enumerate().filter(|&(_, &width)| width > 0) {
            let start = u16::try_from(self.entries.len()).expect("288 symbols need far fewer than 2^16 entries");
            self.entries[root] = Symbol::new(LINK, start, u32::from(width));
            let end = self.entries.len() + (1 << width);
            self.entries.resize(end, Symbol::NONE);
        }
    }

    /// Writes `symbol` wherever a lookup can meet its code.
    fn fill(&mut self, code: usize, length: u32, symbol: Symbol) {
        if length <= self.root_bits {
            let root_size = 1 << self.root_bits;
            for entry in self.entries[code..root_size].iter_mut().step_by(1 << length) {
                *entry = symbol;
            }
            return;
        }
        let link = self.entries[code & self.root_mask as usize];
        let start = link.value() as usize;
        let second = &mut self.entries[start..start + (1 << link.extra_bits())];
        for entry in second[code >> self.root_bits..].iter_mut().step_by(1 << (length - self.root_bits)) {
            *entry = symbol;
        }
    }
}

/// Refuses what zlib refuses; else the length of the longest code, 0 for none.
fn judge(alphabet: Alphabet, counts: &[u32; MAX_CODE_BITS + 1], block: u64) -> Result<u32, DeflateError> {
    let longest = (1..=MAX_CODE_BITS).rfind(|&bits| counts[bits] > 0).unwrap_or(0);
    let mut free: i32 = 1;
    for &count in &counts[1..] {
        free = free * 2 - i32::try_from(count).expect("at most 320 symbols");
        if free < 0 {
            let alphabet = alphabet.name();
            return Err(DeflateError::OverSubscribed { block, alphabet });
        }
    }
    if free > 0 && longest > 0 && (alphabet == Alphabet::CodeLength || longest > 1) {
        let alphabet = alphabet.name();
        return Err(DeflateError::Incomplete { block, alphabet });
    }
    Ok(longest as u32)
}

/// The first canonical code of each length (RFC 1951, 3.2.2).
fn first_codes(counts: &[u32; MAX_CODE_BITS + 1]) -> [u32; MAX_CODE_BITS + 2] {
    let mut next = [0; MAX_CODE_BITS + 2];
    let mut code = 0;
    for (bits, &count) in counts.iter().enumerate() {
        code = (code + count) << 1;
        next[bits + 1] = code;
    }
    next
}

/// The next code of this length, in the order in which its bits are read.
fn reversed(next: &mut [u32; MAX_CODE_BITS + 2], length: u8) -> usize {
    let slot = &mut next[usize::from(length)];
    let code = slot.reverse_bits() >> (32 - u32::from(length));
    *slot += 1;
    code as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_are_those_of_the_rfc() {
        let base = |alphabet: Alphabet, number| {
            let symbol = alphabet.symbol(number);
            (symbol.value(), symbol.extra_bits())
        };
        for (number, expected) in [(257, (3, 0)), (264, (10, 0)), (265, (11, 1)), (268, (17, 1)), (269, (19, 2))] {
            assert_eq!(base(Alphabet::Literal, number), expected);
        }
        for (number, expected) in [(280, (115, 4)), (281, (131, 5)), (284, (227, 5)), (285, (258, 0))] {
            assert_eq!(base(Alphabet::Literal, number), expected);
        }
        for (number, expected) in [(0, (1, 0)), (3, (4, 0)), (4, (5, 1)), (5, (7, 1)), (29, (24577, 13))] {
            assert_eq!(base(Alphabet::Distance, number), expected);
        }
        assert_eq!(Alphabet::Distance.symbol(30).kind(), SymbolKind::Invalid);
        assert_eq!(Alphabet::Literal.symbol(286).kind(), SymbolKind::Invalid);
    }

    #[test]
    fn every_pattern_of_a_complete_code_decodes_to_the_symbol_that_owns_it() {
        // One symbol of each length from 1 to 15, and a twin of the last: complete, and it needs second tables.
        let mut lengths: Vec<u8> = (1..=15).collect();
        lengths.push(15);
        let mut code = Code::empty();
        code.build(Alphabet::Literal, &lengths, 0).unwrap();
        for pattern in 0u64..1 << 15 {
            let symbol = code.lookup(pattern);
            let ones = pattern.trailing_ones().min(15);
            assert_eq!((symbol.kind(), symbol.value()), (SymbolKind::Literal, ones));
            assert_eq!(symbol.code_bits(), (ones + 1).min(15));
        }
    }

    #[test]
    fn codes_are_refused_as_zlib_refuses_them() {
        let build = |alphabet, lengths: &[u8]| Code::empty().build(alphabet, lengths, 7);
        let over = |alphabet| Err(DeflateError::OverSubscribed { block: 7, alphabet });
        let incomplete = |alphabet| Err(DeflateError::Incomplete { block: 7, alphabet });
        assert_eq!(build(Alphabet::Literal, &[1, 1, 1]), over("literal"));
        assert_eq!(build(Alphabet::Distance, &[2, 2]), incomplete("distance"));
        assert_eq!(build(Alphabet::Distance, &[1]), Ok(()));
        assert_eq!(build(Alphabet::CodeLength, &[1]), incomplete("code length"));
        assert_eq!(build(Alphabet::Distance, &[0, 0]), Ok(()));
        assert_eq!(build(Alphabet::Literal, &[1, 1]), Ok(()));
    }
}
