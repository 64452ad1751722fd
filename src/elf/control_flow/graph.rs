//! References between functions: which are reached from outside of code.

use std::ops::Range;

use super::code::Code;
use super::roots::Roots;
use super::sweep::{Reference, ReferenceKind, Sweep};
use super::tables::DistanceTables;

/// Functions and what refers to them.
pub(super) struct Graph<'a> {
    pub(super) code: &'a Code<'a>,
    pub(super) roots: &'a Roots,
    pub(super) tables: &'a DistanceTables,
    /// Of each function.
    pub(super) sweeps: &'a [Sweep],
    /// Of each stretch of code without a frame description.
    pub(super) gaps: &'a [(Range<u64>, Sweep)],
}

impl Graph<'_> {
    /// Which functions are reached where the code in `dead` (sorted, by function) is not there. `also` are reached in any case.
    pub(super) fn reached(&self, dead: &[Vec<Range<u64>>], also: &[usize]) -> Vec<bool> {
        let mut reached = vec![false; self.code.functions.len()];
        let mut open = also.to_vec();
        open.extend(self.roots.addresses.iter().filter_map(|&address| self.code.owner(address)));
        for (gap, sweep) in self.gaps {
            sweep.references.iter().for_each(|reference| self.follow(reference, &mut open));
            open.extend(self.code.owner(gap.end).filter(|_| sweep.falls_out));
            open.extend(self.words_that_lead_to_functions(gap));
        }
        // What holds data may be entered by it: nothing is known of such a function but that it stays.
        open.extend(self.sweeps.iter().enumerate().filter(|(_, sweep)| sweep.has_data).map(|(number, _)| number));
        while let Some(number) = open.pop() {
            let Some(seen) = reached.get_mut(number) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            let (Some(sweep), Some(function)) = (self.sweeps.get(number), self.code.functions.get(number)) else {
                continue;
            };
            let dead = dead.get(number).map_or(&[][..], Vec::as_slice);
            let stays = |reference: &&Reference| !is_in(dead, reference.from);
            sweep.references.iter().filter(stays).for_each(|reference| self.follow(reference, &mut open));
            if sweep.has_data {
                open.extend(self.words_that_lead_to_functions(&function.range));
            }
            open.extend(self.code.owner(function.range.end).filter(|_| sweep.falls_out));
        }
        reached
    }

    fn follow(&self, reference: &Reference, open: &mut Vec<usize>) {
        open.extend(self.code.owner(reference.to));
        if reference.kind == ReferenceKind::Address {
            let targets = self.tables.at(reference.to);
            open.extend(targets.iter().filter_map(|&target| self.code.owner(target)));
        }
    }

    /// Functions that four bytes at any place in `range` lead to, read as the end of a call, a jump or a `lea`: where data lies
    /// among code, instructions are not known.
    fn words_that_lead_to_functions(&self, range: &Range<u64>) -> Vec<usize> {
        let bytes = self.code.bytes(range);
        let words = bytes.windows(4).zip(range.start.saturating_add(4)..);
        words.filter_map(|(word, end)| self.starts_at(end.wrapping_add_signed(distance(word)))).collect()
    }

    fn starts_at(&self, address: u64) -> Option<usize> {
        self.code.functions.binary_search_by_key(&address, |function| function.range.start).ok()
    }
}

/// Four bytes as a signed distance.
pub(super) fn distance(word: &[u8]) -> i64 {
    word.first_chunk().map_or(0, |word| i64::from(i32::from_le_bytes(*word)))
}

/// True where one of the ranges, sorted and disjoint, holds the address.
pub(super) fn is_in(ranges: &[Range<u64>], address: u64) -> bool {
    let next = ranges.partition_point(|range| range.end <= address);
    ranges.get(next).is_some_and(|range| range.contains(&address))
}
