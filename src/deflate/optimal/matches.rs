//! All matches that a parse might want: at each position, the longest of each distance slot.
//!
//! The nearest match of each length is not enough: a farther one may lie in a slot whose code is shorter. What is dropped is a
//! match for which a nearer and no shorter one lies at least [`SLOTS_SURE`] slots below.

use super::chains::Chains;
use super::format::{DISTANCES, MAX_MATCH, MIN_MATCH, Token, WINDOW, distance_slot};

/// So many slots nearer (each two are a bit) is cheaper under any code that occurs: on five executables (3.63 MB compressed,
/// 2026-11-24) 8 in place of 6 saved 93 bytes, 5 lost 213.
const SLOTS_SURE: usize = 6;
/// Most earlier positions looked at for four bytes and more. On the same files 400 lost 750 bytes, 200 lost 2,500.
const MOST_STEPS: u32 = 800;
/// When a slice has used this many steps for each of its positions, the rest of it gets [`FEW_STEPS`]. Machine code takes fewer
/// (with 160 tables of relocations are cut short: 900 bytes lost); strings of two letters take all.
const MEAN_STEPS: usize = 400;
const FEW_STEPS: u32 = 64;
/// The same for three bytes, where 100 saved nothing.
const MOST_STEPS_THREE: u32 = 24;
/// What a comparison counts as, in steps, and how many bytes of it count as one more: candidates that look good and fail late
/// must not make time explode.
const COMPARISON: u32 = 4;
const BYTES_PER_STEP: usize = 16;

/// The matches of consecutive positions, each position's longest first and of equal length the nearest first.
pub(super) struct Matches {
    /// Where each position's matches end in `items`.
    ends: Vec<u32>,
    items: Vec<Token>,
}

impl Matches {
    /// Of `data[start..end]`, with the window before `start`. Lengths may reach past `end`.
    pub(super) fn find(data: &[u8], start: usize, end: usize) -> Self {
        // Positions are counted from the beginning of the window.
        let window = start.saturating_sub(WINDOW);
        let chains = Chains::new(&data[window..], end - window);
        let mut finder = Finder {
            data: &data[window..],
            chains: &chains,
            budget: (end - start) * MEAN_STEPS,
            longest: [0; DISTANCES + 2],
            at: [0; DISTANCES + 2],
        };
        let mut matches = Self { ends: Vec::with_capacity(end - start), items: Vec::with_capacity((end - start) * 4) };
        for position in start - window..end - window {
            let slots = finder.search(position);
            finder.collect(slots, &mut matches.items);
            matches.ends.push(u32::try_from(matches.items.len()).expect("at most 30 for each position of a slice"));
        }
        matches.items.shrink_to_fit();
        matches
    }

    /// Matches of each position from `from` to `to`, last position first.
    pub(super) fn backwards(&self, from: usize, to: usize) -> impl Iterator<Item = &[Token]> {
        let first = from.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        let mut end = if to == from { first } else { self.ends[to - 1] as usize };
        (from..to).rev().map(move |position| {
            let start = if position == from { first } else { self.ends[position - 1] as usize };
            let items = &self.items[start..end];
            end = start;
            items
        })
    }
}

struct Finder<'d> {
    data: &'d [u8],
    chains: &'d Chains,
    /// Steps left for the slice.
    budget: usize,
    /// By slot: longest match found, valid for the slots that `search` returned.
    longest: [u16; DISTANCES + 2],
    /// Its distance.
    at: [u16; DISTANCES + 2],
}

impl Finder<'_> {
    /// Finds the longest match per slot; returns the slots that have one, as bits.
    #[inline(always)]
    fn search(&mut self, position: usize) -> u32 {
        let slots = self.search_three(position);
        let room = (self.data.len() - position).min(MAX_MATCH);
        if room <= MIN_MATCH {
            return slots;
        }
        let most = if self.budget > 0 { MOST_STEPS } else { FEW_STEPS };
        let (slots, left) = self.search_four(position, room, slots, most);
        self.budget = self.budget.saturating_sub((most - left) as usize);
        slots
    }

    /// Adds to `slots` the matches of four bytes and more; returns the steps left too.
    #[inline(always)]
    fn search_four(&mut self, position: usize, room: usize, mut slots: u32, mut steps: u32) -> (u32, u32) {
        let here = &self.data[position..position + room];
        let mut candidate = position;
        // Longest match of the slots that are surely cheaper than the current one, which are the first `settled`.
        let (mut sure, mut settled) = (MIN_MATCH, 0);
        let mut current = u32::MAX;
        let mut wanted = MIN_MATCH;
        loop {
            let link = usize::from(self.chains.four[candidate]);
            candidate = candidate.wrapping_sub(link);
            let distance = position.wrapping_sub(candidate);
            if link == 0 || distance > WINDOW || steps == 0 {
                return (slots, steps);
            }
            steps -= 1;
            let slot = distance_slot(distance as u32);
            if slot != current {
                current = slot;
                while settled + SLOTS_SURE <= slot as usize {
                    if slots >> settled & 1 == 1 {
                        sure = sure.max(usize::from(self.longest[settled]));
                    }
                    settled += 1;
                }
                if sure >= room {
                    return (slots, steps);
                }
                wanted = sure;
            }
            // At least four bytes are equal; is the one that would make it long enough?
            if wanted >= room || self.data[candidate + wanted] != here[wanted] {
                continue;
            }
            let length = common(&self.data[candidate..candidate + room], here);
            steps = steps.saturating_sub(COMPARISON + (length / BYTES_PER_STEP) as u32);
            if length > wanted {
                wanted = length;
                slots |= 1 << slot;
                self.longest[slot as usize] = length as u16;
                self.at[slot as usize] = distance as u16;
            }
        }
    }

    /// The nearest three equal bytes, and those in the slots above it that might be cheaper.
    #[inline(always)]
    fn search_three(&mut self, position: usize) -> u32 {
        let mut slots: u32 = 0;
        let mut candidate = position;
        for _ in 0..MOST_STEPS_THREE {
            let link = usize::from(self.chains.three[candidate]);
            candidate = candidate.wrapping_sub(link);
            let distance = position.wrapping_sub(candidate);
            if link == 0 || distance > WINDOW {
                break;
            }
            let slot = distance_slot(distance as u32);
            if slots == 0 || slot < slots.trailing_zeros() + SLOTS_SURE as u32 {
                if slots >> slot & 1 == 0 {
                    slots |= 1 << slot;
                    self.longest[slot as usize] = MIN_MATCH as u16;
                    self.at[slot as usize] = distance as u16;
                }
            } else {
                break;
            }
        }
        slots
    }

    /// Appends the matches found that are worth a thought, longest first.
    #[inline(always)]
    fn collect(&self, mut slots: u32, items: &mut Vec<Token>) {
        let start = items.len();
        let (mut sure, mut settled) = (0, 0);
        let all = slots;
        while slots != 0 {
            let slot = slots.trailing_zeros() as usize;
            slots &= slots - 1;
            while settled + SLOTS_SURE <= slot {
                if all >> settled & 1 == 1 {
                    sure = sure.max(self.longest[settled]);
                }
                settled += 1;
            }
            let length = self.longest[slot];
            if length <= sure {
                continue;
            }
            let item = Token::matching(u32::from(length), slot as u32, u32::from(self.at[slot]));
            // Sorted insertion: rarely more than a few are there.
            let mut place = items.len();
            items.push(item);
            while place > start && items[place - 1].length() < item.length() {
                items.swap(place - 1, place);
                place -= 1;
            }
        }
    }
}

/// How many bytes are equal at the beginning of two slices of equal length.
#[inline(always)]
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut length = 0;
    let (words_a, tail_a) = a.as_chunks::<8>();
    let (words_b, tail_b) = b.as_chunks::<8>();
    for (x, y) in words_a.iter().zip(words_b) {
        let difference = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if difference != 0 {
            return length + (difference.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + tail_a.iter().zip(tail_b).take_while(|(x, y)| x == y).count()
}
