//! The proof: a second reader (`goblin`), which shares no code with the editor, compares the program before and after.

use goblin::elf::Elf;
use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD};
use goblin::elf::section_header::SHF_ALLOC;

use super::changes::Changes;

/// What the second reader found different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It cannot read one of the files.
    #[error("goblin cannot read the {which} file: {why}")]
    Unreadable {
        /// `original` or `slimmed`.
        which: &'static str,
        /// goblin's words.
        why: String,
    },
    /// Something that decides how the program is loaded differs.
    #[error("{what} differs between the original and the slimmed file")]
    Differs {
        /// What differs.
        what: String,
    },
    /// A loaded byte differs.
    #[error("the loaded byte at address {address:#x} differs between the original and the slimmed file")]
    LoadedByte {
        /// Its address.
        address: u64,
    },
}

/// What the proof covers, in words, for the report.
pub const PROOF: &str = "goblin reads the same program: entry point, program headers, dynamic section, needed libraries, build id, \
loaded sections and every loaded byte are equal, except the ELF header's three fields on section headers; the finished zip was \
read back by the zip crate and each file compared";

/// Proves that `after` loads as the same program as `before`.
///
/// # Errors
/// [`VerifyError`] names the first difference.
pub fn same_program(before: &[u8], after: &[u8], changes: &Changes) -> Result<(), VerifyError> {
    let old = parse(before, "original")?;
    let new = parse(after, "slimmed")?;
    let equal = |what: &str, same: bool| {
        if same { Ok(()) } else { Err(VerifyError::Differs { what: what.to_owned() }) }
    };
    equal("entry point", old.entry == new.entry)?;
    equal("identification", old.header.e_ident == new.header.e_ident)?;
    equal("ELF type", old.header.e_type == new.header.e_type)?;
    equal("machine", old.header.e_machine == new.header.e_machine)?;
    equal("flags", old.header.e_flags == new.header.e_flags)?;
    equal("place of the program headers", old.header.e_phoff == new.header.e_phoff)?;
    equal("program headers", old.program_headers == new.program_headers)?;
    equal("interpreter", old.interpreter == new.interpreter)?;
    equal("needed libraries", old.libraries == new.libraries)?;
    equal("own library name", old.soname == new.soname)?;
    equal("dynamic symbols", old.dynsyms.len() == new.dynsyms.len())?;
    equal("build id", build_id(&old, before) == build_id(&new, after))?;
    loaded_bytes(&old, before, after, changes)?;
    if changes.section_headers_dropped { Ok(()) } else { loaded_sections(&old, &new) }
}

fn parse<'a>(data: &'a [u8], which: &'static str) -> Result<Elf<'a>, VerifyError> {
    Elf::parse(data).map_err(|error| VerifyError::Unreadable { which, why: error.to_string() })
}

fn build_id<'a>(elf: &Elf<'a>, data: &'a [u8]) -> Option<Vec<u8>> {
    let notes = elf.iter_note_headers(data)?;
    notes.flatten().find(|note| note.n_type == goblin::elf::note::NT_GNU_BUILD_ID).map(|note| note.desc.to_vec())
}

/// `e_shoff`, `e_shnum`, `e_shstrndx`: where section headers are. The loader reads none of them.
const SECTION_HEADER_FIELDS: [std::ops::Range<usize>; 2] = [0x28..0x30, 0x3c..0x40];

fn loaded_bytes(elf: &Elf<'_>, before: &[u8], after: &[u8], changes: &Changes) -> Result<(), VerifyError> {
    for header in elf.program_headers.iter().filter(|h| h.p_type == PT_LOAD || h.p_type == PT_DYNAMIC) {
        // Zeroes alone (`.bss`) are of no place in the file, whatever offset is stated.
        if header.p_filesz == 0 {
            continue;
        }
        let range = header.file_range();
        let (Some(old), Some(new)) = (before.get(range.clone()), after.get(range.clone())) else {
            return Err(VerifyError::LoadedByte { address: header.p_vaddr });
        };
        if old == new {
            continue;
        }
        for (at, (a, b)) in old.iter().zip(new).enumerate() {
            let offset = range.start + at;
            let declared = || changes.ranges.iter().any(|range| range.contains(&(offset as u64)));
            if a != b && !SECTION_HEADER_FIELDS.iter().any(|field| field.contains(&offset)) && !declared() {
                return Err(VerifyError::LoadedByte { address: header.p_vaddr.wrapping_add(at as u64) });
            }
        }
    }
    Ok(())
}

/// Every loaded section is still there, under its name, at its place.
fn loaded_sections(old: &Elf<'_>, new: &Elf<'_>) -> Result<(), VerifyError> {
    let places = |elf: &Elf<'_>| -> Vec<(String, u64, u64, u64, u32)> {
        let loaded = elf.section_headers.iter().filter(|s| s.sh_flags & u64::from(SHF_ALLOC) != 0);
        loaded
            .map(|s| {
                let name = elf.shdr_strtab.get_at(s.sh_name).unwrap_or_default().to_owned();
                (name, s.sh_addr, s.sh_offset, s.sh_size, s.sh_type)
            })
            .collect()
    };
    for (a, b) in places(old).iter().zip(&places(new)) {
        if a != b {
            return Err(VerifyError::Differs { what: format!("loaded section {:?}", a.0) });
        }
    }
    let same = places(old).len() == places(new).len();
    if same { Ok(()) } else { Err(VerifyError::Differs { what: "number of loaded sections".to_owned() }) }
}
