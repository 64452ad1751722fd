//! A block parsed again and again, each time under the prices of the parse before.

use super::block::{Code, FIXED_DISTANCES, FIXED_LITERALS, fixed_bits, stored_bits};
use super::format::Token;
use super::histogram::Histogram;
use super::parse::{Parser, SegmentMatches};
use super::price::Prices;

/// How much work a round puts into each block.
#[derive(Clone, Copy)]
pub(super) struct Parses {
    /// Parses under ideal prices.
    pub(super) ideal: usize,
    /// Parses, after these, under the prices of the code as it will be written; they end when nothing is gained.
    pub(super) coded: usize,
}

/// A block as tokens, and the code for them.
pub(super) struct Block {
    /// Bytes that it stands for.
    pub(super) size: usize,
    pub(super) tokens: Vec<Token>,
    pub(super) code: Code,
}

/// Parses the block of `bytes`, which begin at `from` of the segment; `expected` is what its symbols may be like.
pub(super) fn optimise(
    bytes: &[u8],
    from: usize,
    matches: &SegmentMatches,
    expected: Histogram,
    parses: Parses,
) -> Block {
    let mut search = Search { bytes, from, matches, parser: Parser::default(), tokens: vec![], best: None };
    search.parse_ideal(expected, parses.ideal);
    if search.is_noise() {
        return search.finish();
    }
    // Where literals alone are nearly as good, prices may have settled on matches that only pay because literals are rare.
    let literals = Code::quick(&Histogram::of_literals(bytes)).bits;
    if literals < search.best_bits().saturating_mul(9) / 8 {
        search.parse_ideal(literals_and_few_matches(bytes, FEW), parses.ideal);
    }
    search.parse_coded(parses.coded);
    if parses.coded > 0 && bytes.len() < SMALL {
        search.parse_fixed();
    }
    search.finish()
}

/// What to expect of bytes of which nothing is known: their counts, and some matches of each kind.
pub(super) fn guess(bytes: &[u8]) -> Histogram {
    literals_and_few_matches(bytes, SOME)
}

/// One of each match symbol is expected in so many bytes.
const SOME: usize = 32;
const FEW: usize = 2048;

fn literals_and_few_matches(bytes: &[u8], share: usize) -> Histogram {
    let mut histogram = Histogram::of_literals(bytes);
    let each = (bytes.len() / share) as u32 + 1;
    histogram.literals[257..].fill(each / 4 + 1);
    // Short matches, those that say their length without extra bits, are more common.
    histogram.literals[257..265].fill(each);
    histogram.distances.fill(each);
    histogram
}

/// From this size on, a fixed block is not looked for.
const SMALL: usize = 8 << 10;

struct Search<'b> {
    bytes: &'b [u8],
    from: usize,
    matches: &'b SegmentMatches,
    parser: Parser,
    tokens: Vec<Token>,
    best: Option<Block>,
}

impl Search<'_> {
    fn parse_ideal(&mut self, mut expected: Histogram, parses: usize) {
        for _ in 0..parses {
            self.parser.parse(self.bytes, self.from, self.matches, &Prices::ideal(&expected), &mut self.tokens);
            let found = Histogram::of(&self.tokens);
            self.keep(Code::quick(&found));
            if found == expected || self.is_noise() {
                return;
            }
            expected = found;
        }
    }

    fn parse_coded(&mut self, parses: usize) {
        for round in 0..parses {
            let Some(best) = &mut self.best else { return };
            if round == 0 {
                best.code = Code::thorough(&Histogram::of(&best.tokens));
            }
            let prices = Prices::coded(&best.code.literals, &best.code.distances);
            self.parser.parse(self.bytes, self.from, self.matches, &prices, &mut self.tokens);
            if !self.keep(Code::thorough(&Histogram::of(&self.tokens))) {
                return;
            }
        }
    }

    /// Parses for a fixed block: what is small is small without a header too.
    fn parse_fixed(&mut self) {
        let prices = Prices::coded(&FIXED_LITERALS, &FIXED_DISTANCES);
        self.parser.parse(self.bytes, self.from, self.matches, &prices, &mut self.tokens);
        let histogram = Histogram::of(&self.tokens);
        if fixed_bits(&histogram) < self.best_bits() {
            // The code goes unused: a fixed block will be found to be smaller.
            self.best =
                Some(Block { size: self.bytes.len(), tokens: self.tokens.clone(), code: Code::quick(&histogram) });
        }
    }

    /// Keeps the tokens of the last parse if they are the smallest so far, and tells whether they are.
    fn keep(&mut self, code: Code) -> bool {
        let better = code.bits < self.best_bits();
        if better {
            self.best = Some(Block { size: self.bytes.len(), tokens: self.tokens.clone(), code });
        }
        better
    }

    fn best_bits(&self) -> u64 {
        self.best.as_ref().map_or(u64::MAX, |best| best.code.bits)
    }

    /// Is it hardly smaller than its bytes?
    fn is_noise(&self) -> bool {
        let stored = stored_bits(self.bytes.len(), 0);
        self.best_bits() >= stored - stored / 512
    }

    fn finish(self) -> Block {
        self.best.expect("every round has a parse")
    }
}
