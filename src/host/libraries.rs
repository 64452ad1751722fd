//! The Rust libraries that a program was linked from: which objects each holds, and which symbols they define.
//!
//! A large project has hundreds, with hundreds of megabytes; only their headers and indices are read, several at a time.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::HostError;
use super::file::unreadable;
use super::rlib::{Contents, contents};
use crate::cargo::{BuiltArtifact, LibraryIndex, LibrarySymbols, ObjectOwner};

/// A Rust library that the program was linked from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateLibrary {
    /// The package id; for the standard library's crates, the crate's name.
    pub package: String,
    /// The file.
    pub path: PathBuf,
    /// Names of its members: codegen units, metadata, C objects.
    pub members: Vec<String>,
    /// Its global symbols.
    pub symbols: LibrarySymbols,
}

impl CrateLibrary {
    /// What it tells of symbols and objects.
    pub(super) fn index<'a>(&'a self, owner: ObjectOwner<'a>) -> LibraryIndex<'a> {
        LibraryIndex { owner, path: &self.path, members: &self.members, symbols: &self.symbols }
    }
}

/// The libraries among what cargo made, sorted by package and path.
pub(super) fn package_libraries(artifacts: &[BuiltArtifact]) -> Result<Vec<CrateLibrary>, HostError> {
    let mut found: Vec<(&str, &PathBuf)> = artifacts
        .iter()
        .flat_map(|artifact| artifact.rlibs().map(|path| (artifact.package_id.as_str(), path)))
        .collect();
    found.sort();
    found.dedup();
    let libraries = found.into_par_iter().map(|(package, path)| read_library(package, path));
    libraries.collect()
}

/// The libraries of the toolchain, sorted by name. A target without a prebuilt standard library (`-Z build-std`) has no folder here: cargo names those as artifacts.
pub(super) fn sysroot_libraries(folder: &Path) -> Result<Vec<CrateLibrary>, HostError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let entries = entries.map_err(|cause| unreadable(folder, cause))?;
    let mut found: Vec<(String, PathBuf)> =
        entries.into_iter().filter_map(|entry| Some((crate_of_rlib(&entry.path())?, entry.path()))).collect();
    found.sort();
    let libraries = found.into_par_iter().map(|(name, path)| read_library(&name, &path));
    libraries.collect()
}

/// `memchr` of `libmemchr-ea71fa85f6699d6b.rlib`.
fn crate_of_rlib(path: &Path) -> Option<String> {
    if path.extension()? != "rlib" {
        return None;
    }
    let stem = path.file_stem()?.to_str()?.strip_prefix("lib")?;
    let name = stem.rsplit_once('-').map_or(stem, |(name, _metadata)| name);
    Some(name.to_owned())
}

fn read_library(package: &str, path: &Path) -> Result<CrateLibrary, HostError> {
    let contents = File::open(path).and_then(|file| contents(BufReader::with_capacity(4096, file)));
    let Contents { members, symbols } = contents.map_err(|cause| unreadable(path, cause))?;
    Ok(CrateLibrary { package: package.to_owned(), path: path.to_owned(), members, symbols })
}
