//! `merge-unwind`: functions that stand side by side share one frame description, one entry of the index and one LSDA.
//!
//! For every address of a function an unwinder comes to the same row of the call frame table, the same landing pad and the same actions; where a
//! function had no LSDA, its neighbours' says that nothing is done there, which is what none says. What changes is where a
//! description begins. Unwinders tell that to personality routines, which take offsets from it, and to whoever asks:
//! [`function_starts`](super::function_starts) says who, and what becomes of it.

use crate::elf::{FrameTables, Image};

use super::came_in::CameIn;
use super::changes::Changes;
use super::exceptions::Imports;
use super::function_starts::must_be_told;
use super::rewritten::Rewritten;
use super::unwind_tables::{UnwindModel, are_rounded, merge_neighbours, write};

pub(super) fn apply(image: &Image<'_>, came_in: CameIn<'_, '_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    let kept = match Imports::of(image).and_then(|imports| must_be_told(image, came_in, &imports)) {
        Ok(kept) => kept,
        Err(why) => return Rewritten::NotApplicable(why),
    };
    let model = match UnwindModel::of(image, &tables) {
        Ok(model) => model,
        Err(why) => return Rewritten::NotApplicable(why.to_owned()),
    };
    // What `round-call-sites` did comes after this: neighbours were merged then, as far as they can be, by the sizes that their tables had.
    if are_rounded(image, &tables, &model) {
        return Rewritten::NoGain("its call sites are at round numbers: neighbours share what they can".to_owned());
    }
    let Some(merged) = merge_neighbours(image, &tables, &model, &kept) else {
        return Rewritten::NoGain("no two neighbours can share a frame description, or all do".to_owned());
    };
    match write(image, &tables, &merged) {
        Ok(edit) => {
            let (file, ranges) = edit.finish();
            Rewritten::Applied(file, Changes { merged_frames: true, ..Changes::of_ranges(ranges) })
        }
        Err(why) => Rewritten::NotApplicable(why.to_owned()),
    }
}
