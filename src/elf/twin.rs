//! Whether one file's symbols may name another file's bytes.

use std::ops::Range;

use object::elf;
use serde::{Deserialize, Serialize};

use super::image::Image;
use super::section::SectionKind;

/// What two files of one link have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TwinMatch {
    /// The build id.
    BuildId,
    /// Every loaded byte, but for unwind tables, which `slim` packs, and filling or dead code that it zeroed; at least one of them
    /// has no build id.
    LoadedBytes,
}

/// Why two files are not of one link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotATwin {
    /// Another architecture.
    #[error("it is built for {symbols}, the binary for {binary}")]
    Architecture {
        /// Of the file with the symbols.
        symbols: super::Architecture,
        /// Of the binary.
        binary: super::Architecture,
    },
    /// Both have a build id, and they differ.
    #[error("its build id is {symbols}, the binary's is {binary}")]
    BuildId {
        /// Of the file with the symbols.
        symbols: String,
        /// Of the binary.
        binary: String,
    },
    /// One of them has no build id, and the loaded bytes differ.
    #[error("they have no build id in common, and the loaded bytes differ from address {address:#x} on")]
    LoadedBytes {
        /// First address where they differ.
        address: u64,
    },
    /// One of them stands at a fixed address, and so all its addresses differ.
    #[error("one of them was moved to a fixed address (no-aslr): their addresses differ")]
    Moved,
    /// A debug file holds no loaded bytes that could be compared.
    #[error("it is a debug file without a build id that the binary has too: nothing says that they are of one link")]
    DebugFile,
    /// There is no program that it could be the twin of.
    #[error("the artifact holds no ELF program")]
    NoBinary,
    /// It has no symbol table.
    #[error("it has no symbol table either")]
    NoSymbols,
}

/// Checks that `symbols` (an unstripped twin, or a separate debug file) was linked together with `binary`: by build id, else
/// by equal loaded bytes.
///
/// # Errors
/// [`NotATwin`] says what differs.
pub fn check_twin(binary: &Image<'_>, symbols: &Image<'_>) -> Result<TwinMatch, NotATwin> {
    if binary.architecture() != symbols.architecture() {
        return Err(NotATwin::Architecture { symbols: symbols.architecture(), binary: binary.architecture() });
    }
    if symbols.is_stripped() {
        return Err(NotATwin::NoSymbols);
    }
    if binary.is_fixed() != symbols.is_fixed() {
        return Err(NotATwin::Moved);
    }
    match (binary.build_id(), symbols.build_id()) {
        (Some(binary), Some(symbols)) if binary == symbols => Ok(TwinMatch::BuildId),
        (Some(binary), Some(symbols)) => Err(NotATwin::BuildId { symbols, binary }),
        _ if holds_no_code(symbols) => Err(NotATwin::DebugFile),
        _ => same_loaded_bytes(binary, symbols).map(|()| TwinMatch::LoadedBytes),
    }
}

/// True for a separate debug file: its code has a place and a size, and no bytes.
fn holds_no_code(symbols: &Image<'_>) -> bool {
    symbols.sections().iter().any(|section| section.is_nobits() && section.flags & elf::SHF_EXECINSTR.0 != 0)
}

fn same_loaded_bytes(binary: &Image<'_>, symbols: &Image<'_>) -> Result<(), NotATwin> {
    // The ELF header is loaded too, and says where the section headers are: only what lies behind it is compared.
    let header_end = binary.header_range().end;
    let unwind: Vec<Range<u64>> = unwind_ranges(binary).chain(unwind_ranges(symbols)).collect();
    for (a, b) in binary.segments().iter().zip(symbols.segments()).filter(|(a, _)| a.is_load()) {
        let differs = |offset: u64| NotATwin::LoadedBytes { address: a.address.wrapping_add(offset) };
        let (Some(left), Some(right)) = (binary.bytes(&a.file_range), symbols.bytes(&b.file_range)) else {
            return Err(differs(0));
        };
        if a.address != b.address || left.len() != right.len() {
            return Err(differs(0));
        }
        let skip = usize::try_from(header_end.saturating_sub(a.file_range.start)).unwrap_or(0).min(left.len());
        let may_differ = |at: usize| {
            let zeroed = a.is_executable() && left[at] == 0;
            zeroed || unwind.iter().any(|range| range.contains(&a.address.wrapping_add(at as u64)))
        };
        if let Some(at) = first_difference(left, right, skip, may_differ) {
            return Err(differs(at as u64));
        }
    }
    if binary.segments().len() == symbols.segments().len() { Ok(()) } else { Err(NotATwin::LoadedBytes { address: 0 }) }
}

/// Addresses of the tables that can be written in another order and say the same.
fn unwind_ranges(image: &Image<'_>) -> impl Iterator<Item = Range<u64>> {
    let tables = image.sections().iter().filter(|s| s.is_loaded() && s.kind() == SectionKind::Unwind);
    tables.map(|s| s.address..s.address.saturating_add(s.size))
}

/// The first place from `skip` on where both differ and may not. Equal stretches, which is nearly all, are compared as a whole.
fn first_difference(left: &[u8], right: &[u8], skip: usize, may_differ: impl Fn(usize) -> bool) -> Option<usize> {
    const STRETCH: usize = 4096;
    let pairs = left[skip..].chunks(STRETCH).zip(right[skip..].chunks(STRETCH)).enumerate();
    pairs.filter(|(_, (a, b))| a != b).find_map(|(number, (a, b))| {
        let start = skip + number * STRETCH;
        let places = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b);
        places.map(|(at, _)| start + at).find(|&at| !may_differ(at))
    })
}
