//! `zero-padding`: the `int3` that linkers put between functions becomes zeroes, which are cheaper beside other zeroes.
//!
//! Only what provably nothing executes: between two functions that frame descriptions know, all of it `int3`, the function before it ends
//! by leaving, and neither an instruction, a pointer in data nor the entry point refers to it. x86_64 only: elsewhere linkers
//! write zeroes already.

use std::ops::Range;

use rayon::prelude::*;

use crate::elf::{Architecture, FrameTables, Image, ends_for_good};

use super::changes::Changes;
use super::file_edit::FileEdit;
use super::referred::referred;
use super::rewritten::Rewritten;

const INT3: u8 = 0xcc;
/// Functions stand at multiples of 64 at most, but for a few that ask for a page.
const LONGEST: u64 = 63;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    if image.architecture() != Architecture::X86_64 {
        return Rewritten::NotApplicable("int3 fills gaps on x86_64 alone".to_owned());
    }
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(format!("where functions end is not known: {why}")),
    };
    let padding = unreferenced(image, padding(image, &tables));
    if padding.is_empty() {
        return Rewritten::NoGain("there is none".to_owned());
    }
    let mut edit = FileEdit::new(image.data());
    let mut dead_code = Vec::new();
    for gap in padding {
        let Some(start) = image.offset_of(gap.start) else { continue };
        let range = start..start + (gap.end - gap.start);
        edit.zero(&range);
        dead_code.push(range);
    }
    let (file, ranges) = edit.finish();
    Rewritten::Applied(file, Changes { dead_code, ..Changes::of_ranges(ranges) })
}

/// Addresses between functions, filled with `int3`, that control does not run into; sorted and disjoint.
fn padding(image: &Image<'_>, tables: &FrameTables) -> Vec<Range<u64>> {
    let functions = tables.fdes.iter().map(|fde| fde.address()..fde.address().saturating_add(fde.function_size));
    let mut functions: Vec<Range<u64>> = functions.filter(|function| !function.is_empty()).collect();
    functions.sort_by_key(|function| (function.start, function.end));
    // Where functions share bytes, what ends last ends.
    let mut last_end = 0;
    let mut gaps = Vec::new();
    for pair in functions.windows(2) {
        let [before, after] = pair else { continue };
        last_end = before.end.max(last_end);
        let size = after.start.saturating_sub(last_end);
        if before.end == last_end && (1..=LONGEST).contains(&size) {
            gaps.push((before.clone(), last_end..after.start));
        }
    }
    gaps.into_par_iter()
        .filter(|(_, gap)| image.code(gap).is_some_and(|bytes| bytes.iter().all(|&byte| byte == INT3)))
        .filter(|(function, _)| image.code(function).is_some_and(ends_for_good))
        .map(|(_, gap)| gap)
        .collect()
}

/// Those of `gaps` that nothing refers to.
fn unreferenced(image: &Image<'_>, gaps: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let referred = referred(image, &gaps);
    gaps.into_iter().zip(referred).filter(|(_, referred)| !referred).map(|(gap, _)| gap).collect()
}
