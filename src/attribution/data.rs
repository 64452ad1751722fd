//! Whose each piece of data is, from who refers to it and from what stands beside it.

use std::ops::Range;

use crate::elf::Image;

use super::crate_table::{CrateNumber, PADDING};
use super::owner::{OwnerTable, Owners, OwnersId};
use super::pieces::{Piece, References};
use super::row::EvidenceSource;

/// What is known about the pieces, by number.
pub(super) struct Known<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) pieces: &'a [Piece],
    pub(super) references: &'a References,
    /// Triples of those who refer to it.
    pub(super) referrers: Vec<Vec<OwnersId>>,
    /// Triples of the places, by number of the place.
    pub(super) of_place: &'a [OwnersId],
    /// Crates of the objects behind the map's rows, by number of the row.
    pub(super) of_linked: &'a [Option<CrateNumber>],
    /// Triple of the function at an offset in the file.
    pub(super) function_at: &'a dyn Fn(u64) -> Option<OwnersId>,
}

/// Zeroes up to the next constant: no linker aligns data to more.
const LONGEST_PADDING: u64 = 64;
/// A constant is divided among so many at most.
const MOST_PARTS: usize = 8;

/// Who owns the pieces that have no name: ranges of the file, ascending. What nothing places is left out.
///
/// A constant that several crates use is divided among them in equal parts, so that sums stay exact.
pub(super) fn claims(mut known: Known<'_>, owners: &mut OwnerTable) -> Vec<(Range<u64>, OwnersId, EvidenceSource)> {
    known.point_at_code();
    known.follow_map(owners);
    known.follow_neighbours(owners);
    let direct = known.directly_referred();
    let padding = owners.number(Owners::same(PADDING));
    let mut claims = Vec::with_capacity(known.pieces.len());
    for (number, piece) in known.pieces.iter().enumerate().filter(|(_, piece)| piece.place.is_none()) {
        let set = &known.referrers[number];
        let evidence = match (piece.linked, direct[number]) {
            (Some(_), _) => EvidenceSource::LinkMap,
            (None, true) => EvidenceSource::Disassembly,
            (None, false) => EvidenceSource::Relocation,
        };
        if set.is_empty() {
            if !piece.slot && known.is_padding(piece) {
                claims.push((piece.range.clone(), padding, EvidenceSource::Format));
            }
            continue;
        }
        let size = piece.range.end - piece.range.start;
        let parts = set.len().min(MOST_PARTS).min(usize::try_from(size).unwrap_or(MOST_PARTS)) as u64;
        for (part, &owner) in (0..parts).zip(set) {
            let at = |part: u64| piece.range.start + size * part / parts;
            claims.push((at(part)..at(part + 1), owner, evidence));
        }
    }
    claims
}

impl Known<'_> {
    /// What nothing refers to but points at functions is of those: entries of `.init_array`, tables that only the runtime walks.
    fn point_at_code(&mut self) {
        for pointer in &self.references.from_data {
            let Some(piece) = super::pieces::piece_at(self.pieces, pointer.from) else { continue };
            let unknown = self.pieces[piece].place.is_none() && self.referrers[piece].len() < MOST_PARTS;
            if unknown
                && !self.directly_referred_at(piece)
                && let Some(owner) = (self.function_at)(pointer.to)
                && let Err(at) = self.referrers[piece].binary_search(&owner)
            {
                self.referrers[piece].insert(at, owner);
            }
        }
    }

    fn directly_referred_at(&self, piece: usize) -> bool {
        let range = &self.pieces[piece].range;
        let from_code = &self.references.from_code;
        let from_data = &self.references.from_data;
        let code = from_code.get(from_code.partition_point(|&(_, to)| to < range.start)).map(|&(_, to)| to);
        let data = from_data.get(from_data.partition_point(|p| p.to < range.start)).map(|p| p.to);
        code.into_iter().chain(data).any(|to| to < range.end)
    }

    fn directly_referred(&self) -> Vec<bool> {
        let mut direct = vec![false; self.pieces.len()];
        let mut pieces = self.pieces.iter().enumerate().peekable();
        for &(_, to) in &self.references.from_code {
            while pieces.next_if(|(_, piece)| piece.range.end <= to).is_some() {}
            if let Some((number, piece)) = pieces.peek()
                && piece.range.contains(&to)
            {
                direct[*number] = true;
            }
        }
        direct
    }

    /// The map says which object brought a constant along: that crate holds it, whoever uses it.
    fn follow_map(&mut self, owners: &mut OwnerTable) {
        for (number, piece) in self.pieces.iter().enumerate() {
            let Some(instantiation) = piece.linked.and_then(|row| self.of_linked[row]) else { continue };
            let set = &mut self.referrers[number];
            if set.is_empty() {
                set.push(owners.number(Owners::same(instantiation)));
                continue;
            }
            let within: Vec<OwnersId> =
                set.iter().copied().filter(|&id| owners.get(id).instantiation == instantiation).collect();
            if within.is_empty() {
                for id in set.iter_mut() {
                    *id = owners.number(Owners { instantiation, ..owners.get(*id) });
                }
                set.sort_unstable();
                set.dedup();
            } else {
                *set = within;
            }
        }
    }

    /// Objects are laid out one after the other: what stands between two constants of one crate is of that crate where it can be.
    fn follow_neighbours(&mut self, owners: &mut OwnerTable) {
        let sure: Vec<Option<CrateNumber>> =
            (0..self.pieces.len()).map(|piece| self.sure_crate(piece, owners)).collect();
        let mut next_sure: Vec<Option<CrateNumber>> = vec![None; sure.len()];
        let mut next = None;
        for piece in (0..sure.len()).rev() {
            if !self.is_next_to(piece, piece + 1) {
                next = None;
            }
            next_sure[piece] = next;
            next = sure[piece].or(next);
        }
        let mut before = None;
        for piece in 0..sure.len() {
            if piece > 0 && !self.is_next_to(piece - 1, piece) {
                before = None;
            }
            let neighbour = before.filter(|_| before == next_sure[piece]);
            before = sure[piece].or(before);
            let (None, Some(neighbour), None) = (sure[piece], neighbour, self.pieces[piece].place) else { continue };
            let set = &mut self.referrers[piece];
            if set.is_empty() {
                if !is_zero(self.image, &self.pieces[piece].range) {
                    set.push(owners.number(Owners::same(neighbour)));
                }
            } else if set.iter().any(|&id| owners.get(id).instantiation == neighbour) {
                set.retain(|&id| owners.get(id).instantiation == neighbour);
            }
        }
    }

    fn is_next_to(&self, piece: usize, next: usize) -> bool {
        matches!((self.pieces.get(piece), self.pieces.get(next)), (Some(a), Some(b)) if a.range.end == b.range.start && !a.slot && !b.slot)
    }

    /// The crate whose object holds a piece, where all that refer to it agree.
    fn sure_crate(&self, piece: usize, owners: &OwnerTable) -> Option<CrateNumber> {
        if let Some(place) = self.pieces[piece].place {
            return Some(owners.get(self.of_place[place]).instantiation);
        }
        let mut crates = self.referrers[piece].iter().map(|&id| owners.get(id).instantiation);
        let first = crates.next()?;
        crates.all(|other| other == first).then_some(first)
    }

    fn is_padding(&self, piece: &Piece) -> bool {
        piece.range.end - piece.range.start < LONGEST_PADDING && is_zero(self.image, &piece.range)
    }
}

fn is_zero(image: &Image<'_>, range: &Range<u64>) -> bool {
    image.bytes(range).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0))
}
