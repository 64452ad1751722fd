//! The writers: each claims the bytes that its evidence covers, the surest first.

use std::ops::Range;

use crate::cargo::SymbolHomes;
use crate::elf::{DebugInfo, Image, RelocationEntry, SectionKind, Unwind, mangling, relr_entries};

use super::claim::{Claim, Item};
use super::code::Code;
use super::crate_table::{CrateNumber, CrateTable, LINKER, NATIVE, PADDING, UNATTRIBUTED};
use super::data;
use super::debug::{self, Units};
use super::hints;
use super::locations::{self, Location};
use super::names::{Names, Object};
use super::natives;
use super::owner::{OwnerTable, Owners, OwnersId, crate_of_object};
use super::pieces::{self, References};
use super::places::{LinkedPiece, Place};
use super::range_map::RangeMap;
use super::regions::Regions;
use super::row::EvidenceSource;
use super::tables;
use super::versions;

/// Everything that was claimed.
pub(super) struct Claims {
    pub(super) items: Vec<Item>,
    /// Sorted, gapless, over the whole file.
    pub(super) ranges: Vec<(Range<u64>, Claim)>,
    pub(super) owners: OwnerTable,
    /// Versions of crates that source paths in the file name.
    pub(super) versions: Vec<(String, String)>,
}

/// All that is known before anything is claimed.
pub(super) struct Evidence<'a> {
    pub(super) image: &'a Image<'a>,
    pub(super) regions: &'a Regions,
    pub(super) names: &'a Names<'a>,
    /// The symbols are those of this very file, so that their table is in it.
    pub(super) symbols_are_own: bool,
    /// The symbols are only those that a library exports.
    pub(super) names_are_exports: bool,
    /// Anything says that Rust code is in the file.
    pub(super) has_rust: bool,
    /// The linker was given one object for many crates.
    pub(super) merged: bool,
    pub(super) places: Vec<Place>,
    pub(super) linked: &'a [LinkedPiece],
    pub(super) unwind: Unwind,
    pub(super) relocations: Vec<RelocationEntry>,
    /// Addresses: where a pointer stands, and where it leads.
    pub(super) pointers: &'a [(u64, u64)],
    pub(super) debug: &'a DebugInfo,
    /// The debug information is that of this very file, so that its bytes are in it.
    pub(super) debug_is_own: bool,
    pub(super) units: &'a Units,
}

/// Lets every writer write.
pub(super) fn stake(evidence: Evidence<'_>, table: &mut CrateTable<'_>) -> Claims {
    let Evidence { image, regions, names, places, linked, debug: info, units, .. } = &evidence;
    let mut owners = OwnerTable::default();
    let linker = Claim::new(owners.number(Owners::same(LINKER)), EvidenceSource::Format);
    let mut map = RangeMap::new(image.file_size());
    map.write(format_claims(regions, linker));

    let unit_crates = units.crates(info, names, table);
    let object_crates: Vec<Option<CrateNumber>> =
        names.objects.list().iter().map(|object| crate_of(object, table)).collect();
    let judge = Judge {
        evidence: &evidence,
        object_crates: &object_crates,
        unit_crates: &unit_crates,
        homes: table.identities().homes,
    };

    // Functions and named data.
    let known = |place: &Place| judge.is_known(place);
    let by_prefix = natives::crates_by_prefix(places, names, &known, table);
    let mut of_place: Vec<OwnersId> = places
        .iter()
        .zip(&by_prefix)
        .map(|(place, native)| owners.number(native.map_or_else(|| judge.place(place, table), Owners::same)))
        .collect();
    let mut code = Code::cut(image, regions, places, &of_place, &evidence.unwind.functions);
    let references = References::read(image, regions, &code, evidence.pointers);
    let locations = locations::locations(image, &references.from_data);
    for (function, triple) in versions::find(&code, &references, &locations, &mut owners, table) {
        let start = code.ranges[function].range.start;
        code.ranges[function].owners = Some(triple);
        let place = places.partition_point(|place| place.range.end <= start);
        of_place[place] = triple;
    }

    let mut items = Vec::with_capacity(places.len());
    let mut named = Vec::with_capacity(places.len());
    for (place, &owners) in places.iter().zip(&of_place) {
        let source = if place.mapped { EvidenceSource::LinkMap } else { EvidenceSource::Symbol };
        let claim = Claim { owners, evidence: source, item: u32::try_from(items.len()).ok() };
        named.push((place.range.clone(), claim));
        items.push(Item { symbol: place.symbol, owners, is_function: place.is_function });
    }
    map.write(named);
    let mut of_symbols: Vec<Option<OwnersId>> = vec![None; names.symbols.len()];
    for (place, &owners) in places.iter().zip(&of_place) {
        of_symbols[place.symbol] = Some(owners);
    }
    for (symbol, known) in of_symbols.iter_mut().enumerate() {
        if known.is_none() {
            *known = Some(owners.number(judge.symbol(symbol, None, table)));
        }
    }
    if evidence.symbols_are_own {
        for claims in tables::symbol_table(names, &mut owners, &|symbol| of_symbols[symbol]) {
            map.write(claims);
        }
    }

    // Code without a name.
    map.write(linked_claims(linked, regions, &object_crates, &mut owners));
    let padding = Claim::new(owners.number(Owners::same(PADDING)), EvidenceSource::Format);
    map.write(code.padding.iter().map(|range| (range.clone(), padding)).collect());
    let of_code = nameless_code(&evidence, &code, &references, &locations, &map, &unit_crates, table, &mut owners);
    let claim = |(code, known): (&super::code::CodeRange, &Option<(OwnersId, EvidenceSource)>)| {
        known.map(|(owners, evidence)| (code.range.clone(), Claim::new(owners, evidence)))
    };
    map.write(code.ranges.iter().zip(&of_code).filter_map(claim).collect());

    // Data without a name.
    let cut = pieces::cut(regions, places, linked, &references);
    let of_function: Vec<Option<OwnersId>> = of_code.iter().map(|known| known.map(|(owners, _)| owners)).collect();
    let of_linked: Vec<Option<CrateNumber>> =
        linked.iter().map(|piece| Some(object_crates[piece.object? as usize].unwrap_or(NATIVE))).collect();
    let known = data::Known {
        image,
        pieces: &cut,
        references: &references,
        referrers: pieces::referrers(&cut, &references, &of_function, &of_place),
        of_place: &of_place,
        of_linked: &of_linked,
        function_at: &|offset| of_function[code.at(offset)?],
    };
    let claims = data::claims(known, &mut owners);
    map.write(claims.into_iter().map(|(range, owners, source)| (range, Claim::new(owners, source))).collect());

    map.write(slot_claims(regions, linker));

    // Tables follow what they are about.
    let of_unwind = tables::unwind_claims(&map, image, evidence.unwind.entries.clone(), &mut owners);
    map.write(of_unwind);
    let of_label = |symbol: usize| of_symbols[symbol];
    let labelled = tables::labelled_tables(image, names, &of_label);
    map.write(labelled);
    let between = tables::between_tables(&map, image, &owners);
    map.write(between);
    map.write(tables::zeroed_tables(&map, image, padding));
    map.write(tables::relocation_claims(&map, image, evidence.relocations.clone()));
    map.write(tables::packed_claims(&map, image, &relr_entries(image)));
    if evidence.debug_is_own {
        map.write(debug::claims(info, &unit_crates, linker, &mut owners));
    }

    let nobody = Claim::new(owners.number(Owners::same(UNATTRIBUTED)), EvidenceSource::None);
    let versions = locations::versions(&locations).into_iter().map(|(name, version)| (name, version.to_owned()));
    Claims { items, ranges: map.finish(nobody), owners, versions: versions.collect() }
}

fn format_claims(regions: &Regions, linker: Claim) -> Vec<(Range<u64>, Claim)> {
    let format = regions.ranges.iter().filter(|(_, region)| {
        let region = &regions.regions[*region];
        region.is_format() && !region.is_slots()
    });
    format.map(|(range, _)| (range.clone(), linker)).collect()
}

/// Slots that nothing refers to are there for the dynamic linker's own sake.
fn slot_claims(regions: &Regions, linker: Claim) -> Vec<(Range<u64>, Claim)> {
    let slots = regions.ranges.iter().filter(|(_, region)| regions.regions[*region].is_slots());
    slots.map(|(range, _)| (range.clone(), linker)).collect()
}

/// What the map says of code that no symbol names.
fn linked_claims(
    linked: &[LinkedPiece],
    regions: &Regions,
    object_crates: &[Option<CrateNumber>],
    owners: &mut OwnerTable,
) -> Vec<(Range<u64>, Claim)> {
    let mut claims = Vec::new();
    let mut at = 0;
    for piece in linked {
        while regions.ranges.get(at).is_some_and(|(range, _)| range.end <= piece.range.start) {
            at += 1;
        }
        let Some((_, region)) = regions.ranges.get(at) else { break };
        if regions.regions[*region].kind != SectionKind::Code {
            continue;
        }
        if let Some(object) = piece.object {
            let owners = owners.number(Owners::same(object_crates[object as usize].unwrap_or(NATIVE)));
            claims.push((piece.range.clone(), Claim::new(owners, EvidenceSource::LinkMap)));
        }
    }
    claims
}

/// The crate that brought an object along; `None` where nothing tells.
fn crate_of(object: &Object<'_>, table: &mut CrateTable<'_>) -> Option<CrateNumber> {
    if let Some(unit) = object.unit {
        return Some(table.of_unit(unit));
    }
    table.of_object(object.text).or_else(|| object.library.map(|library| table.of_root(library, None, None)))
}

/// Judges single symbols with all that is known of them.
struct Judge<'e> {
    evidence: &'e Evidence<'e>,
    object_crates: &'e [Option<CrateNumber>],
    unit_crates: &'e [CrateNumber],
    homes: &'e SymbolHomes,
}

impl Judge<'_> {
    /// True where an object, a library or debug information tells whose a place is.
    fn is_known(&self, place: &Place) -> bool {
        let names = self.evidence.names;
        let symbol = &names.symbols[place.symbol];
        place.object.is_some_and(|object| self.object_crates[object as usize].is_some())
            || self.homes.native_package(symbol.name, symbol.file).is_some()
            || (place.object.is_none() && self.evidence.units.at(place.range.start).is_some())
    }

    fn place(&self, place: &Place, table: &mut CrateTable<'_>) -> Owners {
        let evidence = self.evidence;
        let described = (place.object.is_none() || evidence.merged) && place.is_function;
        if described && let Some(unit) = evidence.units.at(place.range.start) {
            let root = evidence.names.objects.get(evidence.units.object(unit)).unit;
            return self.symbol_in(place.symbol, root, Some(self.unit_crates[unit]), table);
        }
        self.symbol(place.symbol, place.object, table)
    }

    /// `object` is where the symbol came from, if anything but its own table tells.
    fn symbol(&self, symbol: usize, object: Option<u32>, table: &mut CrateTable<'_>) -> Owners {
        let names = self.evidence.names;
        let object = object.or_else(|| names.object(symbol));
        let unit = object.and_then(|object| names.objects.get(object).unit);
        let of_object = object.and_then(|object| self.object_crates[object as usize]);
        // One object for all crates: its name would make everything the root crate's.
        let tells_nothing = self.evidence.merged && unit.is_some() && names.crates(symbol).is_some();
        if tells_nothing {
            return self.symbol_in(symbol, None, None, table);
        }
        self.symbol_in(symbol, unit, of_object, table)
    }

    fn symbol_in(
        &self,
        symbol: usize,
        unit: Option<u32>,
        object: Option<CrateNumber>,
        table: &mut CrateTable<'_>,
    ) -> Owners {
        let names = self.evidence.names;
        match names.crates(symbol) {
            Some(crates) => Owners::of_name(&crates, unit, object, table),
            None => Owners::same(object.unwrap_or_else(|| crate_of_object(names, symbol, table))),
        }
    }
}

/// Who owns the code ranges, and on what evidence: for named ones their symbol, else the map, debug information, paths.
#[expect(clippy::too_many_arguments, reason = "each is one kind of evidence")]
fn nameless_code(
    evidence: &Evidence<'_>,
    code: &Code,
    references: &References,
    locations: &[Location<'_>],
    map: &RangeMap<Claim>,
    unit_crates: &[CrateNumber],
    table: &mut CrateTable<'_>,
    owners: &mut OwnerTable,
) -> Vec<Option<(OwnersId, EvidenceSource)>> {
    let mut known: Vec<Option<(OwnersId, EvidenceSource)>> = code
        .ranges
        .iter()
        .map(|range| match range.owners {
            Some(owners) => Some((owners, EvidenceSource::Symbol)),
            None => {
                if let Some(claim) = map.get(range.range.start) {
                    return Some((claim.owners, claim.evidence));
                }
                let unit = evidence.units.at(range.range.start)?;
                Some((owners.number(Owners::same(unit_crates[unit])), EvidenceSource::DebugInfo))
            }
        })
        .collect();
    if known.iter().any(Option::is_none) {
        let by_path = hints::crates_by_path(code, references, locations, table);
        for (known, krate) in known.iter_mut().zip(by_path) {
            if let (None, Some(krate)) = (&known, krate) {
                *known = Some((owners.number(Owners::same(krate)), EvidenceSource::PathString));
            }
        }
    }
    // Code that has symbols around it and none of its own is assembly or C, and so is all code of a program without a trace of Rust.
    let has_names = !evidence.names_are_exports && code.ranges.iter().any(|range| range.owners.is_some());
    if has_names || (locations.is_empty() && !evidence.has_rust) {
        let native = owners.number(Owners::same(NATIVE));
        for (known, range) in known.iter_mut().zip(&code.ranges) {
            if known.is_none() && (range.unwound || !has_names) {
                *known = Some((native, EvidenceSource::Unwind));
            }
        }
    }
    known
}

/// The name that people read.
pub(super) fn name_of(names: &Names<'_>, item: &Item) -> String {
    mangling::demangle(names.symbols[item.symbol].name)
}
