//! Tables that follow what they are about: unwind data its function, a relocation the place that it patches, a symbol what it names.

use std::ops::Range;

use crate::elf::{Image, RelocationEntry, RelrEntry, SYMBOL_ENTRY_SIZE, SectionKind, SymbolKind, UnwindEntry};

use super::claim::Claim;
use super::crate_table::LINKER;
use super::names::Names;
use super::owner::{OwnerTable, Owners, OwnersId};
use super::range_map::RangeMap;
use super::row::EvidenceSource;

type Claimed = (Range<u64>, Claim);

/// Frame descriptions, their index and the tables that they point at go to their function.
pub(super) fn unwind_claims(
    map: &RangeMap<Claim>,
    image: &Image<'_>,
    entries: Vec<UnwindEntry>,
    owners: &mut OwnerTable,
) -> Vec<Claimed> {
    let format = Claim::new(owners.number(Owners::same(LINKER)), EvidenceSource::Format);
    let claim = |entry: UnwindEntry| {
        let claim = match entry.function {
            None => format,
            Some(function) => Claim::new(map.get(image.offset_of(function)?)?.owners, EvidenceSource::Unwind),
        };
        Some((entry.range, claim))
    };
    entries.into_iter().filter_map(claim).collect()
}

/// A relocation goes to whom the place belongs that it patches.
pub(super) fn relocation_claims(
    map: &RangeMap<Claim>,
    image: &Image<'_>,
    entries: Vec<RelocationEntry>,
) -> Vec<Claimed> {
    let claim = |entry: RelocationEntry| {
        let owners = map.get(image.offset_of(entry.place)?)?.owners;
        Some((entry.range, Claim::new(owners, EvidenceSource::Relocation)))
    };
    entries.into_iter().filter_map(claim).collect()
}

/// A word of a packed table goes to those whose places it names, in equal parts.
pub(super) fn packed_claims(map: &RangeMap<Claim>, image: &Image<'_>, entries: &[RelrEntry]) -> Vec<Claimed> {
    let mut claims = Vec::new();
    for entry in entries {
        let owner = |place| Some(map.get(image.offset_of(place)?)?.owners);
        let mut owners: Vec<OwnersId> = entry.places().filter_map(owner).collect();
        owners.sort_unstable();
        owners.dedup();
        let size = entry.range.end - entry.range.start;
        let parts = size.min(owners.len() as u64);
        for (part, owners) in (0..parts).zip(owners) {
            let at = |part: u64| entry.range.start + size * part / parts;
            claims.push((at(part)..at(part + 1), Claim::new(owners, EvidenceSource::Relocation)));
        }
    }
    claims
}

/// LSDAs that no frame description points at: rust-lld keeps those of functions that it collected. Labels without a size stand
/// before each, and say which object they are of.
pub(super) fn labelled_tables(
    image: &Image<'_>,
    names: &Names<'_>,
    of_symbol: &dyn Fn(usize) -> Option<OwnersId>,
) -> Vec<Claimed> {
    let Some(tables) = image.sections().iter().find(|s| s.name == ".gcc_except_table" && s.is_loaded()) else {
        return Vec::new();
    };
    let range = &tables.file_range;
    let addresses = tables.address..tables.address.saturating_add(tables.size);
    let mut labels: Vec<(u64, OwnersId)> = Vec::new();
    for (number, symbol) in names.symbols.iter().enumerate() {
        if symbol.defined
            && symbol.size == 0
            && addresses.contains(&symbol.address)
            && names.unit(number).is_some()
            && let Some(owners) = of_symbol(number)
        {
            labels.push((range.start + (symbol.address - tables.address), owners));
        }
    }
    labels.sort_by_key(|(offset, _)| *offset);
    let ends = labels.iter().skip(1).map(|(offset, _)| *offset).chain([range.end]);
    let claim =
        |((start, owners), end): (&(u64, OwnersId), u64)| (*start..end, Claim::new(*owners, EvidenceSource::Symbol));
    labels.iter().zip(ends).map(claim).collect()
}

/// LSDAs that nothing tells of, between two of one crate: objects are laid out one after the other.
pub(super) fn between_tables(map: &RangeMap<Claim>, image: &Image<'_>, owners: &OwnerTable) -> Vec<Claimed> {
    let Some(tables) = image.sections().iter().find(|s| s.name == ".gcc_except_table" && s.is_loaded()) else {
        return Vec::new();
    };
    let gaps = map.gaps(tables.file_range.clone());
    let claim = |gap: Range<u64>| {
        let (before, after) = (map.get(gap.start.checked_sub(1)?)?, map.get(gap.end)?);
        let same = owners.get(before.owners).instantiation == owners.get(after.owners).instantiation;
        same.then(|| (gap, Claim::new(before.owners, EvidenceSource::Unwind)))
    };
    gaps.into_iter().filter_map(claim).collect()
}

/// Zeroes in unwind tables that nothing above claims: no entry, no LSDA and no index is all zeroes. What packs tables leaves them at the end.
pub(super) fn zeroed_tables(map: &RangeMap<Claim>, image: &Image<'_>, padding: Claim) -> Vec<Claimed> {
    let tables =
        image.sections().iter().filter(|section| section.kind() == SectionKind::Unwind && section.is_in_file());
    let gaps = tables.flat_map(|section| map.gaps(section.file_range.clone()));
    let zeroed = gaps.filter(|gap| image.bytes(gap).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0)));
    zeroed.map(|gap| (gap, padding)).collect()
}

/// `.symtab` entries and their names belong to whom they name.
pub(super) fn symbol_table(
    names: &Names<'_>,
    owners: &mut OwnerTable,
    of_symbol: &dyn Fn(usize) -> Option<OwnersId>,
) -> [Vec<Claimed>; 2] {
    let linker = Claim::new(owners.number(Owners::same(LINKER)), EvidenceSource::Format);
    let mut entries = Vec::with_capacity(names.symbols.len());
    let mut texts = Vec::with_capacity(names.symbols.len());
    for (number, symbol) in names.symbols.iter().enumerate() {
        // Section symbols and imports are the format's; a label without a type is of the object that it stands in.
        let label_of_nobody = symbol.kind == SymbolKind::Other && names.unit(number).is_none();
        let nobody = symbol.name.is_empty() || !symbol.defined || label_of_nobody;
        let owner = if nobody { None } else { of_symbol(number) };
        let claim = owner.map_or(linker, |owner| Claim::new(owner, EvidenceSource::Symbol));
        entries.push((symbol.entry_offset..symbol.entry_offset + SYMBOL_ENTRY_SIZE, claim));
        texts.push((symbol.name_offset..symbol.name_offset + symbol.name.len() as u64 + 1, claim));
    }
    [entries, texts]
}
