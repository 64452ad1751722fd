//! The second reading: nothing that stays refers to what is dead.
//!
//! It shares no decoder of instructions with the first: operands are found by the length of instructions (`references`), each
//! stretch of code that stays read from its own start; and calls of whole functions by looking at every four bytes.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl};
use rayon::prelude::*;

use super::code::Code;
use super::error::CannotFollow;
use super::graph::{distance, is_in};
use super::roots::Roots;
use super::sweep::{Sweep, goes_on};
use super::tables::DistanceTables;
use crate::elf::Architecture;
use crate::elf::image::Image;
use crate::elf::references::{CodeReference, code_references};

/// The program that is judged.
pub(super) struct Kept<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) code: &'a Code<'a>,
    pub(super) roots: &'a Roots,
    pub(super) sweeps: &'a [Sweep],
}

impl Kept<'_> {
    /// Numbers of dead functions to whose start four bytes lead that stay, at any place.
    pub(super) fn words_that_lead_to(&self, dead: &[bool], blocks: &[Vec<Range<u64>>]) -> Vec<usize> {
        let numbered = dead.iter().enumerate().filter(|(_, dead)| **dead).map(|(number, _)| number);
        let starts = numbered.filter_map(|number| Some((self.code.functions.get(number)?.range.start, number)));
        let starts: Vec<(u64, usize)> = starts.collect();
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Vec::new() };
        // Nearly all words lead elsewhere: a bit for each place says so at once.
        let places = usize::try_from(last.0 - first.0).unwrap_or(usize::MAX).saturating_add(1);
        let mut bits = vec![0_u64; places.div_ceil(64)];
        for (start, _) in &starts {
            let place = (start - first.0) as usize;
            if let Some(word) = bits.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        let is_start = |address: u64| {
            let place = address.wrapping_sub(first.0);
            let word = usize::try_from(place / 64).ok().and_then(|word| bits.get(word));
            word.is_some_and(|word| word >> (place % 64) & 1 == 1)
        };
        let dead_ranges: Vec<Range<u64>> = self.dead_ranges(dead, blocks);
        let found = self.stretches(&dead_ranges).into_par_iter().flat_map_iter(|stretch| {
            let words = self.code.bytes(&stretch).windows(4).zip(stretch.start.saturating_add(4)..);
            let targets = words.map(|(word, end)| end.wrapping_add_signed(distance(word)));
            targets.filter(|&target| is_start(target)).collect::<Vec<u64>>()
        });
        let mut found: Vec<u64> = found.collect();
        found.sort_unstable();
        found.dedup();
        let number = |address: u64| starts.binary_search_by_key(&address, |start| start.0).ok();
        found.into_iter().filter_map(|address| Some(starts.get(number(address)?)?.1)).collect()
    }

    fn dead_ranges(&self, dead: &[bool], blocks: &[Vec<Range<u64>>]) -> Vec<Range<u64>> {
        let of_function = |((function, dead), blocks): ((&super::code::Function, &bool), &Vec<Range<u64>>)| {
            if *dead { vec![function.range.clone()] } else { blocks.clone() }
        };
        self.code.functions.iter().zip(dead).zip(blocks).flat_map(of_function).collect()
    }

    /// The code that stays, cut where functions start and end. `dead` is sorted and disjoint.
    fn stretches(&self, dead: &[Range<u64>]) -> Vec<Range<u64>> {
        let functions = self.code.functions.iter().map(|function| function.range.clone());
        let mut whole: Vec<Range<u64>> = functions.chain(self.code.gaps()).collect();
        whole.sort_by_key(|range| range.start);
        let mut stretches = Vec::with_capacity(whole.len());
        for range in whole {
            let mut at = range.start;
            let first = dead.partition_point(|dead| dead.end <= at);
            for dead in dead.get(first..).unwrap_or_default().iter().take_while(|dead| dead.start < range.end) {
                stretches.push(at..dead.start);
                at = dead.end;
            }
            stretches.push(at..range.end);
        }
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }

    fn references(&self, stretches: &[Range<u64>], targets: &[Range<u64>]) -> Vec<CodeReference> {
        let read = |stretch: &Range<u64>| {
            let mut found = Vec::new();
            let bytes = self.code.bytes(stretch);
            code_references(Architecture::X86_64, bytes, stretch.start, targets, &mut found);
            found
        };
        stretches.par_iter().flat_map_iter(read).collect()
    }
}

/// Fails where anything that stays leads into `blocks` or `functions`; both sorted and disjoint.
pub(super) fn check(kept: &Kept<'_>, blocks: &[Range<u64>], functions: &[Range<u64>]) -> Result<(), CannotFollow> {
    let mut dead: Vec<Range<u64>> = blocks.iter().chain(functions).cloned().collect();
    dead.sort_by_key(|range| range.start);
    let still = |what, from, to| CannotFollow::StillReferred { what, from, to };
    if let Some(&root) = kept.roots.addresses.iter().find(|&&root| is_in(&dead, root)) {
        return Err(still("a symbol or a relocated word", root, root));
    }
    let stretches = kept.stretches(&dead);
    if let Some(found) = kept.references(&stretches, &dead).first() {
        return Err(still("an instruction", found.from, found.to));
    }
    let data = [0..dead.first().map_or(0, |first| first.start), dead.last().map_or(0, |last| last.end)..u64::MAX];
    let outside = kept.references(&stretches, &data);
    let taken = outside.iter().filter(|reference| reference.size == 0).map(|reference| reference.to);
    let bases: Vec<u64> = taken.filter(|&to| !kept.code.contains(to)).collect();
    let tables = DistanceTables::read(kept.image, kept.code, kept.sweeps, bases.clone())?;
    for base in bases {
        if let Some(&target) = tables.at(base).iter().find(|&&target| is_in(&dead, target)) {
            return Err(still("a table of distances", base, target));
        }
    }
    check_ends(kept, blocks, &stretches)
}

/// No code that stays runs on into a block that does not: before each such block stands a jump, or a call before a landing pad.
fn check_ends(kept: &Kept<'_>, blocks: &[Range<u64>], stretches: &[Range<u64>]) -> Result<(), CannotFollow> {
    let runs_on = |block: &Range<u64>| {
        let next = stretches.partition_point(|stretch| stretch.end < block.start);
        let stretch = stretches.get(next).filter(|stretch| stretch.end == block.start)?;
        let last =
            Decoder::with_ip(64, kept.code.bytes(stretch), stretch.start, DecoderOptions::NONE).into_iter().last()?;
        let owner = kept.code.owner(block.start).and_then(|owner| kept.code.functions.get(owner));
        let is_pad = owner.is_some_and(|owner| owner.pads.binary_search(&block.start).is_ok());
        let is_call = matches!(last.flow_control(), FlowControl::Call | FlowControl::IndirectCall);
        (goes_on(&last) && !(is_call && is_pad)).then_some(CannotFollow::StillReferred {
            what: "an instruction",
            from: last.ip(),
            to: block.start,
        })
    };
    blocks.par_iter().find_map_any(runs_on).map_or(Ok(()), Err)
}
