//! `drop-dead-lsdas`: language-specific unwind tables that no frame description refers to are zeroed.
//!
//! rust-lld keeps the tables of functions that it collected: half of `.gcc_except_table` in a release build without LTO
//! (measured 2026-11-23). Nothing finds them: an unwinder comes to a table through the frame description of its function alone.

use crate::elf::{FrameTables, Image};

use super::changes::Changes;
use super::file_edit::FileEdit;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    let Some(place) = &tables.lsda_table else {
        return Rewritten::NotApplicable("it has no .gcc_except_table".to_owned());
    };
    let mut edit = FileEdit::new(image.data());
    let base = place.file_range.start;
    let mut dead_from = 0;
    let mut dead = 0;
    let end = place.size()..place.size();
    for live in tables.lsdas.iter().map(|lsda| lsda.range.clone()).chain(std::iter::once(end)) {
        let range = base + dead_from as u64..base + live.start as u64;
        dead += edit.zero(&range);
        dead_from = live.end;
    }
    if dead == 0 {
        return Rewritten::NoGain("every table belongs to a function".to_owned());
    }
    let (file, ranges) = edit.finish();
    Rewritten::Applied(file, Changes::of_ranges(ranges))
}
