//! The writers: each claims the bytes that its evidence covers, the surest first.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::cargo::{CodegenUnit, SymbolHomes, parse_codegen_unit};
use crate::elf::mangling::{self, SymbolCrates};
use crate::elf::{Image, SYMBOL_ENTRY_SIZE, Symbol, SymbolKind, relocation_entries, unwind_entries};

use super::census::{Census, Named};
use super::crate_table::{CrateTable, LINKER, UNATTRIBUTED};
use super::owner::{Owners, one_object_for_all};
use super::range_map::RangeMap;
use super::regions::Regions;
use super::row::EvidenceSource;

/// What a byte is labelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) owners: Owners,
    pub(super) evidence: EvidenceSource,
    /// Number of the item (function or data object), where one covers the byte.
    pub(super) item: Option<u32>,
}

/// A function or data object: one or more symbols for one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) owners: Owners,
    pub(super) is_function: bool,
}

/// All symbols read, before anything is claimed.
pub(super) struct SymbolNames<'a> {
    symbols: &'a [Symbol<'a>],
    demangled: Vec<String>,
    units: BTreeMap<&'a str, CodegenUnit<'a>>,
    /// For symbols that the linked program names no file for: the unit that the libraries say.
    homes: Vec<Option<CodegenUnit<'a>>>,
    native: Vec<Option<&'a str>>,
}

impl<'a> SymbolNames<'a> {
    pub(super) fn read(symbols: &'a [Symbol<'a>], homes: &'a SymbolHomes) -> Self {
        let demangled = symbols.par_iter().map(|s| mangling::demangle(s.name)).collect();
        let units = symbols
            .iter()
            .filter(|s| s.kind == SymbolKind::File)
            .filter_map(|s| Some((s.name, parse_codegen_unit(s.name)?)))
            .collect();
        let globals = |s: &Symbol<'a>| if s.file.is_none() { homes.unit_of(s.name) } else { None };
        let native = |s: &Symbol<'a>| homes.native_package(s.name, s.file);
        Self {
            symbols,
            demangled,
            units,
            homes: symbols.iter().map(globals).collect(),
            native: symbols.iter().map(native).collect(),
        }
    }

    pub(super) fn crates(&self) -> Vec<Option<SymbolCrates<'_>>> {
        let names = self.symbols.par_iter().zip(&self.demangled);
        names.map(|(symbol, text)| mangling::crates_of(symbol.name, text)).collect()
    }

    pub(super) fn named<'s>(&'s self, crates: &'s [Option<SymbolCrates<'s>>]) -> Vec<Named<'s>> {
        let unit = |symbol: &Symbol<'a>| self.units.get(symbol.file.unwrap_or(symbol.name));
        let homes = self.homes.iter().zip(&self.native);
        let symbols = self.symbols.iter().zip(crates).zip(homes);
        symbols
            .map(|((symbol, crates), (home, native))| Named {
                crates: crates.as_ref(),
                unit: unit(symbol).or(home.as_ref()),
                native_package: *native,
            })
            .collect()
    }
}

/// Everything that was claimed.
pub(super) struct Claims {
    pub(super) items: Vec<Item>,
    /// Sorted, gapless, over the whole file.
    pub(super) ranges: Vec<(Range<u64>, Claim)>,
}

/// Where a symbol's bytes stand in the file that is attributed.
struct Place {
    range: Range<u64>,
    symbol: usize,
}

pub(super) fn stake(
    image: &Image<'_>,
    regions: &Regions,
    names: &SymbolNames<'_>,
    named: &[Named<'_>],
    census: &Census<'_>,
    table: &mut CrateTable<'_>,
    symbols_are_own: bool,
) -> Claims {
    let mut map = RangeMap::new(image.file_size());
    claim_format(&mut map, regions);

    let merged = one_object_for_all(named, census);
    let owners: Vec<Owners> = named
        .iter()
        .map(|symbol| {
            // One object for all crates: its name would make everything the root crate's.
            let unit = if merged && symbol.crates.is_some() { None } else { symbol.unit };
            Owners::of(&Named { unit, ..*symbol }, table)
        })
        .collect();

    let mut items = Vec::new();
    for place in places(image, names) {
        let symbol = &names.symbols[place.symbol];
        let owners = owners[place.symbol];
        let number = u32::try_from(items.len()).ok();
        if map.insert(place.range, Claim { owners, evidence: EvidenceSource::Symbol, item: number }) > 0 {
            items.push(Item {
                name: names.demangled[place.symbol].clone(),
                owners,
                is_function: symbol.kind == SymbolKind::Function,
            });
        }
    }
    if symbols_are_own {
        claim_symbol_table(&mut map, names, named, &owners);
    }
    claim_what_follows(&mut map, image);
    claim_labelled_tables(&mut map, image, names, named, &owners);
    let nobody = Claim { owners: Owners::same(UNATTRIBUTED), evidence: EvidenceSource::None, item: None };
    Claims { items, ranges: map.finish(nobody) }
}

fn claim_format(map: &mut RangeMap<Claim>, regions: &Regions) {
    let linker = Claim { owners: Owners::same(LINKER), evidence: EvidenceSource::Format, item: None };
    for (range, region) in &regions.ranges {
        if regions.regions[*region].is_format() {
            map.insert(range.clone(), linker);
        }
    }
}

/// Sized symbols in the order of address; of several names for one place the one that tells most comes first, whatever the
/// order of the table.
fn places(image: &Image<'_>, names: &SymbolNames<'_>) -> Vec<Place> {
    let mut places: Vec<Place> = names
        .symbols
        .iter()
        .enumerate()
        .filter(|(_, s)| s.defined && s.size > 0)
        .filter(|(_, s)| matches!(s.kind, SymbolKind::Function | SymbolKind::Object | SymbolKind::ThreadLocal))
        .filter_map(|(number, s)| {
            let start = image.offset_of(s.address)?;
            // The last byte must be of the same segment: a symbol of `.bss` may begin where the file's bytes end.
            let last = image.offset_of(s.address.checked_add(s.size - 1)?)?;
            (last - start == s.size - 1).then(|| Place { range: start..start + s.size, symbol: number })
        })
        .collect();
    let telling = |place: &Place| {
        let symbol = &names.symbols[place.symbol];
        let silent = symbol.file.is_none();
        let foreign = names.demangled[place.symbol] == symbol.name;
        (foreign, silent, symbol.name)
    };
    places.sort_by(|a, b| {
        let by_place = (a.range.start, b.range.end).cmp(&(b.range.start, a.range.end));
        by_place.then_with(|| telling(a).cmp(&telling(b)))
    });
    places
}

/// Tables follow what they are about: unwind data its function, a relocation entry the place that it patches.
fn claim_what_follows(map: &mut RangeMap<Claim>, image: &Image<'_>) {
    let format = Claim { owners: Owners::same(LINKER), evidence: EvidenceSource::Format, item: None };
    let followed = |map: &RangeMap<Claim>, address: u64| map.get(image.offset_of(address)?);
    for entry in unwind_entries(image) {
        let claim = match entry.function {
            None => Some(format),
            Some(function) => followed(map, function).map(|claim| Claim {
                owners: claim.owners,
                evidence: EvidenceSource::Unwind,
                item: None,
            }),
        };
        if let Some(claim) = claim {
            map.insert(entry.range, claim);
        }
    }
    for entry in relocation_entries(image) {
        if let Some(claim) = followed(map, entry.place) {
            map.insert(entry.range, Claim { owners: claim.owners, evidence: EvidenceSource::Relocation, item: None });
        }
    }
}

/// LSDAs that no frame description points at: rust-lld keeps those of functions that it collected. Labels without a size stand
/// before each, and say which object they are of.
fn claim_labelled_tables(
    map: &mut RangeMap<Claim>,
    image: &Image<'_>,
    names: &SymbolNames<'_>,
    named: &[Named<'_>],
    owners: &[Owners],
) {
    let Some(tables) = image.sections().iter().find(|s| s.name == ".gcc_except_table" && s.is_loaded()) else { return };
    let range = &tables.file_range;
    let symbols = names.symbols.iter().zip(named).zip(owners);
    let mut labels: Vec<(u64, Owners)> = symbols
        .filter(|((symbol, named), _)| symbol.defined && symbol.size == 0 && named.unit.is_some())
        .filter_map(|((symbol, _), owners)| Some((image.offset_of(symbol.address)?, *owners)))
        .filter(|(offset, _)| range.contains(offset))
        .collect();
    labels.sort_by_key(|(offset, _)| *offset);
    let ends = labels.iter().skip(1).map(|(offset, _)| *offset).chain([range.end]);
    for ((start, owners), end) in labels.iter().zip(ends) {
        map.insert(*start..end, Claim { owners: *owners, evidence: EvidenceSource::Symbol, item: None });
    }
}

/// `.symtab` entries and their names belong to whom they name.
fn claim_symbol_table(map: &mut RangeMap<Claim>, names: &SymbolNames<'_>, named: &[Named<'_>], owners: &[Owners]) {
    for ((symbol, named), &owners) in names.symbols.iter().zip(named).zip(owners) {
        // Section symbols and imports are the format's; a label without a type is of the object that it stands in.
        let label_of_nobody = symbol.kind == SymbolKind::Other && named.unit.is_none();
        let claim = if symbol.name.is_empty() || !symbol.defined || label_of_nobody {
            Claim { owners: Owners::same(LINKER), evidence: EvidenceSource::Format, item: None }
        } else {
            Claim { owners, evidence: EvidenceSource::Symbol, item: None }
        };
        map.insert(symbol.entry_offset..symbol.entry_offset + SYMBOL_ENTRY_SIZE, claim);
        map.insert(symbol.name_offset..symbol.name_offset + symbol.name.len() as u64 + 1, claim);
    }
}
