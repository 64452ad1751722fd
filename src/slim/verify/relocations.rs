//! Dynamic relocations: read by goblin, compared by what they do.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::dynamic::{DT_JMPREL, DT_PLTRELSZ, DT_RELA, DT_RELASZ};
use goblin::elf::header::EM_AARCH64;
use goblin::elf::program_header::PT_DYNAMIC;
use goblin::elf::reloc::{
    R_AARCH64_IRELATIVE, R_AARCH64_JUMP_SLOT, R_AARCH64_RELATIVE, R_X86_64_IRELATIVE, R_X86_64_JUMP_SLOT,
    R_X86_64_RELATIVE,
};

use super::error::VerifyError;
use super::headers::tag;
use super::loaded::Loaded;

/// `DT_RELR`: relative relocations that the linker packed.
pub(super) const DT_RELR: u64 = 36;

/// One that is not relative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) address: u64,
    pub(super) kind: Kind,
    number: u32,
    symbol: usize,
    pub(super) addend: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Calls a function to know the value.
    Indirect,
    /// A slot for a function that may be bound late.
    JumpSlot,
    Plain,
}

/// The dynamic relocations of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dynamic {
    /// Address of the word, and what is put there from the base of the program: sorted.
    pub(super) relative: Vec<(u64, u64)>,
    /// In the order of the file.
    pub(super) others: Vec<Other>,
    /// Bytes of the table of `DT_RELA`.
    pub(super) size: u64,
    /// True where there are tables of another form, which are only ever compared byte by byte.
    pub(super) other_forms: bool,
}

/// Reads them. `moved_by` is taken off every address.
pub(super) fn read(elf: &Elf<'_>, moved_by: u64) -> Dynamic {
    let arm64 = elf.header.e_machine == EM_AARCH64;
    let [relative, indirect, slot] = if arm64 {
        [R_AARCH64_RELATIVE, R_AARCH64_IRELATIVE, R_AARCH64_JUMP_SLOT]
    } else {
        [R_X86_64_RELATIVE, R_X86_64_IRELATIVE, R_X86_64_JUMP_SLOT]
    };
    let size = tag(elf, DT_RELASZ).unwrap_or_default();
    let mut read =
        Dynamic { size, other_forms: !elf.dynrels.is_empty() || tag(elf, DT_RELR).is_some(), ..Dynamic::default() };
    for entry in elf.dynrelas.iter().chain(&elf.pltrelocs).chain(&elf.dynrels) {
        let address = entry.r_offset.wrapping_sub(moved_by);
        match entry.r_addend {
            Some(addend) if entry.r_type == relative => read.relative.push((address, addend.cast_unsigned())),
            addend => {
                let kind = match entry.r_type {
                    number if number == indirect => Kind::Indirect,
                    number if number == slot => Kind::JumpSlot,
                    _ => Kind::Plain,
                };
                read.others.push(Other { address, kind, number: entry.r_type, symbol: entry.r_sym, addend });
            }
        }
    }
    read.relative.sort_unstable();
    read
}

/// With the same table, every word that it relocates has to be the same as well: what was moved away from under a relocation would
/// be spoiled by it.
pub(super) fn words_stay(dynamic: &Dynamic, before: &Loaded<'_>, after: &Loaded<'_>) -> Result<(), VerifyError> {
    let relative = dynamic.relative.iter().map(|(address, _)| *address);
    for address in relative.chain(dynamic.others.iter().map(|other| other.address)) {
        if before.word(address) != after.word(address) {
            return Err(VerifyError::Relocation { address, what: "is the same, but the word was changed" });
        }
    }
    Ok(())
}

/// Those that are not relative are the same, in the same order. `indirect_by` is what the addresses in addends moved by.
pub(super) fn others_stay(old: &Dynamic, new: &Dynamic, indirect_by: u64) -> Result<(), VerifyError> {
    for (before, after) in old.others.iter().zip(&new.others) {
        let addend = match before.kind {
            Kind::Indirect => before.addend.map(|addend| addend.wrapping_add(indirect_by.cast_signed())),
            Kind::JumpSlot | Kind::Plain => before.addend,
        };
        if (Other { addend, ..before.clone() }) != *after {
            return Err(VerifyError::Relocation { address: before.address, what: "is not the one that it was" });
        }
    }
    match (old.others.get(new.others.len()), new.others.get(old.others.len())) {
        (Some(gone), _) => Err(VerifyError::Relocation { address: gone.address, what: "is missing" }),
        (_, Some(added)) => Err(VerifyError::Relocation { address: added.address, what: "is new" }),
        (None, None) => Ok(()),
    }
}

/// File ranges of the original's dynamic section and tables of relocations.
pub(super) fn tables(elf: &Elf<'_>, loaded: &Loaded<'_>) -> Vec<Range<u64>> {
    let table = |at, size| loaded.range(tag(elf, at)?, tag(elf, size)?);
    let dynamic = elf.program_headers.iter().find(|header| header.p_type == PT_DYNAMIC);
    let dynamic = dynamic.and_then(|header| loaded.range(header.p_vaddr, header.p_filesz));
    [dynamic, table(DT_RELA, DT_RELASZ), table(DT_JMPREL, DT_PLTRELSZ)].into_iter().flatten().collect()
}

/// File ranges of the words at `addresses`.
pub(super) fn words(addresses: impl Iterator<Item = u64>, loaded: &Loaded<'_>) -> Vec<Range<u64>> {
    addresses.filter_map(|address| loaded.range(address, 8)).collect()
}
