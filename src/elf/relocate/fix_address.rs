//! A program at a fixed address: relative relocations are carried out in the file, and the loader has none to carry out.
//!
//! A program that runs at any address holds no address of its own but where the loader adds where it put it: program headers,
//! dynamic section, dynamic symbols, relocations, and the words of lazily bound calls. To all of these the base is added. Unwind
//! tables, hashes and versions hold distances and names. Code may then hold addresses as values, which `address_loads` sees to.

use std::ops::Range;

use object::elf;

use super::error::CannotRelocate;
use super::headers::{check_sections, move_header, move_sections, move_segments, move_symbols};
use super::loads::Loads;
use super::pack::{set_dynamic, set_section_size};
use super::patch::Patch;
use super::program::{ENTRY_SIZE, PIE_FLAG, Program, Relocation};
use super::relocation_kind::RelocationKind;
use super::relr_table::WORD;
use crate::elf::Architecture;
use crate::elf::frames::{FrameTables, Lsda};
use crate::elf::image::Image;
use crate::elf::references::{AddressLoad, EnteredCode, address_loads};
use crate::elf::unwind::unwind;

/// Where linkers put programs of fixed addresses on `x86_64`: above what the kernel lets nobody map (`vm.mmap_min_addr`, 64 KiB),
/// and a multiple of the largest page that programs are aligned to (2 MiB). Source: `TEXT_START_ADDR` in GNU ld's
/// `elf_x86_64.sh`, `defaultImageBase` of lld's ELF targets; read 2026-11-24.
const BASE: u64 = 0x40_0000;
/// Addresses above may not fit in the instructions of programs that are linked for a fixed address (the small code model).
const LIMIT: u64 = 1 << 31;

/// A program at a fixed address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixedProgram {
    /// The program; as long as it was.
    pub file: Vec<u8>,
    /// Ranges of the file whose loaded bytes differ: sorted, none touching another.
    pub ranges: Vec<Range<u64>>,
    /// What was added to every address.
    pub base: u64,
    /// Offsets in the file of instructions that took an address relative to themselves, and hold it as a value now: ascending.
    pub address_loads: Vec<u64>,
}

/// Links a position-independent program for the dynamic linker of glibc to a fixed address.
///
/// # Errors
/// [`CannotRelocate`] says what the program has that would not work, or is not known to.
pub fn fix_address(image: &Image<'_>) -> Result<FixedProgram, CannotRelocate> {
    let program = Program::of(image)?;
    check_sections(image)?;
    if program.loads.end().checked_add(BASE).is_none_or(|end| end > LIMIT) {
        return Err(CannotRelocate::TooLarge);
    }
    let mut patch = Patch::of(image);
    move_header(image, BASE, &mut patch)?;
    move_segments(image, BASE, &mut patch)?;
    move_sections(image, BASE, &mut patch)?;
    move_symbols(&program, BASE, &mut patch)?;
    move_dynamic(&program, &mut patch)?;
    let kept = relocate(&program, &mut patch)?;
    set_dynamic(&program, &kept, &mut patch)?;
    set_section_size(image, program.relocations.address, kept.len() as u64 * ENTRY_SIZE, &mut patch)?;
    let address_loads = load_addresses(&program, &mut patch)?;
    let (file, ranges) = patch.finish(image);
    Ok(FixedProgram { file, ranges, base: BASE, address_loads })
}

/// Whether a dynamic tag's value is an address. `None` where it is not known.
fn is_address(tag: elf::DynamicTag, architecture: Architecture) -> Option<bool> {
    let arm64 = [elf::DT_AARCH64_BTI_PLT, elf::DT_AARCH64_PAC_PLT, elf::DT_AARCH64_VARIANT_PCS];
    match tag {
        elf::DT_PLTGOT
        | elf::DT_HASH
        | elf::DT_STRTAB
        | elf::DT_SYMTAB
        | elf::DT_RELA
        | elf::DT_INIT
        | elf::DT_FINI
        | elf::DT_JMPREL
        | elf::DT_INIT_ARRAY
        | elf::DT_FINI_ARRAY
        | elf::DT_PREINIT_ARRAY
        | elf::DT_GNU_HASH
        | elf::DT_VERSYM
        | elf::DT_VERDEF
        | elf::DT_VERNEED
        | elf::DT_TLSDESC_PLT
        | elf::DT_TLSDESC_GOT => Some(true),
        elf::DT_NEEDED
        | elf::DT_PLTRELSZ
        | elf::DT_RELASZ
        | elf::DT_RELAENT
        | elf::DT_STRSZ
        | elf::DT_SYMENT
        | elf::DT_RPATH
        | elf::DT_RUNPATH
        | elf::DT_SYMBOLIC
        | elf::DT_PLTREL
        | elf::DT_DEBUG
        | elf::DT_BIND_NOW
        | elf::DT_INIT_ARRAYSZ
        | elf::DT_FINI_ARRAYSZ
        | elf::DT_PREINIT_ARRAYSZ
        | elf::DT_FLAGS
        | elf::DT_FLAGS_1
        | elf::DT_RELACOUNT
        | elf::DT_VERDEFNUM
        | elf::DT_VERNEEDNUM => Some(false),
        _ if architecture == Architecture::Arm64 && arm64.contains(&tag) => Some(false),
        _ => None,
    }
}

fn move_dynamic(program: &Program<'_, '_>, patch: &mut Patch) -> Result<(), CannotRelocate> {
    for entry in &program.dynamic {
        let unknown = CannotRelocate::DynamicTag { tag: entry.tag.0 };
        if is_address(entry.tag, program.image.architecture()).ok_or(unknown)? {
            if entry.value == 0 || program.loads.segment_at(entry.value, 0).is_none() {
                return Err(CannotRelocate::Dynamic { why: "an address leads out of the program" });
            }
            patch.set_word(entry.value_offset, entry.value + BASE)?;
        }
    }
    if let Some(flags) = program.entry(elf::DT_FLAGS_1) {
        patch.set_word(flags.value_offset, flags.value & !PIE_FLAG)?;
    }
    move_got_header(program, patch)
}

/// The first word of the table of lazily bound calls is the address of the dynamic section; the second is 0, or a program was
/// linked to an address before (prelink).
fn move_got_header(program: &Program<'_, '_>, patch: &mut Patch) -> Result<(), CannotRelocate> {
    let Some(got) = program.entry(elf::DT_PLTGOT) else { return Ok(()) };
    let Some(offset) = program.loads.writable_offset_of(got.value, 2 * WORD) else { return Ok(()) };
    let dynamic = program.image.segments().iter().find(|segment| segment.is_dynamic());
    let is_moved = program.relocations.entries.iter().any(|entry| entry.place == got.value);
    if !is_moved && patch.word(offset) == dynamic.map(|segment| segment.address) {
        patch.add_to_word(offset, BASE)?;
        if patch.word(offset + WORD) != Some(0) {
            return Err(CannotRelocate::Dynamic { why: "it was linked to an address before (prelink)" });
        }
    }
    Ok(())
}

/// Carries out what can be carried out in the file, moves the rest, and returns what stays in the table of `DT_RELA`.
fn relocate(program: &Program<'_, '_>, patch: &mut Patch) -> Result<Vec<Relocation>, CannotRelocate> {
    let mut kept = Vec::new();
    for entry in &program.relocations.entries {
        if entry.kind == RelocationKind::Relative {
            let offset = program.loads.writable_offset_of(entry.place, WORD);
            let offset = offset.ok_or(CannotRelocate::Place { place: entry.place })?;
            patch.set_word(offset, entry.addend.wrapping_add(BASE))?;
        } else {
            kept.push(*entry);
        }
    }
    let old = &program.relocations.range;
    let mut table = Vec::new();
    for entry in &kept {
        table.extend_from_slice(&moved(program, entry));
    }
    table.resize((old.end - old.start) as usize, 0);
    patch.write(old.start, &table)?;
    for entry in &program.plt_relocations.entries {
        patch.write(entry.offset, &moved(program, entry))?;
        move_lazy_word(&program.loads, entry, patch)?;
    }
    Ok(kept)
}

/// An entry as it has to read once the program is moved.
fn moved(program: &Program<'_, '_>, entry: &Relocation) -> [u8; ENTRY_SIZE as usize] {
    let bytes = program.image.bytes(&(entry.offset..entry.offset + ENTRY_SIZE)).unwrap_or_default();
    let mut moved = [0; ENTRY_SIZE as usize];
    moved.copy_from_slice(bytes);
    moved[..8].copy_from_slice(&entry.place.wrapping_add(BASE).to_le_bytes());
    if entry.kind == RelocationKind::IndirectFunction {
        moved[16..].copy_from_slice(&entry.addend.wrapping_add(BASE).to_le_bytes());
    }
    moved
}

/// Until a lazily bound function is called for the first time, its word leads to code that binds it. The loader moves that word
/// with the program.
fn move_lazy_word(loads: &Loads<'_>, entry: &Relocation, patch: &mut Patch) -> Result<(), CannotRelocate> {
    if entry.kind != RelocationKind::JumpSlot {
        return Ok(());
    }
    let place = CannotRelocate::Place { place: entry.place };
    let Some(offset) = loads.writable_offset_of(entry.place, WORD) else { return Err(place) };
    match patch.word(offset) {
        Some(0) => Ok(()),
        Some(word) if loads.segment_at(word, 1).is_some_and(|s| s.is_executable()) => {
            patch.set_word(offset, word.wrapping_add(BASE))
        }
        _ => Err(place),
    }
}

/// Instructions that take an address, in the functions that unwind tables describe; with their landing pads where the tables are as
/// compilers write them.
fn loads_in_functions(image: &Image<'_>) -> Vec<AddressLoad> {
    let Ok(tables) = FrameTables::read(image) else {
        let functions = unwind(image).functions.into_iter();
        let functions: Vec<_> = functions.map(|range| EnteredCode { range, entries: &[] }).collect();
        return address_loads(image, &functions);
    };
    // Functions may share a table.
    let pads: Vec<Vec<u64>> = tables.lsdas.iter().map(Lsda::landing_pads).collect();
    let functions = tables.fdes.iter().filter_map(|fde| {
        let end = fde.address().checked_add(fde.function_size)?;
        let lsda = fde.lsda_address().and_then(|address| pads.get(tables.lsda_at(address)?));
        let entries = lsda.map_or(&[][..], Vec::as_slice);
        Some(EnteredCode { range: fde.address()..end, entries })
    });
    address_loads(image, &functions.collect::<Vec<_>>())
}

/// Turns `lea` of an address into `mov` of its value, of the same length: distances differ at every use, values do not.
fn load_addresses(program: &Program<'_, '_>, patch: &mut Patch) -> Result<Vec<u64>, CannotRelocate> {
    let image = program.image;
    let mut offsets = Vec::new();
    for load in loads_in_functions(image) {
        let in_image = program.loads.segment_at(load.target, 0).is_some();
        let Some(offset) = program.loads.offset_of(load.address, load.code.len() as u64).filter(|_| in_image) else {
            continue;
        };
        // Below LIMIT, as every address of the program is.
        let value = ((load.target + BASE) as u32).to_le_bytes();
        let [prefix, _, modrm, ..] = load.code;
        let register = modrm >> 3 & 7;
        // What is written to half of a register clears the other half. Behind it, what is left of seven bytes does nothing:
        // `mov` of a sign-extended value has as many and needs no `nop`, yet compresses less (0.1 % of the zip).
        let mov = if prefix & 0b100 == 0 {
            [&[0xb8 | register][..], &value, &[0x66, 0x90]].concat()
        } else {
            [&[0x41, 0xb8 | register][..], &value, &[0x90]].concat()
        };
        patch.write(offset, &mov)?;
        offsets.push(offset);
    }
    offsets.sort_unstable();
    Ok(offsets)
}
