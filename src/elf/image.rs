//! A linked ELF file, checked once: every range handed out lies inside the data.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::pod;

use super::architecture::Architecture;
use super::error::ElfError;
use super::section::Section;
use super::segment::Segment;
use super::strings::{NameBudget, name_at};

pub(super) const HEADER_SIZE: u64 = size_of::<FileHeader64<LE>>() as u64;
pub(super) const SECTION_HEADER_SIZE: u64 = size_of::<SectionHeader64<LE>>() as u64;
pub(super) const PROGRAM_HEADER_SIZE: u64 = size_of::<ProgramHeader64<LE>>() as u64;

/// The most sections whose number fits in the ELF header. More need extended numbering, which no linker uses for a program.
/// Source: System V ABI (gABI), "Special Section Indexes": `SHN_LORESERVE` is 0xff00; read 2026-11-23.
const MAX_SECTIONS: u64 = 0xff00 - 1;
/// The most program headers that Linux loads a program with: 64 KiB of them. Source: `load_elf_phdrs` in fs/binfmt_elf.c of
/// Linux 6.12, read 2026-11-23. It bounds what is asked per segment of each symbol.
const MAX_SEGMENTS: u64 = 65_536 / PROGRAM_HEADER_SIZE;
/// Larger than the memory of any machine, small enough that sums of all sections cannot overflow: 1 TiB. What a report may say.
const MAX_MEMORY_SIZE: u64 = 1 << 40;

/// A 64-bit little-endian executable or shared object for x86_64 or arm64.
///
/// ```no_run
/// let data = std::fs::read("bootstrap")?;
/// let image = lambda_slim::elf::Image::parse(&data)?;
/// println!("{} with {} sections", image.architecture(), image.sections().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Image<'data> {
    data: &'data [u8],
    header: FileHeader64<LE>,
    architecture: Architecture,
    sections: Vec<Section>,
    segments: Vec<Segment>,
    described_end: u64,
}

/// Whether the program headers describe this very file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contents {
    /// An executable or shared object, as it is loaded.
    Program,
    /// A separate debug file: its program headers are those of the program that it was split from.
    DebugFile,
}

/// True where `data` starts with the ELF magic number.
#[must_use]
pub fn is_elf(data: &[u8]) -> bool {
    data.starts_with(&elf::ELFMAG)
}

impl<'data> Image<'data> {
    /// Reads headers, sections and segments, and checks that each lies inside the file and that no two sections overlap.
    ///
    /// # Errors
    /// One [`ElfError`] that says what is wrong and where.
    pub fn parse(data: &'data [u8]) -> Result<Self, ElfError> {
        Self::parse_as(data, Contents::Program)
    }

    /// Reads a file for its symbols alone: an unstripped twin or a separate debug file, whose segments hold no bytes.
    ///
    /// # Errors
    /// As [`Image::parse`], but segments may leave the file.
    pub fn parse_symbol_file(data: &'data [u8]) -> Result<Self, ElfError> {
        Self::parse_as(data, Contents::DebugFile)
    }

    fn parse_as(data: &'data [u8], contents: Contents) -> Result<Self, ElfError> {
        let (header, architecture) = read_header(data)?;
        let sections = read_sections(data, &header)?;
        check_overlaps(&sections)?;
        let segments = read_segments(data, &header)?;
        if contents == Contents::Program {
            check_segments(data, &segments)?;
        }
        let mut image = Self { data, header, architecture, sections, segments, described_end: 0 };
        image.described_end = image.find_described_end();
        Ok(image)
    }

    /// The whole file.
    #[must_use]
    pub fn data(&self) -> &'data [u8] {
        self.data
    }

    /// Size of the file in bytes.
    #[must_use]
    pub fn file_size(&self) -> u64 {
        self.data.len() as u64
    }

    /// Instruction set.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// True where the program is loaded at the addresses that it was linked for (`ET_EXEC`). Elsewhere the loader moves it.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.header.e_type.get(LE) == elf::ET_EXEC
    }

    /// Address of the first instruction (`e_entry`); 0 for shared libraries, as a rule.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.header.e_entry.get(LE)
    }

    /// Sections in the order of the section header table, the empty first one included: a section's place is its number.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Segments in the order of the program header table.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Number of the section that holds section names.
    #[must_use]
    pub fn section_names_index(&self) -> usize {
        usize::from(self.header.e_shstrndx.get(LE).0)
    }

    /// Bytes of the ELF header.
    #[must_use]
    pub fn header_range(&self) -> Range<u64> {
        0..HEADER_SIZE
    }

    /// Bytes of the program header table.
    #[must_use]
    pub fn program_headers_range(&self) -> Range<u64> {
        if self.segments.is_empty() {
            return 0..0;
        }
        let start = self.header.e_phoff.get(LE);
        start..start + self.segments.len() as u64 * PROGRAM_HEADER_SIZE
    }

    /// Bytes of the section header table; empty where there is none.
    #[must_use]
    pub fn section_headers_range(&self) -> Range<u64> {
        if self.sections.is_empty() {
            return 0..0;
        }
        let start = self.header.e_shoff.get(LE);
        start..start + self.sections.len() as u64 * SECTION_HEADER_SIZE
    }

    /// Where in the file the header of a section stands.
    pub(super) fn section_header_offset(&self, index: usize) -> u64 {
        self.section_headers_range().start + index as u64 * SECTION_HEADER_SIZE
    }

    /// The bytes of a range of the file; `None` where it leaves the file.
    #[must_use]
    pub fn bytes(&self, range: &Range<u64>) -> Option<&'data [u8]> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        self.data.get(start..end)
    }

    /// Offset in the file of a loaded address, where the file backs it.
    #[must_use]
    pub fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|s| s.offset_of(address))
    }

    /// The bytes at some addresses, where they are executed, all in one segment, and in the file.
    #[must_use]
    pub fn code(&self, addresses: &Range<u64>) -> Option<&'data [u8]> {
        let segment = self.segments.iter().find(|segment| segment.offset_of(addresses.start).is_some())?;
        let start = segment.offset_of(addresses.start).filter(|_| segment.is_executable())?;
        let end = start.checked_add(addresses.end.checked_sub(addresses.start)?)?;
        (end <= segment.file_range.end).then(|| self.bytes(&(start..end)))?
    }

    /// Address once loaded, before relocation, of an offset in the file.
    #[must_use]
    pub fn address_of(&self, offset: u64) -> Option<u64> {
        let loaded = self.segments.iter().find(|s| s.is_load() && s.file_range.contains(&offset))?;
        loaded.address.checked_add(offset - loaded.file_range.start)
    }

    /// Ranges of the file that the loader maps, merged and sorted.
    #[must_use]
    pub fn loaded_ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<_> =
            self.segments.iter().filter(|s| s.is_load() && s.is_in_file()).map(|s| s.file_range.clone()).collect();
        ranges.sort_by_key(|r| (r.start, r.end));
        let mut merged: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    /// Bytes of the file that the loader maps.
    #[must_use]
    pub fn loaded_size(&self) -> u64 {
        self.loaded_ranges().iter().map(|r| r.end - r.start).sum()
    }

    /// First byte behind everything that the headers describe. What follows is the program's own affair.
    #[must_use]
    pub fn described_end(&self) -> u64 {
        self.described_end
    }

    fn find_described_end(&self) -> u64 {
        // What takes no room in the file may state any offset: it describes no byte.
        let sections = self.sections.iter().filter(|s| s.is_in_file()).map(|s| s.file_range.end);
        let segments = self.segments.iter().filter(|s| s.is_in_file()).map(|s| s.file_range.end);
        let tables = [HEADER_SIZE, self.program_headers_range().end, self.section_headers_range().end];
        sections.chain(segments).chain(tables).max().unwrap_or(HEADER_SIZE)
    }
}

fn read_header(data: &[u8]) -> Result<(FileHeader64<LE>, Architecture), ElfError> {
    if !is_elf(data) {
        return Err(ElfError::NotElf);
    }
    // Class and byte order stand in the first six bytes, so that they can be named even in a short file.
    match (data.get(4).copied(), data.get(5).copied()) {
        (Some(1), _) => return Err(ElfError::Elf32),
        (Some(2), Some(2)) => return Err(ElfError::BigEndian),
        _ => {}
    }
    let cut_short = ElfError::HeaderCutShort { size: data.len() as u64 };
    let (header, _) = pod::from_bytes::<FileHeader64<LE>>(data).map_err(|()| cut_short)?;
    if header.e_ident.class != elf::ELFCLASS64 || header.e_ident.data != elf::ELFDATA2LSB {
        return Err(ElfError::Malformed { what: "ELF header", offset: 4, why: "unknown class or byte order" });
    }
    let architecture = match header.e_machine.get(LE) {
        elf::EM_X86_64 => Architecture::X86_64,
        elf::EM_AARCH64 => Architecture::Arm64,
        other => return Err(ElfError::UnsupportedMachine { machine: other.0 }),
    };
    let what = match header.e_type.get(LE) {
        elf::ET_EXEC | elf::ET_DYN => return Ok((*header, architecture)),
        elf::ET_REL => "it is an object file that was not linked",
        elf::ET_CORE => "it is a core dump",
        _ => "the type is unknown",
    };
    Err(ElfError::NotLinked { e_type: header.e_type.get(LE).0, what })
}

/// `count` entries of a header table, checked against the file.
fn table<'data, T: pod::Pod>(
    data: &'data [u8],
    table: &'static str,
    offset: u64,
    count: u64,
    entry_size: u16,
) -> Result<&'data [T], ElfError> {
    let expected = size_of::<T>() as u64;
    if u64::from(entry_size) != expected {
        return Err(ElfError::EntrySize { table, entry_size: u64::from(entry_size), expected });
    }
    let end = u128::from(offset) + u128::from(count) * u128::from(expected);
    let past_end = || ElfError::TablePastEnd { table, offset, end, file_size: data.len() as u64 };
    let start = usize::try_from(offset).map_err(|_| past_end())?;
    let count = usize::try_from(count).map_err(|_| past_end())?;
    let bytes = data.get(start..).ok_or_else(past_end)?;
    let (entries, _) = pod::slice_from_bytes::<T>(bytes, count).map_err(|()| past_end())?;
    Ok(entries)
}

fn read_sections(data: &[u8], header: &FileHeader64<LE>) -> Result<Vec<Section>, ElfError> {
    let offset = header.e_shoff.get(LE);
    if offset == 0 {
        return Ok(Vec::new());
    }
    let entry_size = header.e_shentsize.get(LE);
    let count = match header.e_shnum.get(LE) {
        // Extended numbering: the real number stands in the first header. Without any section it says 0 there too.
        0 => table::<SectionHeader64<LE>>(data, "section header table", offset, 1, entry_size)?[0].sh_size.get(LE),
        count => u64::from(count),
    };
    check_count("section header table", count, MAX_SECTIONS)?;
    let headers = table::<SectionHeader64<LE>>(data, "section header table", offset, count, entry_size)?;
    let names = section_names(data, header, headers);
    let file_size = data.len() as u64;
    let mut sections = Vec::with_capacity(headers.len());
    let mut budget = NameBudget::new(names, headers.len());
    for (index, header) in headers.iter().enumerate() {
        let name = name_at(names, header.sh_name.get(LE) as usize).unwrap_or("");
        budget.spend(name).ok_or(ElfError::Malformed {
            what: "section header table",
            offset,
            why: "its names are many times longer than their string table",
        })?;
        let section = Section::from_header(index, name.to_owned(), header);
        if section.file_range.end > file_size && (section.is_in_file() || section.file_range.end == u64::MAX) {
            let end = u128::from(header.sh_offset.get(LE)) + u128::from(header.sh_size.get(LE));
            return Err(ElfError::SectionPastEnd { name: section.name, index, end, file_size });
        }
        if section.memory_size() > MAX_MEMORY_SIZE {
            let (size, limit) = (section.memory_size(), MAX_MEMORY_SIZE);
            return Err(ElfError::SectionTooLarge { name: section.name, index, size, limit });
        }
        sections.push(section);
    }
    Ok(sections)
}

fn check_count(table: &'static str, count: u64, limit: u64) -> Result<(), ElfError> {
    if count > limit { Err(ElfError::TooManyEntries { table, count, limit }) } else { Ok(()) }
}

/// The string table of section names; empty where it is missing or leaves the file, which the caller finds by itself.
fn section_names<'data>(data: &'data [u8], header: &FileHeader64<LE>, headers: &[SectionHeader64<LE>]) -> &'data [u8] {
    let names = || {
        let section = headers.get(usize::from(header.e_shstrndx.get(LE).0))?;
        let start = usize::try_from(section.sh_offset.get(LE)).ok()?;
        let size = usize::try_from(section.sh_size.get(LE)).ok()?;
        data.get(start..start.checked_add(size)?)
    };
    names().unwrap_or(&[])
}

fn read_segments(data: &[u8], header: &FileHeader64<LE>) -> Result<Vec<Segment>, ElfError> {
    let count = u64::from(header.e_phnum.get(LE));
    if count == 0 {
        return Ok(Vec::new());
    }
    check_count("program header table", count, MAX_SEGMENTS)?;
    let (offset, entry_size) = (header.e_phoff.get(LE), header.e_phentsize.get(LE));
    let headers = table::<ProgramHeader64<LE>>(data, "program header table", offset, count, entry_size)?;
    Ok(headers.iter().map(Segment::from_header).collect())
}

fn check_overlaps(sections: &[Section]) -> Result<(), ElfError> {
    let mut in_file: Vec<&Section> = sections.iter().filter(|s| s.is_in_file()).collect();
    in_file.sort_by_key(|s| (s.file_range.start, s.file_range.end, s.index));
    for pair in in_file.windows(2) {
        if let [first, second] = pair
            && second.file_range.start < first.file_range.end
        {
            let (first, at) = (first.name.clone(), second.file_range.start);
            return Err(ElfError::SectionsOverlap { first, second: second.name.clone(), at });
        }
    }
    Ok(())
}

fn check_segments(data: &[u8], segments: &[Segment]) -> Result<(), ElfError> {
    let file_size = data.len() as u64;
    for (index, segment) in segments.iter().enumerate() {
        let end = u128::from(segment.file_range.end);
        if end > u128::from(file_size) && (segment.is_in_file() || segment.file_range.end == u64::MAX) {
            return Err(ElfError::SegmentPastEnd { index, end, file_size });
        }
    }
    if segments.iter().any(|s| s.is_load() && s.is_in_file()) { Ok(()) } else { Err(ElfError::NothingToLoad) }
}
