//! The linker's map laid over the file.

use std::ops::Range;

use crate::elf::{Image, Section};
use crate::linkmap::LinkMap;

use super::attribute::AttributionError;
use super::names::Names;
use super::places::LinkedPiece;

/// The map's pieces as ranges of the file, ascending. Sections are matched by name, pieces by their distance from the section's
/// start: stripping moves no loaded section, and what follows the loaded ones is not taken from a map.
///
/// # Errors
/// Where a loaded section has another size in the map: then it is the map of another link.
pub(super) fn pieces<'a>(
    map: &LinkMap<'a>,
    image: &Image<'_>,
    names: &mut Names<'a>,
) -> Result<Vec<LinkedPiece>, AttributionError> {
    let mut sections: Vec<Option<&Section>> = Vec::with_capacity(map.outputs().len());
    let mut taken = vec![false; image.sections().len()];
    let mut matched = 0_usize;
    for output in map.outputs() {
        // A name can stand for several sections: then they come in the same order.
        let is_it = |section: &&Section| section.name == output.name && section.is_loaded() && !taken[section.index];
        let section = image.sections().iter().find(is_it);
        if let Some(section) = section {
            taken[section.index] = true;
            if section.size != output.size {
                return Err(AttributionError::OtherLink {
                    section: section.name.clone(),
                    map: output.size,
                    file: section.size,
                });
            }
            matched += usize::from(section.size > 0);
        }
        sections.push(section.filter(|section| section.is_in_file()));
    }
    if matched == 0 {
        return Err(AttributionError::NoCommonSection);
    }
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
