//! Units and what their first entry says: name, folder, language, code, and where their parts of other sections start.

use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;
use std::ops::Range;
use std::sync::Arc;

use gimli::{
    Abbreviations, AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugAddr, DebugInfo, DebugLine, DebugLineOffset,
    DebugRanges, DebugRngLists, DebugTypes, DwAt, Encoding, EndianSlice, IncompleteLineProgram, LittleEndian,
    RangeLists, RangeListsOffset, UnitHeader,
};

use super::reference::{list_offset, read_word};
use super::section::DebugSections;
use crate::elf::Image;

pub(super) type Slice<'data> = EndianSlice<'data, LittleEndian>;
type Value<'data> = AttributeValue<Slice<'data>>;

/// The most units that are read. Chromium, larger than any Lambda function, has some 40,000.
const MAX_UNITS: usize = 1 << 20;
/// The largest table of abbreviations that is read, and all of them together. Real tables hold a few hundred at 10 bytes each; in
/// memory one takes some 150.
const MAX_TABLE: usize = 1 << 20;
const MAX_TABLES: usize = 32 << 20;
/// No first entry of a unit has as many attributes: DWARF names some 150 in all.
const MAX_ATTRIBUTES: usize = 256;
/// The longest name that is read, in bytes. `PATH_MAX` of Linux is 4096; GCC writes all its options as the producer.
const MAX_TEXT: usize = 16 * 1024;
/// What the names of all units may take together, in bytes. Units share strings, so that few bytes of a file could ask for much
/// memory.
const MAX_TEXTS: usize = 256 << 20;

/// The sections that units are read from.
pub(super) struct Dwarf<'data> {
    info: &'data [u8],
    types: &'data [u8],
    abbrev: &'data [u8],
    str: &'data [u8],
    line_str: &'data [u8],
    line: &'data [u8],
    ranges: &'data [u8],
    addr: &'data [u8],
    pub(super) str_offsets: &'data [u8],
    pub(super) rnglists: &'data [u8],
    pub(super) loclists: &'data [u8],
    /// Addresses of executable sections, sorted.
    code: Vec<Range<u64>>,
}

impl<'data> Dwarf<'data> {
    /// What is needed to read units and line programs.
    pub(super) const SECTIONS: [&'static str; 9] = [
        ".debug_info",
        ".debug_abbrev",
        ".debug_str",
        ".debug_line_str",
        ".debug_str_offsets",
        ".debug_line",
        ".debug_ranges",
        ".debug_rnglists",
        ".debug_addr",
    ];

    pub(super) fn new(image: &Image<'_>, sections: &'data DebugSections<'_>) -> Self {
        const SHF_EXECINSTR: u64 = object::elf::SHF_EXECINSTR.0;
        let loaded = image.sections().iter().filter(|s| s.is_loaded() && s.flags & SHF_EXECINSTR != 0);
        let code = loaded.filter_map(|s| Some(s.address..s.address.checked_add(s.size)?));
        Self {
            info: sections.contents(".debug_info"),
            types: sections.contents(".debug_types"),
            abbrev: sections.contents(".debug_abbrev"),
            str: sections.contents(".debug_str"),
            line_str: sections.contents(".debug_line_str"),
            line: sections.contents(".debug_line"),
            ranges: sections.contents(".debug_ranges"),
            addr: sections.contents(".debug_addr"),
            str_offsets: sections.contents(".debug_str_offsets"),
            rnglists: sections.contents(".debug_rnglists"),
            loclists: sections.contents(".debug_loclists"),
            code: merged(code.collect()),
        }
    }

    /// The part of a range that is code of this file. Code that the linker dropped is said to be at 0, 1 or the end of the
    /// address space, or a little behind: none of them is in an executable section.
    pub(super) fn code_in(&self, range: Range<u64>) -> Option<Range<u64>> {
        let index = self.code.partition_point(|code| code.end <= range.start);
        let code = self.code.get(index).filter(|code| code.start <= range.start)?;
        let end = range.end.min(code.end);
        (range.start < end).then_some(range.start..end)
    }

    /// A string attribute's bytes.
    pub(super) fn text(&self, value: Value<'data>, bases: &Bases, encoding: Encoding) -> Option<&'data [u8]> {
        let (section, offset) = match value {
            AttributeValue::String(text) => return text.slice().get(..text.len().min(MAX_TEXT)),
            AttributeValue::DebugStrRef(offset) => (self.str, offset.0),
            AttributeValue::DebugLineStrRef(offset) => (self.line_str, offset.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let word = u64::from(encoding.format.word_size());
                let at = bases.str_offsets.unwrap_or(0).checked_add((index.0 as u64).checked_mul(word)?)?;
                (self.str, usize::try_from(read_word(self.str_offsets, at, word)?).ok()?)
            }
            _ => return None,
        };
        let rest = section.get(offset..)?;
        let rest = rest.get(..MAX_TEXT).unwrap_or(rest);
        Some(CStr::from_bytes_until_nul(rest).ok()?.to_bytes())
    }

    fn address(&self, value: Value<'_>, bases: &Bases, encoding: Encoding) -> Option<u64> {
        let (size, section) = (u64::from(encoding.address_size), self.addr);
        match value {
            AttributeValue::Addr(address) => Some(address),
            AttributeValue::DebugAddrIndex(index) => {
                read_word(section, bases.addr.unwrap_or(0).checked_add((index.0 as u64).checked_mul(size)?)?, size)
            }
            _ => None,
        }
    }
}

/// Sorted, and without overlaps.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, last| {
        let joins = next.start <= last.end;
        if joins {
            last.end = last.end.max(next.end);
        }
        joins
    });
    ranges
}

/// Where a unit's parts of shared tables start, where it says so.
#[derive(Default)]
pub(super) struct Bases {
    pub(super) str_offsets: Option<u64>,
    pub(super) addr: Option<u64>,
    pub(super) rnglists: Option<u64>,
    pub(super) loclists: Option<u64>,
}

/// The first entry of a unit.
#[derive(Default)]
pub(super) struct Root<'data> {
    pub(super) bases: Bases,
    pub(super) name: Option<&'data [u8]>,
    pub(super) directory: Option<&'data [u8]>,
    pub(super) producer: Option<&'data [u8]>,
    pub(super) language: Option<u16>,
    /// Place of its line program.
    pub(super) line: Option<usize>,
    /// It is the first unit of this line program.
    pub(super) owns_line_program: bool,
    /// It holds code, rather than types or what other units share.
    is_compile_unit: bool,
    low: Option<u64>,
    high: Option<u64>,
    ranges: Option<u64>,
}

/// The section that a unit stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitSection {
    Info,
    Types,
}

/// One unit: its header could be read, its first entry perhaps.
pub(super) struct Unit<'data> {
    pub(super) section: UnitSection,
    /// Bytes of that section, header included.
    pub(super) range: Range<usize>,
    pub(super) encoding: Encoding,
    pub(super) abbreviations_at: usize,
    pub(super) abbreviations: Arc<Abbreviations>,
    /// Behind the header.
    pub(super) entries: &'data [u8],
    pub(super) root: Option<Root<'data>>,
    /// Number of the compile unit that this is, or that it goes with.
    pub(super) owner: Option<u32>,
}

impl<'data> Unit<'data> {
    /// True for the unit that gives its owner the number.
    pub(super) fn is_compile_unit(&self) -> bool {
        self.root.as_ref().is_some_and(|root| root.is_compile_unit)
    }

    pub(super) fn line_program(&self, dwarf: &Dwarf<'data>) -> Option<IncompleteLineProgram<Slice<'data>>> {
        let root = self.root.as_ref()?;
        let slice = |text| EndianSlice::new(text, LittleEndian);
        let (directory, name) = (root.directory.map(slice), root.name.map(slice));
        let lines = DebugLine::new(dwarf.line, LittleEndian);
        lines.program(DebugLineOffset(root.line?), self.encoding.address_size, directory, name).ok()
    }
}

/// Every unit whose header can be read, in the order of the sections.
pub(super) fn read_units<'data>(dwarf: &Dwarf<'data>) -> Vec<Unit<'data>> {
    let info = DebugInfo::new(dwarf.info, LittleEndian).units().map_while(Result::ok);
    let types = DebugTypes::new(dwarf.types, LittleEndian).units().map_while(Result::ok);
    let headers = info.map(|header| (UnitSection::Info, header)).chain(types.map(|h| (UnitSection::Types, h)));
    let headers: Vec<_> = headers.take(MAX_UNITS).collect();
    let tables = read_tables(dwarf.abbrev, headers.iter().map(|(_, header)| header.debug_abbrev_offset().0));
    let units = headers.into_iter().filter_map(|(section, header)| read_unit(dwarf, &tables, section, &header));
    let mut units: Vec<_> = units.collect();
    assign_owners(&mut units);
    units
}

/// Abbreviations by place. A table is read up to where the next one starts, so that all are read in one pass.
fn read_tables(abbrev: &[u8], places: impl Iterator<Item = usize>) -> BTreeMap<usize, Arc<Abbreviations>> {
    let mut places: Vec<usize> = places.filter(|&place| place < abbrev.len()).collect();
    places.sort_unstable();
    places.dedup();
    let ends = places.iter().skip(1).copied().chain([abbrev.len()]);
    let mut left = MAX_TABLES;
    let read = |(&start, end): (&usize, usize)| {
        // The last table may have anything behind it.
        let bytes = abbrev.get(start..end.min(start + MAX_TABLE))?;
        left = left.checked_sub(bytes.len())?;
        let table = DebugAbbrev::new(bytes, LittleEndian).abbreviations(DebugAbbrevOffset(0)).ok()?;
        Some((start, Arc::new(table)))
    };
    places.iter().zip(ends).filter_map(read).collect()
}

fn read_unit<'data>(
    dwarf: &Dwarf<'data>,
    tables: &BTreeMap<usize, Arc<Abbreviations>>,
    section: UnitSection,
    header: &UnitHeader<Slice<'data>>,
) -> Option<Unit<'data>> {
    let start = header.offset().0;
    let end = start.checked_add(header.length_including_self())?;
    let abbreviations_at = header.debug_abbrev_offset().0;
    let contents = if section == UnitSection::Info { dwarf.info } else { dwarf.types };
    let abbreviations = tables.get(&abbreviations_at).cloned().unwrap_or_default();
    let root = read_root(dwarf, header, &abbreviations);
    Some(Unit {
        section,
        range: start..end,
        encoding: header.encoding(),
        abbreviations_at,
        abbreviations,
        entries: contents.get(start.checked_add(header.size_of_header())?..end)?,
        root,
        owner: None,
    })
}

fn read_root<'data>(
    dwarf: &Dwarf<'data>,
    header: &UnitHeader<Slice<'data>>,
    abbreviations: &Abbreviations,
) -> Option<Root<'data>> {
    let mut entries = header.entries_raw(abbreviations, None).ok()?;
    let abbreviation = entries.read_abbreviation().ok()??;
    let specs = Some(abbreviation.attributes()).filter(|specs| specs.len() <= MAX_ATTRIBUTES)?;
    let mut attributes = Vec::new();
    entries.read_attributes(specs, &mut attributes).ok()?;
    let value = |name: DwAt| attributes.iter().find(|a| a.name() == name).map(gimli::Attribute::value);
    let encoding = header.encoding();
    let mut root = Root {
        is_compile_unit: matches!(abbreviation.tag(), gimli::DW_TAG_compile_unit | gimli::DW_TAG_skeleton_unit),
        ..Root::default()
    };
    root.bases = Bases {
        str_offsets: value(gimli::DW_AT_str_offsets_base).and_then(offset),
        addr: value(gimli::DW_AT_addr_base).or_else(|| value(gimli::DW_AT_GNU_addr_base)).and_then(offset),
        rnglists: value(gimli::DW_AT_rnglists_base).and_then(offset),
        loclists: value(gimli::DW_AT_loclists_base).and_then(offset),
    };
    let text = |name| value(name).and_then(|value| dwarf.text(value, &root.bases, encoding));
    (root.name, root.directory) = (text(gimli::DW_AT_name), text(gimli::DW_AT_comp_dir));
    root.producer = text(gimli::DW_AT_producer);
    root.language = match value(gimli::DW_AT_language) {
        Some(AttributeValue::Language(language)) => Some(language.0),
        _ => None,
    };
    root.line = value(gimli::DW_AT_stmt_list).and_then(offset).and_then(|at| usize::try_from(at).ok());
    let address = |value| dwarf.address(value, &root.bases, encoding);
    root.low = value(gimli::DW_AT_low_pc).and_then(address);
    root.high = value(gimli::DW_AT_high_pc)
        .and_then(|high| address(high).or_else(|| root.low?.checked_add(high.udata_value()?)));
    root.ranges = value(gimli::DW_AT_ranges).and_then(|ranges| match ranges {
        AttributeValue::DebugRngListsIndex(index) => {
            let word = u64::from(encoding.format.word_size());
            list_offset(dwarf.rnglists, root.bases.rnglists.unwrap_or(0), index.0 as u64, word)
        }
        other => offset(other),
    });
    Some(root)
}

/// The offset that an attribute holds, into whichever section.
fn offset(value: Value<'_>) -> Option<u64> {
    let offset = match value {
        AttributeValue::SecOffset(offset) => offset,
        AttributeValue::DebugAddrBase(base) => base.0,
        AttributeValue::DebugStrOffsetsBase(base) => base.0,
        AttributeValue::DebugRngListsBase(base) => base.0,
        AttributeValue::DebugLocListsBase(base) => base.0,
        AttributeValue::DebugLineRef(offset) => offset.0,
        AttributeValue::RangeListsRef(offset) => offset.0,
        _ => return None,
    };
    Some(offset as u64)
}

/// Numbers the compile units. Others (types that compilers keep apart so that linkers can merge them) go with the first compile
/// unit that has their line program, else with the first that has their abbreviations.
fn assign_owners(units: &mut [Unit<'_>]) {
    let mut by_line = HashMap::new();
    let mut by_abbreviations = HashMap::new();
    for (number, unit) in (0_u32..).zip(units.iter_mut().filter(|unit| unit.is_compile_unit())) {
        unit.owner = Some(number);
        by_abbreviations.entry(unit.abbreviations_at).or_insert(number);
        if let Some(root) = &mut unit.root
            && let Some(line) = root.line
        {
            root.owns_line_program = *by_line.entry(line).or_insert(number) == number;
        }
    }
    for unit in units.iter_mut().filter(|unit| unit.owner.is_none()) {
        let line = unit.root.as_ref().and_then(|root| root.line);
        let owner = line.and_then(|line| by_line.get(&line));
        unit.owner = owner.or_else(|| by_abbreviations.get(&unit.abbreviations_at)).copied();
    }
}

/// Reads the code ranges of units, as many as there can be in honest sections: each list belongs to one unit.
pub(super) struct RangeReader<'dwarf, 'data> {
    dwarf: &'dwarf Dwarf<'data>,
    lists: RangeLists<Slice<'data>>,
    addresses: DebugAddr<Slice<'data>>,
    /// List entries that may still be read.
    left: usize,
}

impl<'dwarf, 'data> RangeReader<'dwarf, 'data> {
    pub(super) fn new(dwarf: &'dwarf Dwarf<'data>) -> Self {
        let slice = |bytes| EndianSlice::new(bytes, LittleEndian);
        let lists = RangeLists::new(DebugRanges::from(slice(dwarf.ranges)), DebugRngLists::from(slice(dwarf.rnglists)));
        let left = dwarf.ranges.len() + dwarf.rnglists.len();
        Self { dwarf, lists, addresses: DebugAddr::from(slice(dwarf.addr)), left }
    }

    /// Addresses of a unit's code: sorted, merged, inside executable sections.
    pub(super) fn of(&mut self, unit: &Unit<'_>) -> Vec<Range<u64>> {
        let Some(root) = &unit.root else { return Vec::new() };
        let mut ranges = Vec::new();
        match (root.ranges, root.low, root.high) {
            (Some(list), low, _) => self.read_list(list, low.unwrap_or(0), unit.encoding, &root.bases, &mut ranges),
            (None, Some(low), Some(high)) => ranges.extend(self.dwarf.code_in(low..high)),
            _ => {}
        }
        merged(ranges)
    }

    fn read_list(&mut self, list: u64, base: u64, encoding: Encoding, bases: &Bases, into: &mut Vec<Range<u64>>) {
        let Ok(list) = usize::try_from(list) else { return };
        let addr_base = gimli::DebugAddrBase(bases.addr.and_then(|base| usize::try_from(base).ok()).unwrap_or(0));
        let entries = self.lists.ranges(RangeListsOffset(list), encoding, base, &self.addresses, addr_base);
        let Ok(mut entries) = entries else { return };
        while let Ok(Some(raw)) = entries.next_raw() {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            if let Ok(Some(range)) = entries.convert_raw(raw) {
                into.extend(self.dwarf.code_in(range.begin..range.end));
            }
        }
    }
}

/// The names of units as text, while they are not absurdly long together.
pub(super) struct Texts {
    left: usize,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { left: MAX_TEXTS }
    }

    pub(super) fn take(&mut self, text: Option<&[u8]>) -> Option<String> {
        let text = text?;
        self.left = self.left.checked_sub(text.len())?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}
