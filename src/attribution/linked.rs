//! The linker's map laid over the file.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::elf::{Image, Section};
use crate::linkmap::LinkMap;

use super::names::Names;
use super::places::LinkedPiece;

/// Why a map does not tell of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotItsMap {
    /// A loaded section has another size.
    #[error("the link map is of another link: {section} has {map} bytes in it and {file} in the program")]
    Size {
        /// The section.
        section: String,
        /// Its size in the map, in bytes.
        map: u64,
        /// Its size in the file, in bytes.
        file: u64,
    },
    /// No loaded section of the file is in it.
    #[error("the link map is of another link: it has no loaded section of the program")]
    NoCommonSection,
    /// The artifact has no program that it could be of.
    #[error("the link map is of no use: the artifact holds no ELF program")]
    NoBinary,
}

/// Checks that a map is of the link that made a file: every loaded section that both have is of the same size.
///
/// # Errors
/// [`NotItsMap`] says what differs.
pub fn check_link_map(map: &LinkMap<'_>, image: &Image<'_>) -> Result<(), NotItsMap> {
    sections(map, image).map(drop)
}

/// The section of the file behind each output section of the map.
fn sections<'i>(map: &LinkMap<'_>, image: &'i Image<'_>) -> Result<Vec<Option<&'i Section>>, NotItsMap> {
    let mut by_name: BTreeMap<&str, VecDeque<&Section>> = BTreeMap::new();
    for section in image.sections().iter().filter(|section| section.is_loaded()) {
        by_name.entry(&section.name).or_default().push_back(section);
    }
    let mut matched = 0_usize;
    let mut sections = Vec::with_capacity(map.outputs().len());
    for output in map.outputs() {
        // A name can stand for several sections: then they come in the same order.
        let section = by_name.get_mut(output.name).and_then(VecDeque::pop_front);
        if let Some(section) = section {
            if section.size != output.size {
                let (map, file) = (output.size, section.size);
                return Err(NotItsMap::Size { section: section.name.clone(), map, file });
            }
            matched += usize::from(section.size > 0);
        }
        sections.push(section.filter(|section| section.is_in_file()));
    }
    if matched == 0 { Err(NotItsMap::NoCommonSection) } else { Ok(sections) }
}

/// The map's pieces as ranges of the file, ascending. Sections are matched by name, pieces by their distance from the section's
/// start: stripping moves no loaded section, and what follows the loaded ones is not taken from a map.
///
/// # Errors
/// Where a loaded section has another size in the map: then it is the map of another link.
pub(super) fn pieces<'a>(
    map: &LinkMap<'a>,
    image: &Image<'_>,
    names: &mut Names<'a>,
) -> Result<Vec<LinkedPiece>, NotItsMap> {
    let sections = sections(map, image)?;
    let mut objects: Vec<Option<u32>> = vec![None; map.objects().len()];
    let mut pieces = Vec::with_capacity(map.pieces().len());
    for piece in map.pieces() {
        let output = &map.outputs()[piece.output as usize];
        let Some(section) = sections[piece.output as usize] else { continue };
        let inside = piece.address.saturating_sub(output.address);
        let start = section.file_range.start + inside.min(section.size);
        let range: Range<u64> = start..start.saturating_add(piece.size).min(section.file_range.end);
        if range.is_empty() {
            continue;
        }
        let object = piece.object.map(|object| {
            let text = map.objects()[object as usize];
            *objects[object as usize].get_or_insert_with(|| names.objects.number(text, &mut names.roots))
        });
        pieces.push(LinkedPiece { range, object });
    }
    pieces.sort_unstable_by_key(|piece| piece.range.start);
    Ok(pieces)
}
