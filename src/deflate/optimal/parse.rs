//! The cheapest way to say a block in literals and matches, given what each costs.

use super::format::{MAX_MATCH, MIN_MATCH, Token};
use super::matches::Matches;
use super::price::Prices;

/// Work space of a parse, kept from one to the next.
#[derive(Default)]
pub(super) struct Parser {
    /// Cheapest price from each position to the end of the block.
    rest: Vec<u32>,
    /// The token to take at each position.
    choice: Vec<Token>,
}

/// Matches of a segment, in slices of equal length (the last may be shorter).
pub(super) struct SegmentMatches {
    pub(super) slices: Vec<Matches>,
    pub(super) slice_len: usize,
}

impl SegmentMatches {
    /// Matches of each position from `from` to `to`, last position first.
    fn backwards(&self, from: usize, to: usize) -> impl Iterator<Item = &[Token]> {
        let first = from / self.slice_len;
        let last = to.saturating_sub(1) / self.slice_len;
        (first..=last).rev().flat_map(move |slice| {
            let start = slice * self.slice_len;
            let matches = &self.slices[slice];
            matches.backwards(from.saturating_sub(start), (to - start).min(matches.len()))
        })
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
        let size = block.len();
        self.rest.clear();
        self.rest.resize(size + 1, 0);
        self.choice.clear();
        self.choice.resize(size, Token::literal(0));
        let mut after: &[Token] = &[];
        let backwards = matches.backwards(from, from + size);
        let places = self.choice.iter_mut().zip(block).enumerate().rev();
        for (items, (position, (choice, &byte))) in backwards.zip(places) {
            let rest = &mut self.rest[position..];
            let literal = prices.literals[usize::from(byte)] + rest[1];
            let (price, token) = match items.first() {
                None => (literal, Token::literal(byte)),
                Some(&longest) => {
                    let best = (literal, Token::literal(byte));
                    if in_run(longest, after) && rest.len() > MAX_MATCH {
                        run(longest, rest, prices, best)
                    } else {
                        cheapest(items, rest, prices, best)
                    }
                }
            };
            rest[0] = price;
            *choice = token;
            after = items;
        }
        tokens.clear();
        let mut position = 0;
        while let Some(&token) = self.choice.get(position) {
            tokens.push(token);
            position += token.length();
        }
    }
}

/// Is this match as long as can be, and the position after inside the same repetition?
#[inline(always)]
fn in_run(longest: Token, after: &[Token]) -> bool {
    longest.length() == MAX_MATCH
        && after.first().is_some_and(|after| after.length() == MAX_MATCH && after.distance() == longest.distance())
}

#[inline(always)]
fn run(longest: Token, rest: &[u32], prices: &Prices, best: (u32, Token)) -> (u32, Token) {
    let price = prices.distances[longest.slot()] + prices.lengths[MAX_MATCH] + rest[MAX_MATCH];
    if price <= best.0 { (price, longest) } else { best }
}

/// The cheapest of `best` and all lengths of all `items`, longest first.
#[inline(always)]
fn cheapest(items: &[Token], rest: &[u32], prices: &Prices, best: (u32, Token)) -> (u32, Token) {
    let (mut best_price, mut best_token) = best;
    // Cheapest distance that reaches the length in question.
    let (mut distance_price, mut distance_token) = (u32::MAX, best_token);
    let room = rest.len() - 1;
    for (index, &item) in items.iter().enumerate() {
        let price = prices.distances[item.slot()];
        if price < distance_price {
            (distance_price, distance_token) = (price, item);
        }
        let longest = item.length().min(room);
        // Lengths that the next match reaches too are its business.
        let shortest = items.get(index + 1).map_or(MIN_MATCH, |next| next.length() + 1);
        if shortest > longest {
            continue;
        }
        let ends = &rest[shortest..=longest];
        for (length, (&rest, &length_price)) in (shortest..).zip(ends.iter().zip(&prices.lengths[shortest..=longest])) {
            let price = distance_price + length_price + rest;
            if price < best_price {
                (best_price, best_token) = (price, distance_token.cut(length));
            }
        }
    }
    (best_price, best_token)
}
