//! Files that name the bytes of stripped programs: unstripped twins, debug files, and linkers' maps.

use std::path::Path;

use crate::elf::{Image, check_twin};
use crate::host::{self, ArtifactContent, Bytes};
use crate::package::PackageFile;
use crate::report::SymbolFile;

use super::error::CliError;
use super::path::with_slashes;

/// An ELF file whose symbols may name the bytes of a stripped program.
pub(super) struct Symbols {
    /// As the report shows it.
    pub(super) path: String,
    pub(super) data: Bytes,
}

impl Symbols {
    pub(super) fn as_file(&self) -> SymbolFile<'_> {
        SymbolFile { path: self.path.clone(), data: &self.data }
    }
}

pub(super) fn is_twin_of_any(programs: &[Image<'_>], symbols: &SymbolFile<'_>) -> bool {
    Image::parse_symbol_file(symbols.data)
        .is_ok_and(|symbols| programs.iter().any(|program| check_twin(program, &symbols).is_ok()))
}

pub(super) fn has_symbols(file: &PackageFile<'_>) -> bool {
    Image::parse(&file.contents).is_ok_and(|image| !image.is_stripped())
}

pub(super) fn symbol_file(path: &Path) -> Result<Symbols, CliError> {
    let opened = host::open(path)?;
    let ArtifactContent::Elf(data) = opened.content else {
        return Err(CliError::Usage("--symbols takes an ELF file: the unstripped program, or its debug file"));
    };
    Ok(Symbols { path: with_slashes(path), data })
}

pub(super) fn link_map(path: &Path) -> Result<(String, Bytes), CliError> {
    Ok((with_slashes(path), host::open_link_map(path)?))
}
