//! Relative relocations packed: a bitmap of places, and a start stub that carries them out.
//!
//! The dynamic linker knows such tables only since glibc 2.36, and Lambda's `provided.al2023` has 2.34; so the stub does it, after
//! the dynamic linker and before the program. What needs the relocated words earlier keeps its entries or is refused: the image of
//! thread-local data, functions that the loader calls while it relocates or before the entry point, and what libraries may call
//! or read in their own initialisation. The program's own constructors run behind its entry point: `__libc_start_main` calls them.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;

use super::error::CannotRelocate;
use super::headers::ENTRY_POINT_OFFSET;
use super::patch::Patch;
use super::program::{ENTRY_SIZE, Program, Relocation};
use super::relocation_kind::RelocationKind;
use super::relr_table::{WORD, relr_words};
use super::start_stub::{STUB_SIZE, Work, start_stub};
use crate::elf::Architecture;
use crate::elf::image::{Image, PROGRAM_HEADER_SIZE};

/// Protection has the grain of a page. Every `x86_64` has pages of 4 KiB.
const PAGE: u64 = 4096;

/// A program whose relative relocations are packed. Ranges of addresses are before the program is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackedProgram {
    /// The program; as long as it was.
    pub file: Vec<u8>,
    /// Ranges of the file whose loaded bytes differ: sorted, none touching another.
    pub ranges: Vec<Range<u64>>,
    /// Addresses of the packed table.
    pub table: Range<u64>,
    /// Addresses of the start stub, which is entered at its first.
    pub stub: Range<u64>,
    /// Addresses that the stub makes read-only.
    pub relro: Range<u64>,
}

/// Packs the relative relocations of a position-independent program for `x86_64` and the dynamic linker of glibc.
///
/// # Errors
/// [`CannotRelocate`] says what the program has that would not work, or is not known to.
pub fn pack_relocations(image: &Image<'_>) -> Result<PackedProgram, CannotRelocate> {
    if image.architecture() != Architecture::X86_64 {
        return Err(CannotRelocate::Architecture { architecture: image.architecture().to_string() });
    }
    let program = Program::of(image)?;
    check_nothing_is_early(&program)?;
    let (kept, packed) = partition(&program);
    if packed.is_empty() {
        return Err(CannotRelocate::NothingToPack);
    }
    let relro = relro(&program)?;
    let layout = Layout::of(
        &program,
        kept.len() as u64,
        relr_words(&packed.iter().map(|entry| entry.place).collect::<Vec<_>>()),
    )?;
    let work = Work { table: layout.table.clone(), relro: relro.pages.clone(), entry: image.entry() };
    let stub = start_stub(layout.stub.start, &work)?;
    let mut patch = Patch::of(image);
    write_tables(&program, &kept, &layout, &stub, &mut patch)?;
    for relocation in &packed {
        let offset = program.loads.writable_offset_of(relocation.place, WORD);
        patch.set_word(offset.ok_or(CannotRelocate::Place { place: relocation.place })?, relocation.addend)?;
    }
    set_dynamic(&program, &kept, &mut patch)?;
    patch.set_word(ENTRY_POINT_OFFSET, layout.stub.start)?;
    set_stub_segment(&program, relro.header, &layout, &mut patch)?;
    set_section_size(image, program.relocations.address, kept.len() as u64 * ENTRY_SIZE, &mut patch)?;
    let (file, ranges) = patch.finish(image);
    Ok(PackedProgram { file, ranges, table: layout.table, stub: layout.stub, relro: relro.pages })
}

/// What runs or is read between the dynamic linker's relocations and the entry point.
fn check_nothing_is_early(program: &Program<'_, '_>) -> Result<(), CannotRelocate> {
    let tables = [&program.relocations, &program.plt_relocations];
    let mut entries = tables.iter().flat_map(|table| &table.entries);
    if let Some(entry) = entries.find(|entry| entry.kind == RelocationKind::IndirectFunction) {
        return Err(CannotRelocate::IndirectFunction { place: entry.place });
    }
    if program.entry(elf::DT_PREINIT_ARRAY).is_some() {
        return Err(CannotRelocate::PreinitArray);
    }
    // What was copied from a library is of its own words; all other exports may lead to words that are not relocated yet.
    let mut copied: Vec<u64> = tables
        .iter()
        .flat_map(|table| &table.entries)
        .filter(|e| e.kind == RelocationKind::Copy)
        .map(|e| e.place)
        .collect();
    copied.sort_unstable();
    for (number, symbol) in program.symbols.iter().enumerate().skip(1) {
        let exported = symbol.st_shndx.get(LE) != elf::SHN_UNDEF && symbol.st_bind() != elf::STB_LOCAL;
        if exported && copied.binary_search(&symbol.st_value.get(LE)).is_err() {
            return Err(CannotRelocate::Exported { name: program.symbol_name(number) });
        }
    }
    Ok(())
}

/// Those that stay in the table, in its order, and those that are packed, in the order of their places.
fn partition(program: &Program<'_, '_>) -> (Vec<Relocation>, Vec<Relocation>) {
    // Its zeroes (`.tbss`) are of no address: what stands behind the image has theirs.
    let tls = program.tls().map_or(0..0, |tls| {
        let size = tls.file_range.end - tls.file_range.start;
        tls.address..tls.address.saturating_add(size)
    });
    let packs = |entry: &Relocation| {
        let in_tls = entry.place < tls.end && entry.place.saturating_add(WORD) > tls.start;
        let in_file = program.loads.writable_offset_of(entry.place, WORD).is_some();
        entry.kind == RelocationKind::Relative && entry.place.is_multiple_of(WORD) && in_file && !in_tls
    };
    let (mut packed, kept): (Vec<Relocation>, Vec<Relocation>) =
        program.relocations.entries.iter().copied().partition(packs);
    packed.sort_by_key(|entry: &Relocation| entry.place);
    (kept, packed)
}

struct Relro {
    /// Number of the program header.
    header: usize,
    /// What the dynamic linker makes read-only.
    pages: Range<u64>,
}

fn relro(program: &Program<'_, '_>) -> Result<Relro, CannotRelocate> {
    let segments = program.image.segments();
    let mut headers = segments.iter().enumerate().filter(|(_, segment)| segment.p_type == elf::PT_GNU_RELRO.0);
    let (Some((header, segment)), None) = (headers.next(), headers.next()) else {
        return Err(CannotRelocate::NoRelro);
    };
    let end = segment.address.checked_add(segment.memory_size).ok_or(CannotRelocate::NoRelro)?;
    // As `_dl_protect_relro` of glibc rounds them.
    let pages = segment.address / PAGE * PAGE..end / PAGE * PAGE;
    if pages.is_empty() {
        return Err(CannotRelocate::NoRelro);
    }
    let last_load = segments.iter().rposition(|segment| segment.is_load());
    if last_load.is_none_or(|last| last > header) {
        return Err(CannotRelocate::ProgramHeaders { why: "PT_GNU_RELRO stands before a PT_LOAD" });
    }
    Ok(Relro { header, pages })
}

/// Where in the old table everything goes: entries that stay, stub, packed table.
struct Layout {
    words: Vec<u64>,
    stub_offset: u64,
    table_offset: u64,
    /// In a segment of its own, behind all others.
    stub: Range<u64>,
    /// In the segment of the old table.
    table: Range<u64>,
    align: u64,
}

impl Layout {
    fn of(program: &Program<'_, '_>, kept: u64, words: Vec<u64>) -> Result<Self, CannotRelocate> {
        let old = &program.relocations;
        let stub_offset = (old.range.start + kept * ENTRY_SIZE).next_multiple_of(16);
        let table_offset = (stub_offset + STUB_SIZE).next_multiple_of(WORD);
        let end = table_offset + words.len() as u64 * WORD;
        if end > old.range.end {
            let (needed, room) = (end - old.range.start, old.range.end - old.range.start);
            return Err(CannotRelocate::NoRoom { needed, room });
        }
        let align = program.loads.align().max(PAGE);
        // The loader maps whole pages: the rest of an address in its page is the rest of the offset in its page.
        let behind = program.loads.end().checked_next_multiple_of(align);
        let stub = behind.and_then(|end| end.checked_add(stub_offset % align)).ok_or(CannotRelocate::TooLarge)?;
        let table = old.address + (table_offset - old.range.start);
        let table = table..table + words.len() as u64 * WORD;
        let stub_end = stub.checked_add(STUB_SIZE).ok_or(CannotRelocate::TooLarge)?;
        Ok(Self { words, stub_offset, table_offset, stub: stub..stub_end, table, align })
    }
}

fn write_tables(
    program: &Program<'_, '_>,
    kept: &[Relocation],
    layout: &Layout,
    stub: &[u8],
    patch: &mut Patch,
) -> Result<(), CannotRelocate> {
    let old = &program.relocations.range;
    let mut table = Vec::new();
    for relocation in kept {
        let entry = relocation.offset..relocation.offset + ENTRY_SIZE;
        table.extend_from_slice(program.image.bytes(&entry).unwrap_or_default());
    }
    let pad_to = |table: &mut Vec<u8>, offset: u64| table.resize((offset - old.start) as usize, 0);
    pad_to(&mut table, layout.stub_offset);
    table.extend_from_slice(stub);
    pad_to(&mut table, layout.table_offset);
    table.extend(layout.words.iter().flat_map(|word| word.to_le_bytes()));
    pad_to(&mut table, old.end);
    patch.write(old.start, &table)
}

/// Size of the table of those that stay, and how many relative ones it starts with.
pub(super) fn set_dynamic(
    program: &Program<'_, '_>,
    kept: &[Relocation],
    patch: &mut Patch,
) -> Result<(), CannotRelocate> {
    if let Some(size) = program.entry(elf::DT_RELASZ) {
        patch.set_word(size.value_offset, kept.len() as u64 * ENTRY_SIZE)?;
    }
    if let Some(count) = program.entry(elf::DT_RELACOUNT) {
        let relative = kept.iter().take_while(|entry| entry.kind == RelocationKind::Relative).count();
        patch.set_word(count.value_offset, relative as u64)?;
    }
    Ok(())
}

fn set_stub_segment(
    program: &Program<'_, '_>,
    header: usize,
    layout: &Layout,
    patch: &mut Patch,
) -> Result<(), CannotRelocate> {
    let at = program.image.program_headers_range().start + header as u64 * PROGRAM_HEADER_SIZE;
    let size = layout.stub.end - layout.stub.start;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&elf::PT_LOAD.0.to_le_bytes());
    bytes.extend_from_slice(&(elf::PF_R.0 | elf::PF_X.0).to_le_bytes());
    for word in [layout.stub_offset, layout.stub.start, layout.stub.start, size, size, layout.align] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    patch.write(at, &bytes)
}

/// The section at an address, if any starts there, ends after `size` bytes.
pub(super) fn set_section_size(
    image: &Image<'_>,
    address: u64,
    size: u64,
    patch: &mut Patch,
) -> Result<(), CannotRelocate> {
    /// Where `sh_size` stands in a section header.
    const SIZE_OFFSET: u64 = 0x20;
    let table = image.sections().iter().find(|s| s.sh_type == elf::SHT_RELA.0 && s.is_loaded() && s.address == address);
    let Some(table) = table else { return Ok(()) };
    patch.set_word(image.section_header_offset(table.index) + SIZE_OFFSET, size)
}
