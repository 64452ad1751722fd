//! The code of a file, cut into functions: named ones, and such that only an unwind table tells of.

use std::ops::Range;

use crate::elf::{Image, SectionKind};

use super::owner::OwnersId;
use super::places::Place;
use super::regions::Regions;

/// A piece of code that is of one function, or that nothing divides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeRange {
    /// Bytes of the file.
    pub(super) range: Range<u64>,
    /// Address of its first byte.
    pub(super) address: u64,
    /// Whose it is; `None` for code without a name.
    pub(super) owners: Option<OwnersId>,
    /// True where an unwind table says that it is one function.
    pub(super) unwound: bool,
}

/// Code, and what fills the room between functions.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// Ascending, disjoint.
    pub(super) ranges: Vec<CodeRange>,
    /// Never executed: what aligns the next function.
    pub(super) padding: Vec<Range<u64>>,
}

/// No compiler aligns functions to more, so no padding is longer. `-falign-functions` and `.p2align` in assembly go to 64.
const LONGEST_PADDING: u64 = 64;

impl Code {
    /// Cuts the code sections at the named functions, and what is left at the functions of the unwind tables (`functions`, addresses).
    pub(super) fn cut(
        image: &Image<'_>,
        regions: &Regions,
        places: &[Place],
        owners: &[OwnersId],
        functions: &[Range<u64>],
    ) -> Self {
        let mut unwound: Vec<Range<u64>> = functions.iter().filter_map(|range| file_range(image, range)).collect();
        unwound.sort_unstable_by_key(|range| (range.start, range.end));
        let mut code = Self::default();
        for (range, region) in &regions.ranges {
            if regions.regions[*region].kind != SectionKind::Code {
                continue;
            }
            let first = places.partition_point(|place| place.range.end <= range.start);
            let after = places.partition_point(|place| place.range.start < range.end);
            let mut at = range.start;
            for (place, &owners) in places[first..after].iter().zip(&owners[first..after]) {
                let (start, end) = (place.range.start.max(range.start), place.range.end.min(range.end));
                code.between(image, at..start, &unwound);
                code.add(image, start..end, Some(owners), false);
                at = end;
            }
            code.between(image, at..range.end, &unwound);
        }
        code
    }

    /// Code that no symbol names.
    fn between(&mut self, image: &Image<'_>, gap: Range<u64>, unwound: &[Range<u64>]) {
        let first = unwound.partition_point(|range| range.end <= gap.start);
        let mut at = gap.start;
        for function in unwound[first..].iter().take_while(|function| function.start < gap.end) {
            let (start, end) = (function.start.max(at), function.end.min(gap.end));
            if start < end {
                self.rest(image, at..start);
                self.add(image, start..end, None, true);
                at = end;
            }
        }
        self.rest(image, at..gap.end);
    }

    fn rest(&mut self, image: &Image<'_>, gap: Range<u64>) {
        if gap.is_empty() {
            return;
        }
        let bytes = image.bytes(&gap).unwrap_or_default();
        // Short gaps up to where code may be aligned to hold nothing else; long ones must consist of filling.
        let short = gap.end - gap.start < LONGEST_PADDING && gap.end.is_multiple_of(4);
        if short || bytes.iter().all(|byte| matches!(byte, 0 | 0x90 | 0xcc)) {
            self.padding.push(gap);
        } else {
            self.add(image, gap, None, false);
        }
    }

    fn add(&mut self, image: &Image<'_>, range: Range<u64>, owners: Option<OwnersId>, unwound: bool) {
        if range.is_empty() {
            return;
        }
        if let Some(address) = image.address_of(range.start) {
            self.ranges.push(CodeRange { range, address, owners, unwound });
        }
    }

    /// The function at an offset in the file.
    pub(super) fn at(&self, offset: u64) -> Option<usize> {
        let after = self.ranges.partition_point(|code| code.range.start <= offset);
        let at = after.checked_sub(1)?;
        self.ranges[at].range.contains(&offset).then_some(at)
    }
}

fn file_range(image: &Image<'_>, addresses: &Range<u64>) -> Option<Range<u64>> {
    let size = addresses.end.checked_sub(addresses.start).filter(|&size| size > 0)?;
    let start = image.offset_of(addresses.start)?;
    let end = start.checked_add(size)?;
    (image.offset_of(addresses.end - 1)? == end - 1).then_some(start..end)
}
