//! A program that stands at a fixed address: every relocation is carried out or moved along.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::dynamic::{DF_1_NOW, DF_BIND_NOW, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1, DT_PLTGOT, DT_SYMTAB};

use super::error::VerifyError;
use super::headers::tag;
use super::loaded::Loaded;
use super::relocations::{Dynamic, Kind, others_stay, tables, words};

const SYMBOL_SIZE: u64 = 24;

/// Proves that every relative relocation is carried out in the file, and every other one moved along. Hands back the file ranges that
/// this accounts for.
pub(super) fn same(
    (elf, old, before): (&Elf<'_>, &Dynamic, &Loaded<'_>),
    (new, after): (&Dynamic, &Loaded<'_>),
    base: u64,
) -> Result<Vec<Range<u64>>, VerifyError> {
    if old.other_forms || new.other_forms {
        return Err(VerifyError::Differs { what: "form of the relocations".to_owned() });
    }
    for &(address, addend) in &old.relative {
        if after.word(address) != Some(addend.wrapping_add(base)) {
            return Err(VerifyError::Relocation { address, what: "is not carried out in the file" });
        }
    }
    if let Some(&(address, _)) = new.relative.first() {
        return Err(VerifyError::Relocation { address, what: "is left, though addresses are fixed" });
    }
    others_stay(old, new, base)?;

    let mut covered = words(old.relative.iter().map(|(address, _)| *address), before);
    covered.extend(tables(elf, before));
    let symbols = tag(elf, DT_SYMTAB).and_then(|at| before.range(at, SYMBOL_SIZE * elf.dynsyms.len() as u64));
    covered.extend(symbols);
    // Slots that are bound late lead into the program itself until then; the dynamic linker moves them only where it moved the program.
    let bound_at_start = bound_at_start(elf);
    let slots = old.others.iter().filter(|other| other.kind == Kind::JumpSlot).map(|other| other.address);
    for address in slots.clone() {
        let (was, is) = (before.word(address), after.word(address));
        let moved = was.map(|was| was.wrapping_add(base));
        if is != moved && !(bound_at_start && is == was) {
            return Err(VerifyError::Relocation {
                address,
                what: "leaves a slot that leads nowhere until it is bound",
            });
        }
    }
    covered.extend(words(slots, before));
    // The first word there is the address of the dynamic section.
    if let Some(address) = tag(elf, DT_PLTGOT) {
        let (was, is) = (before.word(address), after.word(address));
        if was != is && was.map(|was| was.wrapping_add(base)) != is {
            return Err(VerifyError::Relocation { address, what: "of the dynamic section's own address is another" });
        }
        covered.extend(words([address].into_iter(), before));
    }
    Ok(covered)
}

fn bound_at_start(elf: &Elf<'_>) -> bool {
    let flag = |name, bit| tag(elf, name).is_some_and(|flags| flags & bit != 0);
    tag(elf, DT_BIND_NOW).is_some() || flag(DT_FLAGS, DF_BIND_NOW) || flag(DT_FLAGS_1, DF_1_NOW)
}
