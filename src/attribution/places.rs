//! Where the named functions and data objects of a file are, and which object file each came from.
//!
//! A linker lays out each output section object after object, in the order of its command line. So between two pieces of one object
//! everything is of that object: that names the object of global symbols, which a symbol table lists without one.

use std::ops::Range;

use crate::elf::{Image, SymbolKind};

use super::names::{Names, ObjectId};
use super::regions::Regions;
use super::roots::NameId;

/// A piece that the linker's map names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkedPiece {
    /// Bytes of the file.
    pub(super) range: Range<u64>,
    /// The object that it came from; `None` for what the linker made or merged.
    pub(super) object: Option<ObjectId>,
}

/// One function or data object with bytes in the file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Bytes of the file that no place before it covers.
    pub(super) range: Range<u64>,
    /// The symbol that names it best.
    pub(super) symbol: usize,
    pub(super) object: Option<ObjectId>,
    /// The linker's map says which object it is of.
    pub(super) mapped: bool,
    pub(super) is_function: bool,
}

/// The places of all sized symbols, ascending and disjoint. Of several names for one place the one that tells most counts, whatever
/// the order of the table.
pub(super) fn places(image: &Image<'_>, names: &Names<'_>, linked: &[LinkedPiece]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (number, symbol) in names.symbols.iter().enumerate() {
        let placed = matches!(symbol.kind, SymbolKind::Function | SymbolKind::Object | SymbolKind::ThreadLocal);
        if !placed || !symbol.defined || symbol.size == 0 {
            continue;
        }
        let Some(start) = image.offset_of(symbol.address) else { continue };
        let Some(end) = start.checked_add(symbol.size) else { continue };
        // The last byte must be of the same segment: a symbol of `.bss` may begin where the file's bytes end.
        let last = symbol.address.checked_add(symbol.size - 1).and_then(|last| image.offset_of(last));
        if last != Some(end - 1) {
            continue;
        }
        places.push(Place {
            range: start..end,
            symbol: number,
            object: names.object(number),
            mapped: false,
            is_function: symbol.kind == SymbolKind::Function,
        });
    }
    let telling = |place: &Place| {
        let symbol = &names.symbols[place.symbol];
        (names.crates(place.symbol).is_none(), symbol.file.is_none(), symbol.name)
    };
    places.sort_unstable_by(|a, b| {
        let by_place = (a.range.start, b.range.end).cmp(&(b.range.start, a.range.end));
        by_place.then_with(|| telling(a).cmp(&telling(b))).then_with(|| a.symbol.cmp(&b.symbol))
    });
    let mut covered = 0;
    places.retain_mut(|place| {
        place.range.start = place.range.start.max(covered);
        covered = covered.max(place.range.end);
        place.range.start < place.range.end
    });
    follow_map(&mut places, linked);
    places
}

/// Where a map says which object a place is of, it is right: it was written by who put it there.
fn follow_map(places: &mut [Place], linked: &[LinkedPiece]) {
    let mut pieces = linked.iter().peekable();
    for place in places {
        while pieces.next_if(|piece| piece.range.end <= place.range.start).is_some() {}
        let Some(piece) = pieces.peek().filter(|piece| piece.range.contains(&place.range.start)) else { continue };
        if piece.object.is_some() {
            place.object = piece.object;
            place.mapped = true;
        }
    }
}

/// Gives places without an object that of their neighbours, where the order of objects leaves no other: between two pieces of one
/// object, or at its edge where the name is of that object's crate.
pub(super) fn infer_objects(places: &mut [Place], regions: &Regions, names: &Names<'_>) {
    let mut rest = places;
    for (range, _) in &regions.ranges {
        let size = rest.partition_point(|place| place.range.start < range.end);
        let (here, after) = rest.split_at_mut(size);
        infer_in_section(here, names);
        rest = after;
    }
}

fn infer_in_section(places: &mut [Place], names: &Names<'_>) {
    let mut at = 0;
    while at < places.len() {
        if places[at].object.is_some() {
            at += 1;
            continue;
        }
        let end = places[at..].iter().position(|place| place.object.is_some()).map_or(places.len(), |size| at + size);
        let before = at.checked_sub(1).and_then(|before| places[before].object);
        let after = places.get(end).and_then(|place| place.object);
        // Units of one crate stand side by side, so that what stands between two of them is of that crate too.
        let crate_of = |object: Option<ObjectId>| names.objects.get(object?).unit;
        if before.is_some() && (before == after || (crate_of(before).is_some() && crate_of(before) == crate_of(after)))
        {
            places[at..end].iter_mut().for_each(|place| place.object = before);
        } else {
            // From each end inwards, as long as the names are of the neighbour's crate.
            let mut from = at;
            while from < end && may_be_of(&places[from], before, names) {
                places[from].object = before;
                from += 1;
            }
            let mut to = end;
            while to > from && may_be_of(&places[to - 1], after, names) {
                places[to - 1].object = after;
                to -= 1;
            }
        }
        at = end;
    }
}

/// Leaves out constants that the compiler named for itself and whose object nothing tells: they say no more than constants without a
/// name, which belong to those who refer to them.
pub(super) fn drop_silent(places: &mut Vec<Place>, names: &Names<'_>) {
    const STARTS: [&str; 6] = ["anon.", ".Lanon.", "alloc_", "vtable.", "switch.table", ".Lswitch.table"];
    places.retain(|place| {
        let name = names.symbols[place.symbol].name;
        place.is_function || place.object.is_some() || !STARTS.iter().any(|start| name.starts_with(start))
    });
}

/// True where the name has the crate of this object among those that it names.
fn may_be_of(place: &Place, object: Option<ObjectId>, names: &Names<'_>) -> bool {
    let name_of = |root| -> NameId { names.roots.root(root).name };
    let Some(unit) = object.and_then(|object| names.objects.get(object).unit) else { return false };
    let Some(crates) = names.crates(place.symbol) else { return false };
    let mut named = crates.defining.iter().chain(crates.mentioned).chain(&crates.instantiating);
    named.any(|&root| name_of(root) == name_of(unit))
}
