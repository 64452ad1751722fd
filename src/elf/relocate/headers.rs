//! Headers and symbol tables of a program that is moved.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, Sym64};
use object::pod;

use super::error::CannotRelocate;
use super::patch::Patch;
use super::program::Program;
use crate::elf::Section;
use crate::elf::image::{Image, PROGRAM_HEADER_SIZE};

/// Where fields stand in the ELF header,
const TYPE_OFFSET: u64 = 0x10;
pub(super) const ENTRY_POINT_OFFSET: u64 = 0x18;
/// in a program header,
const ADDRESS_OFFSETS: [u64; 2] = [0x10, 0x18];
/// in a section header,
const SECTION_ADDRESS_OFFSET: u64 = 0x10;
/// and in a symbol.
const SYMBOL_VALUE_OFFSET: u64 = 8;

/// Refuses what is not loaded and names addresses, but for a symbol table.
pub(super) fn check_sections(image: &Image<'_>) -> Result<(), CannotRelocate> {
    let names_addresses = |section: &&Section| {
        let relocations = matches!(elf::SectionType(section.sh_type), elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR);
        !section.is_loaded() && (relocations || section.is_debug_information())
    };
    match image.sections().iter().find(names_addresses) {
        Some(section) => Err(CannotRelocate::NamesAddresses { name: section.name.clone() }),
        None => Ok(()),
    }
}

/// Type and entry point.
pub(super) fn move_header(image: &Image<'_>, base: u64, patch: &mut Patch) -> Result<(), CannotRelocate> {
    patch.write(TYPE_OFFSET, &elf::ET_EXEC.0.to_le_bytes())?;
    patch.set_word(ENTRY_POINT_OFFSET, image.entry().wrapping_add(base))
}

/// Addresses in the program headers.
pub(super) fn move_segments(image: &Image<'_>, base: u64, patch: &mut Patch) -> Result<(), CannotRelocate> {
    let start = image.program_headers_range().start;
    for (number, segment) in image.segments().iter().enumerate() {
        if segment.align > 1 && !base.is_multiple_of(segment.align) {
            return Err(CannotRelocate::ProgramHeaders {
                why: "a segment asks for an alignment that the address has not",
            });
        }
        match elf::ProgramType(segment.p_type) {
            elf::PT_NULL => continue,
            elf::PT_GNU_STACK if segment.address == 0 => continue,
            elf::PT_PHDR
            | elf::PT_INTERP
            | elf::PT_LOAD
            | elf::PT_DYNAMIC
            | elf::PT_NOTE
            | elf::PT_TLS
            | elf::PT_GNU_EH_FRAME
            | elf::PT_GNU_RELRO
            | elf::PT_GNU_PROPERTY => {}
            _ => return Err(CannotRelocate::SegmentType { p_type: segment.p_type }),
        }
        for field in ADDRESS_OFFSETS {
            patch.add_to_word(start + number as u64 * PROGRAM_HEADER_SIZE + field, base)?;
        }
    }
    Ok(())
}

/// Addresses in the section headers.
pub(super) fn move_sections(image: &Image<'_>, base: u64, patch: &mut Patch) -> Result<(), CannotRelocate> {
    for section in image.sections().iter().filter(|section| section.is_loaded()) {
        patch.add_to_word(image.section_header_offset(section.index) + SECTION_ADDRESS_OFFSET, base)?;
    }
    Ok(())
}

/// Values in the tables of dynamic and other symbols.
pub(super) fn move_symbols(program: &Program<'_, '_>, base: u64, patch: &mut Patch) -> Result<(), CannotRelocate> {
    let undefined = |symbol: &Sym64<LE>| symbol.st_shndx.get(LE) == elf::SHN_UNDEF && symbol.st_value.get(LE) != 0;
    if program.symbols.iter().any(undefined) {
        let why = "an import has an address";
        return Err(CannotRelocate::Symbols { table: "table of dynamic symbols", why });
    }
    move_values(program.symbols, program.symbols_offset, base, patch)?;
    for table in program.image.sections().iter().filter(|section| section.sh_type == elf::SHT_SYMTAB.0) {
        let wrong = |why| CannotRelocate::Symbols { table: "symbol table", why };
        let loaded = |range: &Range<u64>| range.start < table.file_range.end && table.file_range.start < range.end;
        if table.is_loaded() || program.image.loaded_ranges().iter().any(loaded) {
            return Err(wrong("it is loaded"));
        }
        let bytes = program.image.bytes(&table.file_range).unwrap_or_default();
        let (symbols, _) = pod::slice_from_bytes::<Sym64<LE>>(bytes, bytes.len() / size_of::<Sym64<LE>>())
            .map_err(|()| wrong("it cannot be read as entries"))?;
        move_values(symbols, table.file_range.start, base, patch)?;
    }
    Ok(())
}

fn move_values(symbols: &[Sym64<LE>], offset: u64, base: u64, patch: &mut Patch) -> Result<(), CannotRelocate> {
    for (number, symbol) in symbols.iter().enumerate() {
        let section = symbol.st_shndx.get(LE);
        let is_address = section != elf::SHN_UNDEF
            && !section.is_reserved()
            && !matches!(symbol.st_type(), elf::STT_TLS | elf::STT_FILE);
        if is_address {
            let at = offset + (number * size_of::<Sym64<LE>>()) as u64 + SYMBOL_VALUE_OFFSET;
            patch.set_word(at, symbol.st_value.get(LE).wrapping_add(base))?;
        }
    }
    Ok(())
}
