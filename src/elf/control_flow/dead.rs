//! What is dead without handlers: blocks of functions, then functions.

use std::ops::Range;

use rayon::prelude::*;

use super::check::{Kept, check};
use super::code::Code;
use super::error::CannotFollow;
use super::flow::only_from_pads;
use super::graph::Graph;
use super::roots::Roots;
use super::sweep::{ReferenceKind, Sweep, sweep};
use super::tables::DistanceTables;
use crate::elf::Architecture;
use crate::elf::frames::FrameTables;
use crate::elf::image::Image;

/// Code that nothing reaches any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadCode {
    /// Blocks of functions that stay, which only landing pads led to: ranges of the file, sorted.
    pub blocks: Vec<Range<u64>>,
    /// Whole functions that only such blocks led to: ranges of the file, sorted.
    pub functions: Vec<Range<u64>>,
    /// Functions with landing pads.
    pub with_handlers: usize,
    /// Of those, the ones that could not be followed and are kept whole.
    pub not_followed: usize,
    /// Functions that nothing is seen to lead to even before, which are kept.
    pub unreached: usize,
}

/// How many functions may be unreached before anything is taken: one in so many, and these few in any case. Hand-written
/// assembly that nobody uses shares sections with what is used: 25 of 29,757 in a program with aws-lc (rewriter research, 2026-11-23).
const UNREACHED_SHARE: usize = 200;
const UNREACHED_FEW: usize = 16;

/// The code of `image` that is dead once no function has a handler any more. `tables` are its unwind tables, handlers included.
///
/// # Errors
/// [`CannotFollow`]: why all of it has to stay.
pub fn dead_without_handlers(image: &Image<'_>, tables: &FrameTables) -> Result<DeadCode, CannotFollow> {
    if image.architecture() != Architecture::X86_64 {
        return Err(CannotFollow::Architecture);
    }
    if image.is_fixed() {
        return Err(CannotFollow::Fixed);
    }
    let code = Code::of(image, tables)?;
    let roots = Roots::of(image, &code)?;
    let read = |range: &Range<u64>| sweep(code.bytes(range), range.start);
    let sweeps: Vec<Sweep> = code.functions.par_iter().map(|function| read(&function.range)).collect();
    let gaps: Vec<(Range<u64>, Sweep)> = code.gaps().into_par_iter().map(|gap| (gap.clone(), read(&gap))).collect();
    let all = || sweeps.iter().chain(gaps.iter().map(|(_, sweep)| sweep)).flat_map(|sweep| &sweep.references);
    let taken = || all().filter(|reference| reference.kind == ReferenceKind::Address).map(|reference| reference.to);
    let distances = DistanceTables::read(image, &code, &sweeps, taken().collect())?;
    // Each use of a table goes through it. Compilers use a table once.
    if taken().map(|base| distances.at(base).len() as u64).sum::<u64>() > image.file_size() {
        return Err(CannotFollow::Overlap { what: "uses of jump tables" });
    }
    let graph = Graph { code: &code, roots: &roots, tables: &distances, sweeps: &sweeps, gaps: &gaps };

    let entries = entries(&graph);
    let followed = code.functions.par_iter().zip(&entries).map(|(function, entries)| {
        let has_pads = !function.pads.is_empty();
        let blocks = has_pads.then(|| only_from_pads(code.bytes(&function.range), function, entries, &distances));
        blocks.unwrap_or(Ok(Vec::new()))
    });
    let followed: Vec<Result<Vec<Range<u64>>, &'static str>> = followed.collect();
    let not_followed = followed.iter().filter(|blocks| blocks.is_err()).count();
    let blocks: Vec<Vec<Range<u64>>> = followed.into_iter().map(Result::unwrap_or_default).collect();

    let before = graph.reached(&[], &[]);
    let unreached = before.iter().filter(|&&reached| !reached).count();
    if unreached > UNREACHED_FEW.max(code.functions.len() / UNREACHED_SHARE) {
        return Err(CannotFollow::Unreached { unreached, functions: code.functions.len() });
    }
    let kept = Kept { image, code: &code, roots: &roots, sweeps: &sweeps };
    let dead = dead_functions(&graph, &kept, &before, &blocks);
    let functions = |is_dead: bool| dead.iter().enumerate().filter(move |(_, dead)| **dead == is_dead);
    let dead_functions: Vec<Range<u64>> =
        functions(true).filter_map(|(number, _)| Some(code.functions.get(number)?.range.clone())).collect();
    let dead_blocks: Vec<Range<u64>> =
        functions(false).filter_map(|(number, _)| blocks.get(number)).flatten().cloned().collect();
    check(&kept, &dead_blocks, &dead_functions)?;

    let in_file = |ranges: Vec<Range<u64>>| {
        let ranges = ranges.into_iter().filter_map(|range| {
            let start = code.offset(range.start)?;
            Some(start..start + (range.end - range.start))
        });
        ranges.collect()
    };
    let with_handlers = code.functions.iter().filter(|function| !function.pads.is_empty()).count();
    Ok(DeadCode {
        blocks: in_file(dead_blocks),
        functions: in_file(dead_functions),
        with_handlers,
        not_followed,
        unreached,
    })
}

/// Of each function, the addresses inside it that something outside of it refers to, whether that stays or not.
fn entries(graph: &Graph<'_>) -> Vec<Vec<u64>> {
    let mut entries = vec![Vec::new(); graph.code.functions.len()];
    let mut add = |from: Option<usize>, to: u64| {
        let Some(owner) = graph.code.owner(to).filter(|&owner| from != Some(owner)) else { return };
        if let Some(entries) = entries.get_mut(owner) {
            entries.push(to);
        }
    };
    graph.roots.addresses.iter().for_each(|&address| add(None, address));
    let functions = graph.sweeps.iter().enumerate().map(|(number, sweep)| (Some(number), sweep));
    for (from, sweep) in functions.chain(graph.gaps.iter().map(|(_, sweep)| (None, sweep))) {
        for reference in &sweep.references {
            add(from, reference.to);
            if reference.kind == ReferenceKind::Address {
                graph.tables.at(reference.to).iter().for_each(|&target| add(from, target));
            }
        }
    }
    for entries in &mut entries {
        entries.sort_unstable();
        entries.dedup();
    }
    entries
}

/// How often functions may turn out to be needed after all. What is kept refers to more, so it takes a few rounds.
const ROUNDS: usize = 8;

/// Functions that are reached before and not after. No four bytes of what stays, at any place, may read as a call of one: that needs no
/// understanding of instructions.
fn dead_functions(graph: &Graph<'_>, kept: &Kept<'_>, before: &[bool], blocks: &[Vec<Range<u64>>]) -> Vec<bool> {
    let mut needed = Vec::new();
    for _ in 0..ROUNDS {
        let after = graph.reached(blocks, &needed);
        let dead: Vec<bool> = before.iter().zip(&after).map(|(before, after)| *before && !after).collect();
        let found = kept.words_that_lead_to(&dead, blocks);
        if found.is_empty() {
            return dead;
        }
        needed.extend(found);
    }
    vec![false; before.len()]
}
