//! Panic locations: the paths of source files that a program carries to say where it panicked. They name packages, with versions, in
//! programs that have lost every symbol.

use crate::cargo::{SourceOrigin, source_origin};
use crate::elf::Image;

use super::pieces::{Pointer, References};

/// A panic location, or any other pair of pointer and length that leads to a source path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location<'a> {
    /// Offset in the file of the pair.
    pub(super) at: u64,
    /// The path that it leads to.
    pub(super) path: &'a str,
}

/// No source path is longer.
const LONGEST_PATH: u64 = 1024;

/// Every pair of pointer and length that leads to the path of a Rust source file, ascending.
pub(super) fn locations<'a>(image: &Image<'a>, pointers: &[Pointer]) -> Vec<Location<'a>> {
    let mut found: Vec<Location<'a>> = pointers
        .iter()
        .filter_map(|pointer| {
            let length = image.bytes(&(pointer.from + 8..pointer.from.checked_add(16)?))?;
            let length = u64::from_le_bytes(length.try_into().ok()?);
            if !(4..=LONGEST_PATH).contains(&length) {
                return None;
            }
            let path = image.bytes(&(pointer.to..pointer.to.checked_add(length)?))?;
            let path = path.ends_with(b".rs").then_some(path)?;
            let path = std::str::from_utf8(path).ok().filter(|path| !path.contains('\0'))?;
            Some(Location { at: pointer.from, path })
        })
        .collect();
    found.sort_unstable_by_key(|location| location.at);
    found
}

/// Each reference from code to a location: number of the code range, and the location. Ascending by the location.
pub(super) fn referred<'r, 'a>(
    references: &'r References,
    locations: &'r [Location<'a>],
) -> impl Iterator<Item = (u32, &'r Location<'a>)> {
    let mut at = 0;
    references.from_code.iter().filter_map(move |&(function, to)| {
        while locations.get(at).is_some_and(|location| location.at < to) {
            at += 1;
        }
        Some((function, locations.get(at).filter(|location| location.at == to)?))
    })
}

/// Versions of packages of a registry that the paths name, with the crate's name as in source: sorted, each once.
pub(super) fn versions<'a>(locations: &[Location<'a>]) -> Vec<(String, &'a str)> {
    let mut paths: Vec<&str> = locations.iter().map(|location| location.path).collect();
    paths.sort_unstable();
    paths.dedup();
    let registry = paths.into_iter().filter_map(|path| match source_origin(path)? {
        SourceOrigin::Registry { package, version } => Some((package.replace('-', "_"), version)),
        SourceOrigin::Std(_) | SourceOrigin::StdCopy(_) | SourceOrigin::Folder(_) => None,
    });
    let mut versions: Vec<(String, &str)> = registry.collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}
