//! The data of a file, cut into pieces, and who refers to each.
//!
//! Most constants of a program have no name: strings, tables of jumps, vtables, panic locations. Each begins where something refers
//! to it, and belongs to the functions that do. References run from code to data, and from data to data through pointers: a function
//! refers to a panic location, which points at the path that is printed.

use std::ops::Range;

use rayon::prelude::*;

use crate::elf::{CodeReference, Image, SectionKind, code_references, code_references_at_fixed_addresses};

use super::code::Code;
use super::owner::OwnersId;
use super::places::{LinkedPiece, Place};
use super::regions::Regions;

/// A piece of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Bytes of the file.
    pub(super) range: Range<u64>,
    /// Number of the place whose it is.
    pub(super) place: Option<usize>,
    /// Number of the linker map's row whose it is.
    pub(super) linked: Option<usize>,
    /// A slot of a table that the linker made: what stands beside it tells nothing.
    pub(super) slot: bool,
}

/// A reference: from a function, or from a piece of data. Offsets in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pointer {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// All references of a file to its data, sorted by where they point.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Number of the referring code range, and the offset referred to.
    pub(super) from_code: Vec<(u32, u64)>,
    /// Pointers that stand in data.
    pub(super) from_data: Vec<Pointer>,
}

impl References {
    /// Reads the code, function by function, and takes `pointers` (addresses) along.
    pub(super) fn read(image: &Image<'_>, regions: &Regions, code: &Code, pointers: &[(u64, u64)]) -> Self {
        let targets = data_addresses(image, regions);
        let in_file =
            |&(from, to): &(u64, u64)| Some(Pointer { from: image.offset_of(from)?, to: image.offset_of(to)? });
        // Where the linker kept its relocations, those of the code are among the pointers.
        let mut in_data: Vec<Pointer> = Vec::with_capacity(pointers.len());
        let mut in_code: Vec<(u32, Pointer)> = Vec::new();
        for pointer in pointers.iter().filter_map(in_file) {
            match code.at(pointer.from) {
                Some(function) => in_code.push((function as u32, pointer)),
                None => in_data.push(pointer),
            }
        }
        let of_code = || {
            let mut found: Vec<(u32, u64)> = code
                .ranges
                .par_iter()
                .enumerate()
                .with_min_len(256)
                .fold(Vec::new, |mut found: Vec<(u32, u64)>, (number, function)| {
                    let Some(bytes) = image.bytes(&function.range) else { return found };
                    let mut references: Vec<CodeReference> = Vec::new();
                    let read = if image.is_fixed() { code_references_at_fixed_addresses } else { code_references };
                    read(image.architecture(), bytes, function.address, &targets, &mut references);
                    let number = u32::try_from(number).expect("a file has fewer than 2^32 functions");
                    found.extend(references.iter().filter_map(|r| Some((number, image.offset_of(r.to)?))));
                    found
                })
                .reduce(Vec::new, |mut all, mut more| {
                    if all.len() < more.len() {
                        std::mem::swap(&mut all, &mut more);
                    }
                    all.extend(more);
                    all
                });
            found.extend(in_code.iter().map(|&(function, pointer)| (function, pointer.to)));
            found.par_sort_unstable_by_key(|&(number, to)| (to, number));
            found.dedup();
            found
        };
        let of_data = || {
            let mut found = in_data.clone();
            found.sort_unstable_by_key(|pointer| (pointer.to, pointer.from));
            found
        };
        let (from_code, from_data) = rayon::join(of_code, of_data);
        Self { from_code, from_data }
    }
}

/// True for regions whose bytes are constants or variables, with those that the dynamic linker fills in.
fn is_data(regions: &Regions, region: usize) -> bool {
    let region = &regions.regions[region];
    matches!(region.kind, SectionKind::Rodata | SectionKind::Data) && region.loaded || region.is_slots()
}

/// Addresses of the data sections, ascending, those without bytes in the file left out.
fn data_addresses(image: &Image<'_>, regions: &Regions) -> Vec<Range<u64>> {
    let mut addresses: Vec<Range<u64>> = Vec::new();
    for (range, region) in &regions.ranges {
        if is_data(regions, *region)
            && let Some(start) = image.address_of(range.start)
        {
            addresses.push(start..start.saturating_add(range.end - range.start));
        }
    }
    addresses.sort_unstable_by_key(|range| (range.start, range.end));
    addresses
}

/// Cuts the data sections: first at named objects, then at the rows of the linker's map, then wherever a reference points.
/// Ascending and disjoint; together they are the data sections.
pub(super) fn cut(regions: &Regions, places: &[Place], linked: &[LinkedPiece], references: &References) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut cutter = Cutter { references, pieces: &mut pieces };
    let mut ranges: Vec<&(Range<u64>, usize)> = regions.ranges.iter().filter(|(_, r)| is_data(regions, *r)).collect();
    ranges.sort_unstable_by_key(|(range, _)| range.start);
    for (range, region) in ranges {
        let slots = regions.regions[*region].is_slots();
        let first = places.partition_point(|place| place.range.end <= range.start);
        let after = places.partition_point(|place| place.range.start < range.end);
        let mut at = range.start;
        for (number, place) in places.iter().enumerate().take(after).skip(first) {
            let (start, end) = (place.range.start.max(range.start), place.range.end.min(range.end));
            cutter.unnamed(at..start, linked, slots);
            cutter.pieces.push(Piece { range: start..end, place: Some(number), linked: None, slot: false });
            at = end;
        }
        cutter.unnamed(at..range.end, linked, slots);
    }
    pieces
}

struct Cutter<'a> {
    references: &'a References,
    pieces: &'a mut Vec<Piece>,
}

impl Cutter<'_> {
    fn unnamed(&mut self, gap: Range<u64>, linked: &[LinkedPiece], slots: bool) {
        let first = linked.partition_point(|piece| piece.range.end <= gap.start);
        let mut at = gap.start;
        for (number, piece) in linked.iter().enumerate().skip(first) {
            if piece.range.start >= gap.end {
                break;
            }
            let (start, end) = (piece.range.start.max(at), piece.range.end.min(gap.end));
            if start >= end {
                continue;
            }
            self.referred(at..start, slots);
            match piece.object {
                // What an object brought along is one constant, however many point into it.
                Some(_) => {
                    self.pieces.push(Piece { range: start..end, place: None, linked: Some(number), slot: false })
                }
                None => self.referred(start..end, slots),
            }
            at = end;
        }
        self.referred(at..gap.end, slots);
    }

    /// Cuts at everything that is pointed at, and slots into words.
    fn referred(&mut self, gap: Range<u64>, slots: bool) {
        const WORD: usize = 8;
        if gap.is_empty() {
            return;
        }
        let mut cuts: Vec<u64> = Vec::new();
        if slots {
            cuts.extend((gap.start..gap.end).step_by(WORD));
        } else {
            let references = self.references;
            let first = references.from_code.partition_point(|&(_, to)| to <= gap.start);
            cuts.extend(references.from_code[first..].iter().map(|&(_, to)| to).take_while(|&to| to < gap.end));
            let first = references.from_data.partition_point(|pointer| pointer.to <= gap.start);
            cuts.extend(references.from_data[first..].iter().map(|p| p.to).take_while(|&to| to < gap.end));
            cuts.sort_unstable();
        }
        cuts.dedup();
        let mut at = gap.start;
        for cut in cuts.into_iter().chain([gap.end]) {
            if at < cut {
                self.pieces.push(Piece { range: at..cut, place: None, linked: None, slot: slots });
                at = cut;
            }
        }
    }
}

/// More triples than this share a piece only where it is everybody's: the rest is left out, the order of numbers decides.
const MOST_SHARERS: usize = 32;
/// Pointers lead from vtables and panic locations to strings, in tables of tables one step further.
const LONGEST_CHAIN: usize = 8;

/// For each piece the triples of those who refer to it, ascending. `owners` are those of the code ranges, `of_place` of the places.
pub(super) fn referrers(
    pieces: &[Piece],
    references: &References,
    owners: &[Option<OwnersId>],
    of_place: &[OwnersId],
) -> Vec<Vec<OwnersId>> {
    let mut sets: Vec<Vec<OwnersId>> = vec![Vec::new(); pieces.len()];
    let mut changed: Vec<u32> = Vec::new();
    // A named object is its own: what it points at is its, whoever refers to it.
    for (number, piece) in pieces.iter().enumerate() {
        if let Some(place) = piece.place {
            sets[number].push(of_place[place]);
            changed.push(u32::try_from(number).expect("a file has fewer than 2^32 pieces"));
        }
    }
    let named = |piece: usize| pieces[piece].place.is_some();
    let mut at = 0;
    for &(function, to) in &references.from_code {
        let Some(piece) = advance(pieces, &mut at, to).filter(|&piece| !named(piece)) else { continue };
        if let Some(owners) = owners[function as usize] {
            add(&mut sets[piece], owners);
        }
    }
    changed.extend(
        sets.iter().enumerate().filter(|(number, set)| !set.is_empty() && !named(*number)).map(|(n, _)| n as u32),
    );

    // Piece to piece, by where the pointer stands.
    let mut edges: Vec<(u32, u32)> = Vec::with_capacity(references.from_data.len());
    let mut at = 0;
    for pointer in &references.from_data {
        let Some(to) = advance(pieces, &mut at, pointer.to) else { continue };
        if let Some(from) = piece_at(pieces, pointer.from)
            && from != to
            && !named(to)
        {
            edges.push((from as u32, to as u32));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    for _ in 0..LONGEST_CHAIN {
        changed.sort_unstable();
        changed.dedup();
        let mut next = Vec::new();
        for &from in &changed {
            let first = edges.partition_point(|&(edge, _)| edge < from);
            for &(_, to) in edges[first..].iter().take_while(|&&(edge, _)| edge == from) {
                let set = std::mem::take(&mut sets[from as usize]);
                let mut grew = false;
                for &owners in &set {
                    grew |= add(&mut sets[to as usize], owners);
                }
                sets[from as usize] = set;
                if grew {
                    next.push(to);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        changed = next;
    }
    sets
}

/// Adds to a sorted set that may not grow without bound. True where it grew.
fn add(set: &mut Vec<OwnersId>, owners: OwnersId) -> bool {
    match set.binary_search(&owners) {
        Ok(_) => false,
        Err(_) if set.len() >= MOST_SHARERS => false,
        Err(at) => {
            set.insert(at, owners);
            true
        }
    }
}

/// The piece that holds an offset, for offsets that ascend.
fn advance(pieces: &[Piece], at: &mut usize, offset: u64) -> Option<usize> {
    while pieces.get(*at).is_some_and(|piece| piece.range.end <= offset) {
        *at += 1;
    }
    pieces.get(*at).filter(|piece| piece.range.contains(&offset)).map(|_| *at)
}

/// The piece that holds an offset.
pub(super) fn piece_at(pieces: &[Piece], offset: u64) -> Option<usize> {
    let after = pieces.partition_point(|piece| piece.range.start <= offset);
    let at = after.checked_sub(1)?;
    pieces[at].range.contains(&offset).then_some(at)
}
