//! Where the same three, and the same four, bytes stood before: exactly, not by a hash.
//!
//! Positions are sorted by their three bytes (two counting passes, stable), so equal ones are neighbours. A hash of 16 bits
//! in place of this hides short matches behind collisions and costs 0.07 % (a prototype's ablation, 2026-11-23).

use super::format::WINDOW;

/// Bits per counting pass: two passes cover three bytes.
const DIGIT_BITS: u32 = 12;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Links from each position to the nearest earlier one with the same bytes.
pub(super) struct Chains {
    /// How far back the same three bytes stand, 0 for farther than the window.
    pub(super) three: Vec<u16>,
    /// The same for four bytes.
    pub(super) four: Vec<u16>,
}

impl Chains {
    /// Of the first `positions` positions of `data`, which may go on after them.
    pub(super) fn new(data: &[u8], positions: usize) -> Self {
        let mut chains = Self { three: vec![0; positions], four: vec![0; positions] };
        let sorted = sorted_by_three(data, positions);
        let mut last_four = [(u32::MAX, 0u32); 256];
        let mut group = 0;
        let mut previous: Option<(u32, u32)> = None;
        for &position in &sorted {
            let at = position as usize;
            let key = three(data, at);
            match previous {
                Some((before, same)) if same == key => chains.three[at] = within_window(position - before),
                _ => group += 1,
            }
            previous = Some((position, key));
            if let Some(&fourth) = data.get(at + 3) {
                let (last_group, before) = &mut last_four[usize::from(fourth)];
                if *last_group == group {
                    chains.four[at] = within_window(position - *before);
                }
                (*last_group, *before) = (group, position);
            }
        }
        chains
    }
}

fn within_window(distance: u32) -> u16 {
    if distance as usize > WINDOW { 0 } else { distance as u16 }
}

#[inline(always)]
fn three(data: &[u8], at: usize) -> u32 {
    let bytes = &data[at..at + 3];
    u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2])
}

/// Positions at which three bytes stand, by these bytes, then by position.
fn sorted_by_three(data: &[u8], positions: usize) -> Vec<u32> {
    let count = positions.min(data.len().saturating_sub(2));
    let positions = u32::try_from(count).expect("a slice is far below 4 GiB");
    let by_low = sorted_by_digit(data, count, 0, 0..positions);
    sorted_by_digit(data, count, DIGIT_BITS, by_low.iter().copied())
}

/// `positions` by one digit of their three bytes, otherwise in the order in which they came.
fn sorted_by_digit(data: &[u8], count: usize, shift: u32, positions: impl Iterator<Item = u32>) -> Vec<u32> {
    let digit = |at: usize| (three(data, at) >> shift) as usize & (DIGITS - 1);
    let mut next = vec![0u32; DIGITS];
    (0..count).for_each(|at| next[digit(at)] += 1);
    let mut start = 0;
    for slot in &mut next {
        let here = *slot;
        *slot = start;
        start += here;
    }
    let mut sorted = vec![0; count];
    for position in positions {
        let slot = &mut next[digit(position as usize)];
        sorted[*slot as usize] = position;
        *slot += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_those_of_a_plain_search() {
        let mut seed = 7u32;
        let data: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 29) as u8
        })
        .take(3000)
        .collect();
        for positions in [0, 1, 2, 1500, 3000] {
            let chains = Chains::new(&data, positions);
            for (length, links) in [(3, &chains.three), (4, &chains.four)] {
                for (at, &link) in links.iter().enumerate() {
                    let here = data.get(at..at + length);
                    let before = (0..at).rev().find(|&b| here.is_some() && data.get(b..b + length) == here);
                    assert_eq!(usize::from(link), before.map_or(0, |before| at - before), "{length} at {at}");
                }
            }
        }
    }

    #[test]
    fn nothing_links_farther_than_the_window() {
        let mut data = vec![0; WINDOW + 1];
        data[..4].copy_from_slice(b"near");
        for (gap, link) in [(WINDOW, WINDOW as u16), (WINDOW + 1, 0)] {
            data.truncate(gap);
            data.resize(gap, 0);
            data.extend(b"near");
            let chains = Chains::new(&data, data.len());
            assert_eq!((chains.three[gap], chains.four[gap]), (link, link));
            data.resize(WINDOW + 1, 0);
            data[..4].copy_from_slice(b"near");
        }
    }
}
