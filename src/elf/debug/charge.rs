//! Whose the bytes of each debug section are.
//!
//! Three shapes: sets with a length of their own, each for one unit; tables and lists that units point into, where a piece runs
//! from one reference to the next; and strings, whose every byte goes to the first unit that points at it or before it.

use std::collections::HashMap;
use std::ops::Range;

use gimli::{BaseAddresses, CieOrFde, DebugFrame, LittleEndian, UnwindSection};
use rayon::prelude::*;

use super::form::Target;
use super::info::{DebugBytes, DebugUnit};
use super::pieces::Pieces;
use super::reference::References;
use super::section::DebugSection;
use super::unit::{Unit, UnitSection};

/// What the units together say about the other sections.
pub(super) struct Charges<'units> {
    units: &'units [Unit<'units>],
    references: &'units [References],
    described: &'units [DebugUnit],
    /// First unit by line program.
    lines: HashMap<usize, u32>,
    /// For each compile unit, the first one of its crate.
    crates: Vec<u32>,
}

impl<'units> Charges<'units> {
    pub(super) fn new(
        units: &'units [Unit<'units>],
        references: &'units [References],
        described: &'units [DebugUnit],
    ) -> Self {
        let owning = units.iter().filter_map(|unit| Some((unit.root.as_ref()?, unit.owner?)));
        let owning = owning.filter(|(root, _)| root.owns_line_program);
        let lines = owning.filter_map(|(root, owner)| Some((root.line?, owner))).collect();
        let mut firsts = HashMap::new();
        let numbered = (0_u32..).zip(described);
        let crates = numbered.map(|(number, unit)| *firsts.entry(crate_of(unit)).or_insert(number)).collect();
        Self { units, references, described, lines, crates }
    }

    /// The section's bytes, without a gap.
    pub(super) fn charge(&self, section: &DebugSection<'_>) -> Vec<DebugBytes> {
        let mut pieces = Pieces::new(section, self.described.len());
        match section.name.as_str() {
            ".debug_info" => self.charge_units(UnitSection::Info, &mut pieces),
            ".debug_types" => self.charge_units(UnitSection::Types, &mut pieces),
            ".debug_abbrev" => self.charge_abbreviations(&mut pieces),
            ".debug_line" => charge_sets(&mut pieces, |set| self.lines.get(&set.range.start).copied()),
            ".debug_aranges"
            | ".debug_pubnames"
            | ".debug_pubtypes"
            | ".debug_gnu_pubnames"
            | ".debug_gnu_pubtypes" => charge_sets(&mut pieces, |set| self.unit_at(set.offset_at(2)?)),
            ".debug_names" => charge_sets(&mut pieces, |set| self.owner_of_names(set)),
            ".debug_frame" => self.charge_frames(&mut pieces),
            name => match Target::of_section(name) {
                Some(target @ (Target::Str | Target::LineStr)) => charge_strings(&self.marks(target), &mut pieces),
                Some(target @ (Target::StrOffsets | Target::Addr | Target::RngLists | Target::LocLists)) => {
                    charge_tables(&self.marks(target), &mut pieces);
                }
                Some(target @ (Target::Ranges | Target::Loc | Target::Macro | Target::MacInfo)) => {
                    let end = pieces.contents().len();
                    charge_lists(&self.marks(target), end, &mut pieces);
                }
                None => {}
            },
        }
        pieces.finish()
    }

    fn charge_units(&self, section: UnitSection, pieces: &mut Pieces<'_>) {
        for unit in self.units.iter().filter(|unit| unit.section == section) {
            pieces.claim(unit.range.clone(), unit.owner);
        }
    }

    fn charge_abbreviations(&self, pieces: &mut Pieces<'_>) {
        let mut users: Vec<_> =
            self.units.iter().filter_map(|unit| Some((unit.abbreviations_at, unit.owner?))).collect();
        users.sort_unstable();
        let tables: Vec<_> = users.chunk_by(|a, b| a.0 == b.0).collect();
        let ends = tables.iter().skip(1).filter_map(|table| table.first()).map(|&(at, _)| at);
        let end = pieces.contents().len();
        for (table, end) in tables.iter().zip(ends.chain([end])) {
            let Some(&(at, _)) = table.first() else { continue };
            pieces.claim(at..end, self.one_crate(table.iter().map(|&(_, unit)| Some(unit))));
        }
    }

    /// The unit that starts at an offset of `.debug_info`.
    fn unit_at(&self, offset: u64) -> Option<u32> {
        let offset = usize::try_from(offset).ok()?;
        // Those of `.debug_types` stand behind, and their places start again.
        let count = self.units.partition_point(|unit| unit.section == UnitSection::Info);
        let units = self.units.get(..count)?;
        let index = units.binary_search_by_key(&offset, |unit| unit.range.start).ok()?;
        units.get(index)?.owner
    }

    /// A name index is for the units of one object as compilers write it, for all as linkers merge it.
    fn owner_of_names(&self, set: &Set<'_>) -> Option<u32> {
        // Version, padding, seven numbers of which the first counts units, a text with its size before it, the units' offsets.
        let number = |at: usize| Some(u32::from_le_bytes(*set.body.get(at..)?.first_chunk::<4>()?));
        let augmentation = usize::try_from(number(28)?).ok()?.checked_next_multiple_of(4)?;
        let table = augmentation.checked_add(32)?;
        let count = usize::try_from(number(4)?).ok()?;
        let units =
            (0..count).map(|index| self.unit_at(set.offset_at(table.checked_add(index.checked_mul(set.word)?)?)?));
        self.one_crate(units)
    }

    /// The first of some units where all are of one crate; `None` too where one of them is unknown.
    fn one_crate(&self, mut units: impl Iterator<Item = Option<u32>>) -> Option<u32> {
        let first = units.next()??;
        let crate_of = |unit: u32| self.crates.get(unit as usize);
        units.all(|unit| unit.is_some_and(|unit| crate_of(unit) == crate_of(first))).then_some(first)
    }

    fn charge_frames(&self, pieces: &mut Pieces<'_>) {
        let contents = pieces.contents();
        let mut section = DebugFrame::new(contents, LittleEndian);
        section.set_address_size(8);
        let bases = BaseAddresses::default();
        let functions = self.code();
        let mut cies = HashMap::new();
        let mut entries = section.entries(&bases);
        while let Ok(Some(entry)) = entries.next() {
            // CIEs serve the functions of many units.
            let CieOrFde::Fde(partial) = entry else { continue };
            let fde = partial.parse(|section, bases, offset| match cies.get(&offset) {
                Some(cie) => Ok(gimli::CommonInformationEntry::clone(cie)),
                None => {
                    let cie = section.cie_from_offset(bases, offset)?;
                    cies.insert(offset, cie.clone());
                    Ok(cie)
                }
            });
            let Ok(fde) = fde else { return };
            let Some(range) = entry_range(contents, fde.offset(), fde.entry_len()) else { return };
            let index = functions.partition_point(|(code, _)| code.end <= fde.initial_address());
            let owner = functions.get(index).filter(|(code, _)| code.start <= fde.initial_address());
            pieces.claim(range, owner.map(|&(_, unit)| unit));
        }
    }

    /// Code of all units, sorted. Where two claim the same code, a search may find either.
    fn code(&self) -> Vec<(Range<u64>, u32)> {
        let units = (0_u32..).zip(self.described);
        let code = units.flat_map(|(number, unit)| unit.ranges.iter().map(move |range| (range.clone(), number)));
        let mut code: Vec<_> = code.collect();
        code.sort_unstable_by_key(|(range, unit)| (range.start, range.end, *unit));
        code
    }

    /// Who points where in a section: sorted by place, then by unit.
    fn marks(&self, target: Target) -> Vec<Mark> {
        let pointing = self.units.iter().zip(self.references).filter_map(|(unit, to)| Some((unit.owner?, to)));
        let marks = pointing.flat_map(|(unit, to)| to.to(target).iter().map(move |&at| Mark { at, unit }));
        let mut marks: Vec<_> = marks.collect();
        // The lists of units are sorted already: a stable sort joins runs.
        marks.par_sort();
        marks
    }
}

/// Tells crates apart: rustc's name of the codegen unit without its number, the folder for other compilers.
fn crate_of(unit: &DebugUnit) -> Option<&str> {
    match unit.name.split_once("/@/") {
        Some((_, codegen_unit)) => Some(codegen_unit.rsplit_once("-cgu.").map_or(codegen_unit, |(hash, _)| hash)),
        None => unit.directory.as_deref(),
    }
}

/// A place that a unit points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    at: u32,
    unit: u32,
}

/// A part of a section that starts with its own length.
struct Set<'data> {
    /// Bytes of the section, length included.
    range: Range<usize>,
    /// What follows the length.
    body: &'data [u8],
    /// Size of an offset in it, in bytes.
    word: usize,
}

impl Set<'_> {
    fn offset_at(&self, at: usize) -> Option<u64> {
        let bytes = self.body.get(at..)?;
        if self.word == 8 {
            Some(u64::from_le_bytes(*bytes.first_chunk()?))
        } else {
            Some(u64::from(u32::from_le_bytes(*bytes.first_chunk()?)))
        }
    }
}

/// The sets of a section, up to the first whose length makes no sense.
fn sets(contents: &[u8]) -> impl Iterator<Item = Set<'_>> {
    const IS_64: u32 = u32::MAX;
    /// Lengths from here on are reserved. Source: DWARF 5, section 7.2.2.
    const RESERVED: u32 = 0xffff_fff0;
    let mut start = 0_usize;
    std::iter::from_fn(move || {
        let bytes = contents.get(start..)?;
        let (word, header, size): (_, usize, _) = match u32::from_le_bytes(*bytes.first_chunk()?) {
            IS_64 => (8, 12, usize::try_from(u64::from_le_bytes(*bytes.get(4..)?.first_chunk()?)).ok()?),
            RESERVED.. => return None,
            size => (4, 4, usize::try_from(size).ok()?),
        };
        let body = bytes.get(header..header.checked_add(size)?)?;
        let range = start..start + header + size;
        start = range.end;
        Some(Set { range, body, word })
    })
}

fn charge_sets(pieces: &mut Pieces<'_>, owner: impl Fn(&Set<'_>) -> Option<u32>) {
    for set in sets(pieces.contents()) {
        pieces.claim(set.range.clone(), owner(&set));
    }
}

/// Tables with a header, each for one unit or for all units of an object. The header goes with what is first pointed at.
fn charge_tables(marks: &[Mark], pieces: &mut Pieces<'_>) {
    let mut marks = marks;
    for set in sets(pieces.contents()) {
        let inside = |mark: &Mark, end: usize| (mark.at as usize) < end;
        // What is left of the marks starts in this set or behind: sets lie without a gap.
        let (own, rest) = marks.split_at(marks.partition_point(|mark| inside(mark, set.range.end)));
        marks = rest;
        if let Some(first) = own.first() {
            pieces.claim(set.range.start..first.at as usize, Some(first.unit));
        }
        charge_lists(own, set.range.end, pieces);
    }
}

/// From each place that is pointed at to the next, for the first unit that points there.
fn charge_lists(marks: &[Mark], end: usize, pieces: &mut Pieces<'_>) {
    for pointing in marks.chunk_by(|a, b| a.at == b.at).zip(next_places(marks, end)) {
        if let ([first, ..], next) = pointing {
            pieces.claim(first.at as usize..next, Some(first.unit));
        }
    }
}

fn next_places(marks: &[Mark], end: usize) -> impl Iterator<Item = usize> {
    let places = marks.chunk_by(|a, b| a.at == b.at).skip(1).filter_map(|pointing| pointing.first());
    places.map(|mark| mark.at as usize).chain([end])
}

/// Each byte for the first unit that needs it. Linkers let a string be the end of a longer one, so that units may share an end:
/// what stands before it is not theirs.
fn charge_strings(marks: &[Mark], pieces: &mut Pieces<'_>) {
    let contents = pieces.contents();
    let mut marks = marks;
    while let Some(first) = marks.first() {
        let at = first.at as usize;
        let Some(rest) = contents.get(at..) else { return };
        let size = std::ffi::CStr::from_bytes_until_nul(rest).map_or(rest.len(), |text| text.count_bytes() + 1);
        let end = at + size.max(1);
        let (own, others) = marks.split_at(marks.partition_point(|mark| (mark.at as usize) < end));
        let mut unit = first.unit;
        for (pointing, next) in own.chunk_by(|a, b| a.at == b.at).zip(next_places(own, end)) {
            if let [first, ..] = pointing {
                unit = unit.min(first.unit);
                pieces.claim(first.at as usize..next, Some(unit));
            }
        }
        marks = others;
    }
}

/// The bytes of a call frame entry: four of length, or twelve, before the entry itself.
fn entry_range(contents: &[u8], offset: usize, length: usize) -> Option<Range<usize>> {
    let header = if contents.get(offset..)?.starts_with(&[0xff; 4]) { 12 } else { 4 };
    Some(offset..offset.checked_add(header)?.checked_add(length)?)
}
