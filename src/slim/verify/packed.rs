//! Relative relocations packed into a table for a start stub: they come to the same.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::dynamic::{DT_PREINIT_ARRAY, DT_RELA, DT_RELASZ};
use goblin::elf::program_header::PT_TLS;

use super::error::VerifyError;
use super::headers::tag;
use super::loaded::Loaded;
use super::relocations::{Dynamic, Kind, others_stay, tables, words};
use super::start_stub;

/// Where the packed table and the stub stand, and how large they are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) table: (u64, u64),
    pub(super) stub: (u64, u64),
    /// Where the stub stands in the file: its segment was compared, and is in the new file alone.
    pub(super) stub_range: Range<u64>,
    /// What the stub makes read-only.
    pub(super) relro: Range<u64>,
}

/// Proves that the packed table and what is left of the old one say the same as the old one. Hands back the file ranges that this
/// accounts for.
pub(super) fn same(
    (elf, old, before): (&Elf<'_>, &Dynamic, &Loaded<'_>),
    (new, after): (&Dynamic, &Loaded<'_>),
    place: &Place,
) -> Result<Vec<Range<u64>>, VerifyError> {
    let differs = |what: &str| Err(VerifyError::Differs { what: what.to_owned() });
    if old.other_forms || new.other_forms {
        return differs("form of the relocations");
    }
    // They run before the start stub does.
    if tag(elf, DT_PREINIT_ARRAY).is_some() || old.others.iter().any(|other| other.kind == Kind::Indirect) {
        return differs("moment of relocation, before which code of the program runs,");
    }
    others_stay(old, new, 0)?;
    let packed = expanded(after, place.table, old.relative.len())?;
    let mut all = new.relative.clone();
    for &address in &packed {
        // The dynamic linker copies these before the stub runs.
        let in_tls = elf.program_headers.iter().any(|header| {
            header.p_type == PT_TLS
                && address.wrapping_add(7).wrapping_sub(header.p_vaddr) < header.p_filesz.saturating_add(7)
        });
        if in_tls {
            return Err(VerifyError::Relocation {
                address,
                what: "is packed, but the word belongs to the thread-local image",
            });
        }
        let Some(value) = after.word(address) else {
            return Err(VerifyError::Relocation { address, what: "is packed, but the word is not in the file" });
        };
        all.push((address, value));
    }
    all.sort_unstable();
    relative_are_equal(&old.relative, &all)?;

    let mut covered = words(packed.into_iter(), before);
    covered.extend(tables(elf, before));
    // What stays of the old table, the stub and the packed table take its room, and share no byte.
    let room = tag(elf, DT_RELA).zip(tag(elf, DT_RELASZ)).and_then(|(at, size)| before.range(at, size));
    let kept = tag(elf, DT_RELA).and_then(|at| before.range(at, new.size));
    let table = before.range(place.table.0, place.table.1);
    let (Some(room), Some(kept), Some(table)) = (room, kept, table) else {
        return Err(VerifyError::Unexplained { address: place.stub.0, why: "it is not in the file" });
    };
    let stub_range = &place.stub_range;
    if kept.end > stub_range.start || stub_range.end > table.start || table.end > room.end {
        return Err(VerifyError::Unexplained { address: place.stub.0, why: "it was no table of relocations before" });
    }
    start_stub::does_its_work(after, place, elf.entry)?;
    Ok(covered)
}

/// The same pairs of address and value.
fn relative_are_equal(old: &[(u64, u64)], new: &[(u64, u64)]) -> Result<(), VerifyError> {
    for (before, after) in old.iter().zip(new) {
        if before != after {
            let what = if before.0 == after.0 { "comes to another value" } else { "is in one of the files only" };
            return Err(VerifyError::Relocation { address: before.0.min(after.0), what });
        }
    }
    match (old.get(new.len()), new.get(old.len())) {
        (Some(gone), _) => Err(VerifyError::Relocation { address: gone.0, what: "is missing" }),
        (_, Some(added)) => Err(VerifyError::Relocation { address: added.0, what: "is new" }),
        (None, None) => Ok(()),
    }
}

/// The addresses of a packed table, as `DT_RELR` defines it: an even word is an address, an odd one has a bit for each of the 63 words
/// that follow. At most one more than `most`.
fn expanded(loaded: &Loaded<'_>, (at, size): (u64, u64), most: usize) -> Result<Vec<u64>, VerifyError> {
    let table = loaded.bytes(at, size).filter(|_| size.is_multiple_of(8));
    let table = table.ok_or(VerifyError::Relocation { address: at, what: "table is not in the file" })?;
    let mut addresses = Vec::new();
    let mut next: Option<u64> = None;
    for word in table.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        if word & 1 == 0 {
            if !word.is_multiple_of(8) {
                return Err(VerifyError::Relocation { address: word, what: "is packed, but the word is not aligned" });
            }
            addresses.push(word);
            next = Some(word.wrapping_add(8));
        } else {
            let Some(from) = next else {
                return Err(VerifyError::Relocation { address: at, what: "table begins with bits" });
            };
            let set = (0..63).filter(|bit| word >> (bit + 1) & 1 == 1);
            addresses.extend(set.map(|bit: u64| from.wrapping_add(bit * 8)));
            next = Some(from.wrapping_add(63 * 8));
        }
        if addresses.len() > most {
            break;
        }
    }
    Ok(addresses)
}
