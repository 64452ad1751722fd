//! The file cut at its headers and sections: every byte in one named region.

use std::ops::Range;

use crate::elf::{Image, SectionKind};

use super::range_map::RangeMap;

/// One row of the section view, before bytes are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) name: String,
    pub(super) kind: SectionKind,
    pub(super) memory_size: u64,
    /// Debug information and what is like it: not even the format needs it.
    pub(super) loaded: bool,
}

/// Regions and the gapless ranges that index them.
#[derive(Debug, Clone)]
pub(super) struct Regions {
    pub(super) regions: Vec<Region>,
    pub(super) ranges: Vec<(Range<u64>, usize)>,
}

pub(super) fn cut(image: &Image<'_>) -> Regions {
    let mut regions = Vec::new();
    let mut map = RangeMap::new(image.file_size());
    // Headers first: a section that claims them too gets what is left.
    for (name, range) in [
        ("[ELF header]", image.header_range()),
        ("[program headers]", image.program_headers_range()),
        ("[section headers]", image.section_headers_range()),
    ] {
        map.write(vec![(range, regions.len())]);
        regions.push(Region::of_format(name, SectionKind::Header));
    }
    let mut sections = Vec::with_capacity(image.sections().len());
    for section in image.sections().iter().filter(|s| s.is_in_file() || s.is_nobits()) {
        sections.push((section.file_range.clone(), regions.len()));
        regions.push(Region {
            name: section.name.clone(),
            kind: section.kind(),
            memory_size: section.memory_size(),
            loaded: section.is_loaded(),
        });
    }
    map.write(sections);
    let first_hole = regions.len();
    let mut ranges = map.finish(first_hole);
    regions.extend([
        Region::of_format("[padding]", SectionKind::Padding),
        Region::of_format("[code without section]", SectionKind::Code),
        Region::of_format("[data without section]", SectionKind::Other),
        Region::of_format("[appended data]", SectionKind::Other),
    ]);
    for (range, region) in ranges.iter_mut().filter(|(_, region)| *region == first_hole) {
        *region += hole(image, range) as usize;
    }
    regions_in_use(regions, ranges)
}

/// What a range outside headers and sections is. The values index the four regions of holes.
#[derive(Debug, Clone, Copy)]
enum Hole {
    Padding = 0,
    Code = 1,
    Data = 2,
    Appended = 3,
}

fn hole(image: &Image<'_>, range: &Range<u64>) -> Hole {
    if range.start >= image.described_end() {
        return Hole::Appended;
    }
    let zero = image.bytes(range).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0));
    let executable = image.segments().iter().any(|s| s.is_executable() && s.file_range.contains(&range.start));
    match (zero, executable) {
        (true, _) => Hole::Padding,
        (false, true) => Hole::Code,
        (false, false) => Hole::Data,
    }
}

/// Leaves out the regions without a byte in the file or in memory.
fn regions_in_use(regions: Vec<Region>, ranges: Vec<(Range<u64>, usize)>) -> Regions {
    let mut used = vec![false; regions.len()];
    for (_, region) in &ranges {
        used[*region] = true;
    }
    let mut renumbered = vec![0; regions.len()];
    let mut kept = Vec::new();
    for (index, region) in regions.into_iter().enumerate() {
        if used[index] || region.memory_size > 0 {
            renumbered[index] = kept.len();
            kept.push(region);
        }
    }
    let ranges = ranges.into_iter().map(|(range, region)| (range, renumbered[region])).collect();
    Regions { regions: kept, ranges }
}

impl Region {
    fn of_format(name: &str, kind: SectionKind) -> Self {
        Self { name: name.to_owned(), kind, memory_size: 0, loaded: false }
    }

    /// True for the table of addresses that code reads: each slot is there for those who refer to it.
    pub(super) fn is_slots(&self) -> bool {
        self.name == ".got" && self.loaded
    }

    /// True for what the file format and the dynamic linker need, whatever the program is.
    pub(super) fn is_format(&self) -> bool {
        match self.kind {
            SectionKind::Header | SectionKind::Padding | SectionKind::Dynamic | SectionKind::Note => true,
            SectionKind::Other => matches!(self.name.as_str(), ".comment" | ".gnu_debuglink" | ".gnu_debugaltlink"),
            _ => false,
        }
    }
}
