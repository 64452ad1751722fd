//! What decides how a program is loaded: headers, dynamic section, symbols, notes, sections. Equal, but for what a declared change
//! of the relocations entails.

use goblin::elf::Elf;
use goblin::elf::dynamic::{
    DF_1_PIE, DT_FINI, DT_FINI_ARRAY, DT_FLAGS_1, DT_GNU_HASH, DT_HASH, DT_INIT, DT_INIT_ARRAY, DT_JMPREL, DT_PLTGOT,
    DT_PREINIT_ARRAY, DT_REL, DT_RELA, DT_RELACOUNT, DT_RELASZ, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERNEED, DT_VERSYM,
};
use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::program_header::{PF_R, PF_X, PT_GNU_RELRO, PT_GNU_STACK, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::SHF_ALLOC;
use goblin::elf::sym::{STT_TLS, Sym, st_type};

use crate::slim::changes::{Changes, Relocations};

use super::error::VerifyError;

/// Values of the dynamic section that are addresses; the last two are those of `DT_TLSDESC_PLT` and `DT_TLSDESC_GOT`.
const ADDRESSES: [u64; 18] = [
    DT_PLTGOT,
    DT_HASH,
    DT_STRTAB,
    DT_SYMTAB,
    DT_INIT,
    DT_FINI,
    DT_REL,
    DT_JMPREL,
    DT_INIT_ARRAY,
    DT_FINI_ARRAY,
    DT_PREINIT_ARRAY,
    DT_GNU_HASH,
    DT_VERSYM,
    DT_VERDEF,
    DT_VERNEED,
    36,
    0x6fff_fef6,
    0x6fff_fef7,
];

/// `SHN_ABS` and what lies above: no section, so no address.
const NO_SECTION: usize = 0xff00;

/// How goblin reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Strict,
    /// What leaves its place is cut, so symbols are whatever stands behind the first: only their bytes count.
    Lenient,
}

/// What memory is protected by, on `x86_64`: the only architecture that there is a start stub for.
const PAGE: u64 = 4096;

/// How far all addresses moved.
pub(super) fn moved_by(changes: &Changes) -> u64 {
    match changes.relocations {
        Relocations::Fixed { base } => base,
        Relocations::Same | Relocations::Packed { .. } => 0,
    }
}

/// Compares everything that decides how the program is loaded.
pub(super) fn same(
    old: &Elf<'_>,
    new: &Elf<'_>,
    data: [&[u8]; 2],
    changes: &Changes,
    reading: Reading,
) -> Result<(), VerifyError> {
    file_header(old, new, changes)?;
    program_headers(old, new, changes)?;
    equal("interpreter", old.interpreter == new.interpreter)?;
    equal("needed libraries", old.libraries == new.libraries)?;
    equal("own library name", old.soname == new.soname)?;
    dynamic(old, new, changes)?;
    if reading == Reading::Strict {
        symbols(old, new, moved_by(changes))?;
    }
    let [before, after] = data;
    equal("notes", notes(old, before) == notes(new, after))?;
    if changes.section_headers_dropped { Ok(()) } else { sections(old, new, changes) }
}

fn equal(what: &str, same: bool) -> Result<(), VerifyError> {
    if same { Ok(()) } else { Err(VerifyError::Differs { what: what.to_owned() }) }
}

fn file_header(old: &Elf<'_>, new: &Elf<'_>, changes: &Changes) -> Result<(), VerifyError> {
    let (before, after) = (&old.header, &new.header);
    let (kind, entry) = match changes.relocations {
        Relocations::Same => (before.e_type, before.e_entry),
        Relocations::Packed { stub, .. } => (before.e_type, stub),
        Relocations::Fixed { base } => {
            equal("ELF type, which is not that of a program at any address,", before.e_type == ET_DYN)?;
            (ET_EXEC, before.e_entry.wrapping_add(base))
        }
    };
    equal("identification", before.e_ident == after.e_ident)?;
    equal("ELF type", after.e_type == kind)?;
    equal("machine", before.e_machine == after.e_machine)?;
    equal("ELF version", before.e_version == after.e_version)?;
    equal("entry point", after.e_entry == entry)?;
    equal("flags", before.e_flags == after.e_flags)?;
    equal("size of the ELF header", before.e_ehsize == after.e_ehsize)?;
    equal("size of a program header", before.e_phentsize == after.e_phentsize)?;
    equal("place of the program headers", before.e_phoff == after.e_phoff)?;
    equal("number of program headers", before.e_phnum == after.e_phnum)
}

fn program_headers(old: &Elf<'_>, new: &Elf<'_>, changes: &Changes) -> Result<(), VerifyError> {
    equal("number of program headers", old.program_headers.len() == new.program_headers.len())?;
    let mut replaced = 0;
    for (number, (before, after)) in old.program_headers.iter().zip(&new.program_headers).enumerate() {
        let same = match changes.relocations {
            Relocations::Same => before == after,
            Relocations::Fixed { base } => {
                moved(before, base) == *after || (before == after && names_no_address(before))
            }
            Relocations::Packed { stub, stub_size, relro_start, relro_end, .. } if before != after => {
                replaced += 1;
                let end = before.p_vaddr.saturating_add(before.p_memsz);
                replaced == 1
                    && before.p_type == PT_GNU_RELRO
                    && (relro_start, relro_end) == (before.p_vaddr / PAGE * PAGE, end / PAGE * PAGE)
                    && loads_the_stub_alone(after, (stub, stub_size), &old.program_headers)
                    && !old.program_headers.iter().skip(number).any(|header| header.p_type == PT_LOAD)
            }
            Relocations::Packed { .. } => true,
        };
        if !same {
            return Err(VerifyError::Differs { what: format!("program header {number}") });
        }
    }
    match changes.relocations {
        Relocations::Packed { .. } => equal("number of segments for a start stub", replaced == 1),
        Relocations::Fixed { base } => {
            let fits = |header: &ProgramHeader| header.p_align < 2 || base.is_multiple_of(header.p_align);
            let loads = old.program_headers.iter().filter(|header| header.p_type == PT_LOAD);
            equal("alignment of the segments", loads.into_iter().all(fits))
        }
        _ => Ok(()),
    }
}

/// Nothing is at its address. That of the stack holds no address, but may hold a size: zig writes one.
fn names_no_address(header: &ProgramHeader) -> bool {
    header.p_memsz == 0 || (header.p_type == PT_GNU_STACK && header.p_vaddr == 0)
}

fn moved(header: &ProgramHeader, base: u64) -> ProgramHeader {
    ProgramHeader {
        p_vaddr: header.p_vaddr.wrapping_add(base),
        p_paddr: header.p_paddr.wrapping_add(base),
        ..header.clone()
    }
}

/// The segment of the start stub is behind all that were there: in pages of its own, of which none may be written.
fn loads_the_stub_alone(segment: &ProgramHeader, stub: (u64, u64), old: &[ProgramHeader]) -> bool {
    let align = segment.p_align;
    let behind = |load: &ProgramHeader| {
        let end = load.p_vaddr.checked_add(load.p_memsz).and_then(|end| end.checked_next_multiple_of(align));
        end.is_some_and(|end| end <= segment.p_vaddr / align * align)
    };
    segment.p_type == PT_LOAD
        && segment.p_flags == PF_R | PF_X
        && segment.p_filesz == segment.p_memsz
        && segment.p_paddr == segment.p_vaddr
        && (segment.p_vaddr, segment.p_memsz) == stub
        && align.is_power_of_two()
        && align >= PAGE
        && segment.p_vaddr % align == segment.p_offset % align
        && old.iter().filter(|header| header.p_type == PT_LOAD).all(behind)
}

fn dynamic(old: &Elf<'_>, new: &Elf<'_>, changes: &Changes) -> Result<(), VerifyError> {
    let entries = |elf: &Elf<'_>| -> Vec<(u64, u64)> {
        let dynamic = elf.dynamic.iter().flat_map(|dynamic| &dynamic.dyns);
        dynamic.map(|entry| (entry.d_tag, entry.d_val)).collect()
    };
    let (before, after) = (entries(old), entries(new));
    equal("number of dynamic entries", before.len() == after.len())?;
    for ((tag, value), (new_tag, new_value)) in before.into_iter().zip(after) {
        // What is at the relocations' new place, and how many there are, is compared by what they say.
        let of_relocations = [DT_RELA, DT_RELASZ, DT_RELACOUNT].contains(&tag);
        let same = match changes.relocations {
            Relocations::Same => value == new_value,
            Relocations::Packed { .. } | Relocations::Fixed { .. } if of_relocations => true,
            Relocations::Packed { .. } => value == new_value,
            Relocations::Fixed { base } if ADDRESSES.contains(&tag) => value.wrapping_add(base) == new_value,
            Relocations::Fixed { .. } if tag == DT_FLAGS_1 => value & !DF_1_PIE == new_value,
            Relocations::Fixed { .. } => value == new_value,
        };
        if tag != new_tag || !same {
            return Err(VerifyError::Differs { what: format!("dynamic entry {tag:#x}") });
        }
    }
    Ok(())
}

fn symbols(old: &Elf<'_>, new: &Elf<'_>, moved_by: u64) -> Result<(), VerifyError> {
    // Where there is no table, goblin takes the beginning of the file for one.
    if tag(old, DT_SYMTAB).is_none() {
        return Ok(());
    }
    equal("number of dynamic symbols", old.dynsyms.len() == new.dynsyms.len())?;
    for (number, (before, after)) in old.dynsyms.iter().zip(new.dynsyms.iter()).enumerate() {
        let moves = before.st_shndx != 0 && before.st_shndx < NO_SECTION && st_type(before.st_info) != STT_TLS;
        let value = if moves { before.st_value.wrapping_add(moved_by) } else { before.st_value };
        if (Sym { st_value: value, ..before }) != after {
            return Err(VerifyError::Differs { what: format!("dynamic symbol {number}") });
        }
    }
    Ok(())
}

/// Name, kind and content of every note, the build id among them.
fn notes(elf: &Elf<'_>, data: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    // A file may state thousands of segments over the same notes; the loader reads none but the first few.
    const MOST: usize = 1024;
    let notes = elf.iter_note_headers(data).into_iter().flatten().take(MOST);
    notes.map_while(Result::ok).map(|note| (note.name.to_owned(), note.n_type, note.desc.to_vec())).collect()
}

/// Every loaded section is still there, under its name, at its place.
fn sections(old: &Elf<'_>, new: &Elf<'_>, changes: &Changes) -> Result<(), VerifyError> {
    let relocations = match changes.relocations {
        Relocations::Same => None,
        _ => tag(old, DT_RELA),
    };
    let places = |elf: &Elf<'_>, moved_by: u64| -> Vec<(String, [u64; 6])> {
        let loaded = elf.section_headers.iter().filter(|s| s.sh_flags & u64::from(SHF_ALLOC) != 0);
        loaded
            .map(|s| {
                let name = elf.shdr_strtab.get_at(s.sh_name).unwrap_or_default().to_owned();
                let address = s.sh_addr.wrapping_sub(moved_by);
                // The table of relocations may have become shorter.
                let size = if relocations == Some(address) { 0 } else { s.sh_size };
                (name, [address, s.sh_offset, size, u64::from(s.sh_type), s.sh_flags, s.sh_entsize])
            })
            .collect()
    };
    let (before, after) = (places(old, 0), places(new, moved_by(changes)));
    for (a, b) in before.iter().zip(&after) {
        if a != b {
            return Err(VerifyError::Differs { what: format!("loaded section {:?}", a.0) });
        }
    }
    equal("number of loaded sections", before.len() == after.len())
}

/// The value of a dynamic entry.
pub(super) fn tag(elf: &Elf<'_>, tag: u64) -> Option<u64> {
    let entry = elf.dynamic.as_ref()?.dyns.iter().find(|entry| entry.d_tag == tag)?;
    Some(entry.d_val)
}
