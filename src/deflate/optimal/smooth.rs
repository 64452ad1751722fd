//! Code lengths that are said in few bits: counts made alike where a run of equal lengths saves more than it costs.
//!
//! An optimal code for the tokens changes length from symbol to symbol, and each change costs bits in the header. Here both
//! are weighed together: for each symbol in turn the length, for the bits of its tokens, the bits in the header, and the
//! share of the code space that it takes, at the price that space has in an ideal code. The lengths found need not make a
//! complete code; so they only say which neighbours should have one length. Those get the average of their counts, and
//! Huffman's method does the rest.

use super::format::MAX_CODE_BITS;

/// Prices are in units of 1 / 16 bit.
const BIT: u64 = 16;
/// One over the natural logarithm of two, in the same units: what code space costs per token.
const SPACE: u64 = 23;
/// Lengths to consider on either side of the ideal one.
const SPREAD: usize = 2;

/// How a symbol's length came about: the length, and how many symbols were said with it.
#[derive(Clone, Copy)]
struct Step {
    price: u64,
    /// Length of the last symbol before, where this step begins.
    before: u8,
    count: u8,
}

const UNREACHED: Step = Step { price: u64::MAX, before: 0, count: 0 };

/// Counts to make a code for in place of `counts`, in sixteenths, where code length symbols cost `prices` bits, extra bits
/// included.
pub(super) fn smoothed(counts: &[u32], prices: &[u8; 19]) -> Vec<u32> {
    let used = counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
    let lengths = lengths(&counts[..used], prices);
    let mut smoothed = vec![0; counts.len()];
    let mut start = 0;
    for run in lengths.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        if run[0] > 0 {
            let sum: u64 = counts[start..end].iter().map(|&count| u64::from(count)).sum();
            let average = (sum * BIT / run.len() as u64).max(1);
            smoothed[start..end].fill(u32::try_from(average).unwrap_or(u32::MAX));
        }
        start = end;
    }
    smoothed
}

/// The cheapest lengths, tokens, header and code space together.
fn lengths(counts: &[u32], prices: &[u8; 19]) -> Vec<u8> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let space = |length: usize| if length == 0 { 0 } else { (total * SPACE) >> length };
    let price = |symbol: usize| u64::from(prices[symbol]) * BIT;
    let mut sums = vec![0u64; counts.len() + 1];
    for (index, &count) in counts.iter().enumerate() {
        sums[index + 1] = sums[index] + u64::from(count);
    }
    let mut table = vec![[UNREACHED; MAX_CODE_BITS + 1]; counts.len() + 1];
    table[0][0].price = 0;
    let mut zeros = 0;
    let zero_runs: Vec<usize> = {
        let mut runs: Vec<usize> = counts
            .iter()
            .rev()
            .map(|&count| {
                zeros = if count == 0 { zeros + 1 } else { 0 };
                zeros
            })
            .collect();
        runs.reverse();
        runs
    };
    for at in 0..counts.len() {
        let here = table[at];
        let (before, cheapest) = here
            .iter()
            .enumerate()
            .map(|(length, step)| (length, step.price))
            .min_by_key(|&(_, price)| price)
            .unwrap_or((0, 0));
        let mut reach = |count: usize, length: usize, before: usize, price: u64| {
            let step = &mut table[at + count][length];
            if price < step.price {
                *step = Step { price, before: before as u8, count: count as u8 };
            }
        };
        let count = u64::from(counts[at]);
        let lengths = match total.checked_div(count) {
            None => 0..=0,
            Some(share) => {
                let ideal = share.max(1).ilog2() as usize;
                ideal.saturating_sub(SPREAD).clamp(1, MAX_CODE_BITS)..=(ideal + SPREAD).clamp(1, MAX_CODE_BITS)
            }
        };
        for length in lengths {
            reach(1, length, before, cheapest + price(length) + count * length as u64 * BIT + space(length));
        }
        for (length, step) in here.iter().enumerate().filter(|(_, step)| step.price != u64::MAX) {
            if at == 0 {
                continue;
            }
            for run in 3..=6.min(counts.len() - at) {
                let tokens = sums[at + run] - sums[at];
                if length == 0 && tokens > 0 {
                    break;
                }
                let bits = price(16) + tokens * length as u64 * BIT + run as u64 * space(length);
                reach(run, length, length, step.price + bits);
            }
        }
        let zeros = zero_runs[at];
        (3..=zeros.min(10)).for_each(|run| reach(run, 0, before, cheapest + price(17)));
        (11..=zeros.min(138)).for_each(|run| reach(run, 0, before, cheapest + price(18)));
    }
    let last = &table[counts.len()];
    let mut length = (0..last.len()).min_by_key(|&length| last[length].price).unwrap_or(0);
    let mut lengths = vec![0; counts.len()];
    let mut end = counts.len();
    while end > 0 {
        let step = table[end][length];
        let start = end - usize::from(step.count);
        lengths[start..end].fill(length as u8);
        (end, length) = (start, usize::from(step.before));
    }
    lengths
}
