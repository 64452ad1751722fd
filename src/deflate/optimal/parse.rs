//! The cheapest way to say a block in literals and matches, given what each costs.

use super::format::{MAX_MATCH, MIN_MATCH, Token};
use super::matches::Matches;
use super::price::Prices;

/// Work space of a parse, kept from one to the next.
#[derive(Default)]
pub(super) struct Parser {
    /// Cheapest price from each position to the end of the block, as an upper half: see [`Scaled`].
    rest: Vec<u64>,
    /// The token to take at each position.
    choice: Vec<Token>,
}

/// Matches of a segment, in slices of equal length (the last may be shorter).
pub(super) struct SegmentMatches {
    pub(super) slices: Vec<Matches>,
    pub(super) slice_len: usize,
}

/// Prices as upper halves of words whose lower halves are what they pay for, so that the smallest word is the cheapest token:
/// one comparison, and no branch to mispredict.
struct Scaled {
    /// By byte, with the literal.
    literals: [u64; 256],
    /// By length, with the length.
    lengths: [u64; MAX_MATCH + 1],
    /// By slot.
    distances: [u64; 32],
}

impl Scaled {
    fn new(prices: &Prices) -> Self {
        let upper = |price: u32| u64::from(price) << 32;
        let mut literals = prices.literals.map(upper);
        literals.iter_mut().zip(0..=255).for_each(|(word, byte)| *word |= u64::from(Token::literal(byte).word()));
        let mut lengths = prices.lengths.map(upper);
        lengths.iter_mut().zip(0..).for_each(|(word, length)| *word |= u64::from(Token::length_part(length)));
        Self { literals, lengths, distances: prices.distances.map(upper) }
    }
}

impl Parser {
    /// Parses `block`, whose first byte is at `from` of the segment, into `tokens`: exactly the cheapest, but that in the middle
    /// of a run only the longest match is considered.
    pub(super) fn parse(
        &mut self,
        block: &[u8],
        from: usize,
        matches: &SegmentMatches,
        prices: &Prices,
        tokens: &mut Vec<Token>,
    ) {
        let scaled = Scaled::new(prices);
        self.rest.clear();
        self.rest.resize(block.len() + 1, 0);
        self.choice.clear();
        self.choice.resize(block.len(), Token::literal(0));
        let mut end = from + block.len();
        let mut after = None;
        while end > from {
            // The part of the block that lies in one slice.
            let slice = (end - 1) / matches.slice_len;
            let slice_start = slice * matches.slice_len;
            let start = from.max(slice_start);
            let items = matches.slices[slice].backwards(start - slice_start, end - slice_start);
            after = self.parse_slice(&block[start - from..end - from], start - from, items, &scaled, after);
            end = start;
        }
        tokens.clear();
        let mut position = 0;
        while let Some(&token) = self.choice.get(position) {
            tokens.push(token);
            position += token.length();
        }
    }

    /// Parses `bytes`, at `start` of the block, and everything after is parsed. `after` is the longest match there; returns
    /// that of the first byte.
    fn parse_slice<'m>(
        &mut self,
        bytes: &[u8],
        start: usize,
        backwards: impl Iterator<Item = &'m [Token]>,
        prices: &Scaled,
        mut after: Option<Token>,
    ) -> Option<Token> {
        let places = self.choice[start..].iter_mut().zip(bytes).enumerate().rev();
        for (items, (position, (choice, &byte))) in backwards.zip(places) {
            let rest = &mut self.rest[start + position..];
            let mut best = prices.literals[usize::from(byte)] + rest[1];
            let longest = items.first().copied();
            if in_run(longest, after) && rest.len() > MAX_MATCH {
                let slot = items[0].slot();
                let distance = prices.distances[slot] | u64::from(items[0].distance_part());
                best = best.min(distance + prices.lengths[MAX_MATCH] + rest[MAX_MATCH]);
            } else {
                best = cheapest(items, rest, prices, best);
            }
            rest[0] = best & !0xffff_ffff;
            *choice = Token::from_word(best as u32);
            after = longest;
        }
        after
    }
}

/// Is this match as long as can be, and the position after inside the same repetition?
#[inline(always)]
fn in_run(longest: Option<Token>, after: Option<Token>) -> bool {
    // Tokens of equal length and distance are equal.
    longest.is_some_and(|longest| longest.length() == MAX_MATCH && after == Some(longest))
}

/// The cheapest of `best` and all lengths of all `items`, longest first.
#[inline(always)]
fn cheapest(items: &[Token], rest: &[u64], prices: &Scaled, mut best: u64) -> u64 {
    // Cheapest distance that reaches the length in question.
    let mut distance = u64::MAX;
    let room = rest.len() - 1;
    let nexts = items.iter().skip(1).map(|next| next.length() + 1).chain([MIN_MATCH]);
    // Lengths that the next match reaches too are its business.
    for (&item, shortest) in items.iter().zip(nexts) {
        distance = distance.min(prices.distances[item.slot()] | u64::from(item.distance_part()));
        let longest = item.length().min(room);
        if shortest > longest {
            continue;
        }
        for (&rest, &length) in rest[shortest..=longest].iter().zip(&prices.lengths[shortest..=longest]) {
            best = best.min(distance + length + rest);
        }
    }
    best
}
