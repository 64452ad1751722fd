//! Whether anything refers to certain addresses.

use std::ops::Range;

use crate::elf::{
    CodeReference, Image, SectionKind, code_references, code_references_at_fixed_addresses, data_pointers,
};

/// For each of `ranges` (sorted, disjoint), whether an instruction, a pointer in data or the entry point refers into it.
pub(super) fn referred(image: &Image<'_>, ranges: &[Range<u64>]) -> Vec<bool> {
    let references = if image.is_fixed() { code_references_at_fixed_addresses } else { code_references };
    let executable = image.sections().iter().filter(|s| s.is_loaded() && s.kind() == SectionKind::Code);
    let from_code = executable.flat_map(|section| {
        let mut found = Vec::new();
        let code = image.bytes(&section.file_range).unwrap_or_default();
        references(image.architecture(), code, section.address, ranges, &mut found);
        found.into_iter().map(|CodeReference { to, .. }| to)
    });
    let from_data = data_pointers(image).into_iter().map(|pointer| pointer.target);
    let mut referred = vec![false; ranges.len()];
    for target in from_code.chain(from_data).chain([image.entry()]) {
        let next = ranges.partition_point(|range| range.end <= target);
        if let Some(range) = ranges.get(next)
            && range.contains(&target)
        {
            referred[next] = true;
        }
    }
    referred
}
