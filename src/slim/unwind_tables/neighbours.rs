//! Which neighbouring functions share one frame description.
//!
//! Each frame description costs its head, an entry of the index and the head of an LSDA, in numbers that Deflate finds nothing in. Functions
//! that stand side by side can share one: an unwinder that looks up an address carries out the instructions up to there and comes to the row of that
//! function.
//! What is done per unwound frame stays bounded: instructions and LSDA of a shared description are limited.
//!
//! A function whose call sites another one has as well begins a description: from its own start they are written alike.
//! Who joins depends on what is written in the end alone, so that what was merged once is not merged further.

use std::collections::HashMap;
use std::ops::Range;

use crate::elf::{FrameTables, Image, Lsda, ProgramShape, is_only_filling};

use super::call_sites::{self, are_orderly, encoded};
use super::model::{Common, Frame, Handlers, UnwindModel};
use super::program;

/// Functions stand at multiples of 64 at most, but for a few that ask for a page.
const LONGEST_GAP: u64 = 63;
/// Offsets below take two bytes at most in an LSDA.
const SPAN: u64 = 1 << 14;
/// Most bytes of call frame instructions, and of an LSDA: what is gone through for a frame.
const PROGRAM_LIMIT: usize = 512;
const LSDA_LIMIT: usize = 256;
/// Most functions: as many as fit in [`SPAN`] at multiples of 16. Smaller ones make up a damaged file, which is not to take quadratic time.
const MEMBERS_LIMIT: usize = 1024;
/// Most states remembered at once: readers have room for four rows (`gimli`'s `MAX_UNWIND_STACK_DEPTH`), one of which is the current one.
const DEPTH_LIMIT: usize = 2;
/// Call sites of more bytes than this begin a description where another function's begin with the same [`LEAD`] bytes. The last call site
/// of a function, which may change when it is merged, takes 9 bytes at most.
const SHORT_CALL_SITES: usize = 24;
const LEAD: usize = 16;

/// The model with one frame description for each group of neighbours; `None` where none share one. Functions at the addresses `kept`, which are
/// sorted, keep their own.
pub(in crate::slim) fn merge_neighbours(
    image: &Image<'_>,
    tables: &FrameTables,
    model: &UnwindModel,
    kept: &[u64],
) -> Option<UnwindModel> {
    let neighbours = Neighbours::of(image, tables, model, kept);
    let mut groups: Vec<Group> = Vec::with_capacity(model.frames.len());
    for number in model.by_address() {
        match groups.last_mut().and_then(|group| Some((neighbours.with(group, number)?, group))) {
            Some((joined, group)) => *group = joined,
            None => groups.push(Group::alone(number, model)),
        }
    }
    (groups.len() < model.frames.len()).then(|| model_of(model, groups))
}

/// Functions that share a frame description.
struct Group {
    /// Their numbers, by address.
    members: Vec<usize>,
    common: usize,
    /// Instructions, and the LSDA where one has any, of several members.
    shared: Option<(Vec<u8>, Option<Handlers>)>,
}

impl Group {
    fn alone(number: usize, model: &UnwindModel) -> Self {
        Self { members: vec![number], common: model.frames[number].common, shared: None }
    }
}

/// What is known of each function, by its number.
struct Neighbours<'m> {
    model: &'m UnwindModel,
    /// `None` for those that share with nobody.
    shapes: Vec<Option<ProgramShape>>,
    /// Decoded LSDAs of those that have one.
    lsdas: Vec<Option<&'m Lsda>>,
    /// True for those with nothing but filling between them and the function before.
    follows: Vec<bool>,
    /// True for those whose call sites another one has as well.
    leads: Vec<bool>,
}

impl<'m> Neighbours<'m> {
    fn of(image: &Image<'_>, tables: &'m FrameTables, model: &'m UnwindModel, kept: &[u64]) -> Self {
        let lsdas: Vec<Option<&Lsda>> =
            model.frames.iter().map(|frame| tables.lsdas.get(*model.sources.get(frame.lsda?)?)).collect();
        let mut indexed = vec![usize::from(model.index.is_none()); model.frames.len()];
        for (_, number) in model.index.iter().flatten() {
            indexed[*number] += 1;
        }
        let shape = |number: usize| {
            let frame = &model.frames[number];
            let common = &model.commons[frame.common];
            let fits = indexed[number] == 1
                && kept.binary_search(&frame.address).is_err()
                && !common.is_special
                && frame.program.len() <= PROGRAM_LIMIT
                && frame.lsda.is_none_or(|lsda| model.lsdas[lsda].bytes.len() <= LSDA_LIMIT)
                && lsdas[number].is_none_or(|lsda| are_orderly(&lsda.call_sites, frame.size))
                && common.code_alignment > 0
                && frame.address.is_multiple_of(common.code_alignment);
            fits.then(|| ProgramShape::of(&common.rules.1, &frame.program))?
        };
        let numbers = 0..model.frames.len();
        let mut neighbours = Self {
            model,
            shapes: numbers.map(shape).collect(),
            leads: leads(&lsdas),
            lsdas,
            follows: vec![false; model.frames.len()],
        };
        neighbours.find_followers(image);
        neighbours
    }

    fn find_followers(&mut self, image: &Image<'_>) {
        let apart = self.model.apart();
        let mut end = None;
        for number in self.model.by_address() {
            let frame = &self.model.frames[number];
            if !apart[number] {
                self.shapes[number] = None;
            } else if let Some(end) = end.filter(|&end| frame.address - end <= LONGEST_GAP) {
                self.follows[number] = is_filling(image, &(end..frame.address));
            }
            end = end.max(Some(frame.end().max(frame.address.saturating_add(1))));
        }
    }

    /// The group with one function more; `None` where it does not go with them.
    fn with(&self, group: &Group, number: usize) -> Option<Group> {
        let model = self.model;
        let (first, last) = (*group.members.first()?, *group.members.last()?);
        let (start, frame) = (model.frames[first].address, &model.frames[number]);
        let is_full = group.members.len() >= MEMBERS_LIMIT || frame.end().checked_sub(start)? > SPAN;
        if !self.follows[number] || self.leads[number] || is_full {
            return None;
        }
        self.shapes[last].as_ref()?;
        let common = self.common(group, number)?;
        let members = [group.members.as_slice(), &[number]].concat();
        let shapes: Vec<&ProgramShape> =
            members.iter().map(|&member| self.shapes[member].as_ref()).collect::<Option<_>>()?;
        if program::depth(shapes.iter().copied()) > DEPTH_LIMIT {
            return None;
        }
        let parts: Vec<program::Part<'_>> = members
            .iter()
            .zip(shapes)
            .map(|(&member, shape)| {
                let frame = &model.frames[member];
                let offset = (frame.address - start) / model.commons[common].code_alignment;
                program::Part { offset, program: &frame.program, shape }
            })
            .collect();
        let program = program::join(&parts).filter(|program| program.len() <= PROGRAM_LIMIT)?;
        let handlers = if members.iter().all(|&member| model.frames[member].lsda.is_none()) {
            None
        } else {
            let parts: Vec<call_sites::Part<'_>> = members.iter().map(|&member| self.part(member, start)).collect();
            Some(call_sites::join(&parts).filter(|handlers| handlers.bytes.len() <= LSDA_LIMIT)?)
        };
        Some(Group { members, common, shared: Some((program, handlers)) })
    }

    fn part(&self, member: usize, start: u64) -> call_sites::Part<'_> {
        let frame = &self.model.frames[member];
        let lsda = self.lsdas[member].zip(frame.lsda.map(|lsda| &self.model.lsdas[lsda]));
        call_sites::Part { offset: frame.address - start, size: frame.size, lsda }
    }

    /// The common part of a group with one function more: that of those with an LSDA, where the others' differs from it by having no
    /// personality alone.
    fn common(&self, group: &Group, number: usize) -> Option<usize> {
        let (ours, theirs) = (group.common, self.model.frames[number].common);
        if ours == theirs {
            return Some(ours);
        }
        let (our, their) = (&self.model.commons[ours], &self.model.commons[theirs]);
        if !same_rules(our, their) {
            return None;
        }
        match (our.personality, their.personality) {
            (None, Some(_)) => self.can_have_lsda(theirs),
            (Some(_), None) => self.can_have_lsda(ours),
            _ => None,
        }
    }

    fn can_have_lsda(&self, common: usize) -> Option<usize> {
        self.model.commons[common].lsda_encoding.map(|_| common)
    }
}

fn same_rules(one: &Common, other: &Common) -> bool {
    one.rules == other.rules && one.function_encoding == other.function_encoding && !one.is_special && !other.is_special
}

/// Whose call sites begin as another one's do.
fn leads(lsdas: &[Option<&Lsda>]) -> Vec<bool> {
    let lead = |lsda: &Option<&Lsda>| -> Option<[u8; LEAD]> {
        // The first ones are enough.
        let call_sites = &lsda.as_ref()?.call_sites;
        let bytes = encoded(&call_sites[..call_sites.len().min(SHORT_CALL_SITES)]);
        (bytes.len() > SHORT_CALL_SITES).then(|| bytes.first_chunk().copied())?
    };
    let leads: Vec<Option<[u8; LEAD]>> = lsdas.iter().map(lead).collect();
    let mut count: HashMap<[u8; LEAD], usize> = HashMap::new();
    for lead in leads.iter().flatten() {
        *count.entry(*lead).or_default() += 1;
    }
    leads.iter().map(|lead| lead.is_some_and(|lead| count.get(&lead).is_some_and(|&count| count > 1))).collect()
}

/// True where code that is loaded and in the file is nothing but filling.
fn is_filling(image: &Image<'_>, gap: &Range<u64>) -> bool {
    // Where there is nothing between them they still have to stand in the same segment.
    let around = gap.start.saturating_sub(1)..gap.end.saturating_add(1);
    match image.code(&around) {
        Some([_, filling @ .., _]) => is_only_filling(image.architecture(), filling),
        _ => false,
    }
}

fn model_of(model: &UnwindModel, groups: Vec<Group>) -> UnwindModel {
    let (mut frames, mut lsdas) = (Vec::with_capacity(groups.len()), Vec::new());
    let mut numbers: HashMap<Handlers, usize> = HashMap::new();
    let mut group_of = vec![None; model.frames.len()];
    for group in groups {
        let Some((&first, &last)) = group.members.first().zip(group.members.last()) else { continue };
        group_of[first] = Some(frames.len());
        let (start, end) = (&model.frames[first], &model.frames[last]);
        let (program, handlers) = group.shared.unwrap_or_else(|| {
            let handlers = start.lsda.map(|lsda| model.lsdas[lsda].clone());
            (start.program.clone(), handlers)
        });
        let lsda = handlers.map(|handlers| {
            *numbers.entry(handlers).or_insert_with_key(|handlers| {
                lsdas.push(handlers.clone());
                lsdas.len() - 1
            })
        });
        let size = end.end() - start.address;
        frames.push(Frame { common: group.common, address: start.address, size, lsda, program });
    }
    let entry = |&(function, number): &(u64, usize)| group_of[number].map(|frame| (function, frame));
    let index = model.index.as_ref().map(|index| index.iter().filter_map(entry).collect());
    UnwindModel { commons: model.commons.clone(), frames, lsdas, sources: Vec::new(), index }
}
