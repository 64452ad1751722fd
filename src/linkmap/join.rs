//! Joins the parts of a map and settles what the rows left open, so that no byte is placed twice or outside.

use std::collections::HashMap;

use rayon::prelude::*;

use super::piece::{OutputSection, Piece};
use super::rows::{Rows, index};

/// All parts of a map as one: pieces in the order of the text, their indices those of the whole.
pub(super) struct Joined<'a> {
    pub(super) outputs: Vec<OutputSection<'a>>,
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) objects: Vec<&'a str>,
}

pub(super) fn join(parts: Vec<Rows<'_>>) -> Joined<'_> {
    let mut pieces = Vec::with_capacity(parts.iter().map(|part| part.pieces.len()).sum());
    let mut outputs = Vec::new();
    let mut objects = Vec::new();
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut current: Option<u32> = None;
    for part in parts {
        let numbers: Vec<u32> = part.objects.iter().map(|&object| intern(object, &mut known, &mut objects)).collect();
        let (carried, before) = (current, index(outputs.len()));
        let whole = |output: u32| output.checked_sub(1).map_or(carried, |own| Some(before + own));
        pieces.extend(part.pieces.iter().filter_map(|piece| {
            let object = piece.object.and_then(|object| numbers.get(object as usize)).copied();
            Some(Piece { output: whole(piece.output)?, object, ..*piece })
        }));
        current = part.current.and_then(whole);
        outputs.extend(part.outputs);
    }
    Joined { outputs, pieces, objects }
}

fn intern<'a>(object: &'a str, known: &mut HashMap<&'a str, u32>, objects: &mut Vec<&'a str>) -> u32 {
    *known.entry(object).or_insert_with(|| {
        objects.push(object);
        index(objects.len() - 1)
    })
}

/// Ends each piece where the row after it begins.
///
/// GNU ld keeps rows of sections that it merged into another, with the size that they once had, at the address where the next
/// section lies.
pub(super) fn end_at_next_row(pieces: &mut [Piece<'_>]) {
    for at in 1..pieces.len() {
        let next = pieces[at];
        let piece = &mut pieces[at - 1];
        if piece.output == next.output && piece.address <= next.address {
            piece.size = piece.size.min(next.address - piece.address);
        }
    }
}

/// Sorts pieces by place, and cuts or drops what lies outside of its output section or on bytes that another piece has. Of two
/// that overlap the one that begins first stands, of two that begin together the one that the text has first.
pub(super) fn settle(outputs: &[OutputSection<'_>], pieces: &mut Vec<Piece<'_>>) {
    let place = |piece: &Piece<'_>| (piece.output, piece.address);
    if !pieces.is_sorted_by_key(place) {
        pieces.par_sort_by_key(place);
    }
    // Where free bytes begin in the output section of that number.
    let mut free: Option<(u32, u64)> = None;
    pieces.retain_mut(|piece| {
        let Some(output) = outputs.get(piece.output as usize) else { return false };
        let from = match free {
            Some((number, from)) if number == piece.output => from,
            _ => output.address,
        };
        let (start, end) = (piece.address.max(from), piece.end().min(output.end()));
        if start >= end {
            return false;
        }
        (piece.address, piece.size) = (start, end - start);
        free = Some((piece.output, end));
        true
    });
}

/// Numbers objects anew in the order of their first pieces, without those of which no piece is left.
pub(super) fn renumber<'a>(objects: &[&'a str], pieces: &mut [Piece<'_>]) -> Vec<&'a str> {
    let mut numbers: Vec<Option<u32>> = vec![None; objects.len()];
    let mut kept = Vec::new();
    for object in pieces.iter_mut().filter_map(|piece| piece.object.as_mut()) {
        let old = *object as usize;
        *object = *numbers[old].get_or_insert_with(|| {
            kept.push(objects[old]);
            index(kept.len() - 1)
        });
    }
    kept
}
