//! A program as the dynamic linker of glibc relocates it, read from what that reads, and refused where that would do more.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, Dyn64, Rela64, Sym64};
use object::pod;

use super::error::CannotRelocate;
use super::loads::Loads;
use super::relocation_kind::RelocationKind;
use crate::elf::image::Image;
use crate::elf::segment::Segment;

/// One entry of the dynamic section.
#[derive(Debug, Clone, Copy)]
pub(super) struct DynamicEntry {
    pub(super) tag: elf::DynamicTag,
    pub(super) value: u64,
    /// Where in the file the value stands.
    pub(super) value_offset: u64,
}

/// One entry of a relocation table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relocation {
    /// Where in the file it stands.
    pub(super) offset: u64,
    pub(super) place: u64,
    pub(super) addend: u64,
    pub(super) kind: RelocationKind,
    /// How many bytes it is about.
    size: u64,
}

/// A table in the file and its entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) address: u64,
    pub(super) range: Range<u64>,
    pub(super) entries: Vec<Relocation>,
}

/// Bytes of an entry of a relocation table.
pub(super) const ENTRY_SIZE: u64 = size_of::<Rela64<LE>>() as u64;

/// A position-independent program that the dynamic linker of glibc starts.
pub(super) struct Program<'i, 'data> {
    pub(super) image: &'i Image<'data>,
    pub(super) loads: Loads<'i>,
    pub(super) dynamic: Vec<DynamicEntry>,
    /// `.dynsym`, and where in the file it stands.
    pub(super) symbols: &'data [Sym64<LE>],
    pub(super) symbols_offset: u64,
    /// The table of `DT_RELA`.
    pub(super) relocations: Table,
    /// The table of `DT_JMPREL`; empty where there is none.
    pub(super) plt_relocations: Table,
}

impl<'i, 'data> Program<'i, 'data> {
    /// # Errors
    /// Where it is no such program, or the loader would do more than what is known here.
    pub(super) fn of(image: &'i Image<'data>) -> Result<Self, CannotRelocate> {
        if image.is_fixed() {
            return Err(CannotRelocate::FixedAddress);
        }
        let loads = Loads::of(image)?;
        let dynamic = dynamic_entries(image, &loads)?;
        check_started_by_glibc(image, &dynamic)?;
        check_tables(&dynamic)?;
        let (symbols, symbols_offset) = symbols(image, &dynamic)?;
        let mut program = Self {
            image,
            loads,
            dynamic,
            symbols,
            symbols_offset,
            relocations: Table::default(),
            plt_relocations: Table::default(),
        };
        program.relocations = program.table(elf::DT_RELA, elf::DT_RELASZ)?;
        program.plt_relocations = program.table(elf::DT_JMPREL, elf::DT_PLTRELSZ)?;
        program.check_places()?;
        program.check_tables_are_apart()?;
        Ok(program)
    }

    pub(super) fn entry(&self, tag: elf::DynamicTag) -> Option<DynamicEntry> {
        entry(&self.dynamic, tag)
    }

    /// The segment of thread-local data.
    pub(super) fn tls(&self) -> Option<&'i Segment> {
        self.image.segments().iter().find(|segment| segment.is_tls())
    }

    /// The name of a dynamic symbol; empty where it has none.
    pub(super) fn symbol_name(&self, number: usize) -> String {
        let symbols = self.image.dynamic_symbols().unwrap_or_default();
        symbols.iter().find(|symbol| symbol.index == number).map_or_else(String::new, |symbol| symbol.name.to_owned())
    }

    fn table(&self, start: elf::DynamicTag, size: elf::DynamicTag) -> Result<Table, CannotRelocate> {
        let wrong = |why| CannotRelocate::Dynamic { why };
        let (address, size) = match (self.entry(start), self.entry(size)) {
            (None, None) => return Ok(Table::default()),
            (Some(start), Some(size)) => (start.value, size.value),
            _ => return Err(wrong("a relocation table has no start or no size")),
        };
        if size == 0 {
            return Ok(Table::default());
        }
        let outside = || wrong("a relocation table is not in the file, or in data that may be written");
        let offset = self.loads.offset_of(address, size).ok_or_else(outside)?;
        if self.loads.writable_offset_of(address, size).is_some() {
            return Err(outside());
        }
        let range = offset..offset.checked_add(size).ok_or_else(outside)?;
        let bytes = self.image.bytes(&range).ok_or_else(outside)?;
        let (entries, rest) =
            pod::slice_from_bytes::<Rela64<LE>>(bytes, bytes.len() / ENTRY_SIZE as usize).map_err(|()| outside())?;
        if !rest.is_empty() {
            return Err(wrong("a relocation table is not a whole number of entries"));
        }
        let relocation = |(number, entry)| self.relocation(offset + number as u64 * ENTRY_SIZE, entry);
        let entries = entries.iter().enumerate().map(relocation).collect::<Result<_, _>>()?;
        Ok(Table { address, range, entries })
    }

    fn relocation(&self, offset: u64, entry: &Rela64<LE>) -> Result<Relocation, CannotRelocate> {
        let (place, r_type) = (entry.r_offset.get(LE), entry.r_type(LE, false));
        let unknown = || CannotRelocate::RelocationType { r_type: r_type.0, place };
        let kind = RelocationKind::of(self.image.architecture(), r_type).ok_or_else(unknown)?;
        let symbol = entry.r_sym(LE, false);
        let by_address = matches!(kind, RelocationKind::Relative | RelocationKind::IndirectFunction);
        if by_address && symbol != 0 {
            return Err(unknown());
        }
        let size = match kind {
            RelocationKind::Copy => {
                let symbol = self.symbols.get(symbol as usize).ok_or_else(unknown)?;
                symbol.st_size.get(LE)
            }
            RelocationKind::TlsDescriptor => 16,
            _ => 8,
        };
        Ok(Relocation { offset, place, addend: entry.r_addend.get(LE).cast_unsigned(), kind, size })
    }

    /// Tables that are read or written here share no byte with each other, nor with words that relocations write.
    fn check_tables_are_apart(&self) -> Result<(), CannotRelocate> {
        let image = self.image;
        let symbols = self.symbols_offset..self.symbols_offset + size_of_val(self.symbols) as u64;
        let read_only = [image.header_range(), image.program_headers_range(), symbols];
        let relocations = [self.relocations.range.clone(), self.plt_relocations.range.clone()];
        let written = self.loads.segments().iter().filter(|s| s.flags & elf::PF_W.0 != 0).map(|s| s.file_range.clone());
        let mut tables: Vec<Range<u64>> = read_only.into_iter().chain(relocations).chain(written).collect();
        // What is not loaded may lie anywhere else.
        tables.push(image.section_headers_range());
        tables.retain(|range| !range.is_empty());
        tables.sort_by_key(|range| (range.start, range.end));
        if tables.windows(2).any(|pair| pair[1].start < pair[0].end) {
            return Err(CannotRelocate::ProgramHeaders { why: "tables share bytes, or may be written" });
        }
        Ok(())
    }

    /// What one entry writes, no other writes or reads: then their order is no matter.
    fn check_places(&self) -> Result<(), CannotRelocate> {
        let tables = [&self.relocations, &self.plt_relocations];
        let mut places: Vec<(u64, u64)> = Vec::new();
        for entry in tables.iter().flat_map(|table| &table.entries).filter(|entry| entry.size > 0) {
            let segment = self.loads.segment_at(entry.place, entry.size);
            if segment.is_none_or(|segment| segment.flags & elf::PF_W.0 == 0) {
                return Err(CannotRelocate::Place { place: entry.place });
            }
            places.push((entry.place, entry.size));
        }
        let dynamic = self.image.segments().iter().filter(|segment| segment.is_dynamic());
        places.extend(dynamic.map(|segment| (segment.address, segment.memory_size)));
        places.sort_unstable();
        for pair in places.windows(2) {
            if let [(first, size), (second, _)] = *pair
                && second < first.saturating_add(size)
            {
                return Err(CannotRelocate::Overlap { place: second });
            }
        }
        Ok(())
    }
}

pub(super) fn entry(dynamic: &[DynamicEntry], tag: elf::DynamicTag) -> Option<DynamicEntry> {
    dynamic.iter().copied().find(|entry| entry.tag == tag)
}

fn dynamic_entries(image: &Image<'_>, loads: &Loads<'_>) -> Result<Vec<DynamicEntry>, CannotRelocate> {
    let wrong = |why| CannotRelocate::Dynamic { why };
    let mut segments = image.segments().iter().filter(|segment| segment.is_dynamic());
    let segment = match (segments.next(), segments.next()) {
        (Some(segment), None) => segment,
        (None, _) => return Err(wrong("there is none")),
        _ => return Err(wrong("there are two")),
    };
    let size = segment.file_range.end - segment.file_range.start;
    if loads.offset_of(segment.address, size) != Some(segment.file_range.start) {
        return Err(wrong("it is not loaded from where it stands in the file"));
    }
    let bytes = image.bytes(&segment.file_range).unwrap_or_default();
    let (entries, _) = pod::slice_from_bytes::<Dyn64<LE>>(bytes, bytes.len() / size_of::<Dyn64<LE>>())
        .map_err(|()| wrong("it cannot be read as entries"))?;
    let end = entries.iter().position(|entry| entry.d_tag.get(LE) == elf::DT_NULL);
    let entries = entries.get(..end.ok_or_else(|| wrong("it has no end"))?).unwrap_or_default();
    let entries: Vec<DynamicEntry> = entries
        .iter()
        .enumerate()
        .map(|(number, entry)| DynamicEntry {
            tag: entry.d_tag.get(LE),
            value: entry.d_val.get(LE),
            value_offset: segment.file_range.start + number as u64 * size_of::<Dyn64<LE>>() as u64 + 8,
        })
        .collect();
    let mut tags: Vec<i64> = entries.iter().map(|entry| entry.tag.0).filter(|&tag| tag != elf::DT_NEEDED.0).collect();
    tags.sort_unstable();
    if tags.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong("a tag stands there twice"));
    }
    Ok(entries)
}

fn check_started_by_glibc(image: &Image<'_>, dynamic: &[DynamicEntry]) -> Result<(), CannotRelocate> {
    let flags = entry(dynamic, elf::DT_FLAGS_1).map_or(0, |entry| entry.value);
    let is_program = flags & PIE_FLAG != 0 && entry(dynamic, elf::DT_SONAME).is_none();
    if !is_program {
        return Err(CannotRelocate::SharedLibrary);
    }
    let Some(interpreter) = image.segments().iter().find(|segment| segment.is_interp()) else {
        return Err(CannotRelocate::RelocatesItself);
    };
    let path = image.bytes(&interpreter.file_range).unwrap_or_default();
    let path = String::from_utf8_lossy(path.strip_suffix(&[0]).unwrap_or(path));
    let file_name = path.rsplit('/').next().unwrap_or_default();
    if !file_name.starts_with("ld-linux-") {
        return Err(CannotRelocate::Interpreter { path: path.into_owned() });
    }
    Ok(())
}

/// `DF_1_PIE`: every linker sets it since 2016 (GNU ld 2.26).
pub(super) const PIE_FLAG: u64 = elf::DF_1_PIE.0;

fn check_tables(dynamic: &[DynamicEntry]) -> Result<(), CannotRelocate> {
    let wrong = |why| CannotRelocate::Dynamic { why };
    let value = |tag| entry(dynamic, tag).map(|entry| entry.value);
    let flags = value(elf::DT_FLAGS).unwrap_or(0);
    if value(elf::DT_TEXTREL).is_some() || flags & elf::DF_TEXTREL.0 != 0 {
        return Err(wrong("code is relocated (DT_TEXTREL)"));
    }
    if value(elf::DT_REL).is_some()
        || value(elf::DT_PLTREL).is_some_and(|table| table != elf::DT_RELA.0.cast_unsigned())
    {
        return Err(wrong("its relocations have no addends (REL)"));
    }
    if value(elf::DT_RELAENT).is_some_and(|size| size != ENTRY_SIZE) {
        return Err(wrong("relocations are not of 24 bytes"));
    }
    if value(elf::DT_RELR).is_some() {
        return Err(CannotRelocate::PackedAlready);
    }
    Ok(())
}

/// `.dynsym`: only the section header says where it ends.
fn symbols<'data>(image: &Image<'data>, dynamic: &[DynamicEntry]) -> Result<(&'data [Sym64<LE>], u64), CannotRelocate> {
    let wrong = |why| CannotRelocate::Symbols { table: "table of dynamic symbols", why };
    let mut tables = image.sections().iter().filter(|section| section.sh_type == elf::SHT_DYNSYM.0);
    let (Some(table), None) = (tables.next(), tables.next()) else {
        return Err(wrong("there is no section for it, or more than one"));
    };
    if entry(dynamic, elf::DT_SYMTAB).map(|entry| entry.value) != Some(table.address)
        || image.offset_of(table.address) != Some(table.file_range.start)
    {
        return Err(wrong("its section is not where the loader finds it"));
    }
    let bytes = image.bytes(&table.file_range).unwrap_or_default();
    let (symbols, rest) = pod::slice_from_bytes::<Sym64<LE>>(bytes, bytes.len() / size_of::<Sym64<LE>>())
        .map_err(|()| wrong("it cannot be read as entries"))?;
    if rest.is_empty() { Ok((symbols, table.file_range.start)) } else { Err(wrong("its size is not a multiple of 24")) }
}
