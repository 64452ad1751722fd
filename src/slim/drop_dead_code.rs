//! `drop-dead-code`: code that only landing pads led to is zeroed, once no function has a handler any more.
//!
//! What was reachable is read from the program as it came, whose handlers name the landing pads; no rewrite before this one moves or
//! changes code. Which code is dead, and how that is checked, `elf::dead_without_handlers` says. It is a finding about instructions:
//! the proof cannot repeat it, only a start of the program can put it to the test.

use crate::elf::{FrameTables, FramesError, Image, SectionKind, dead_without_handlers};

use super::changes::Changes;
use super::file_edit::FileEdit;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>, original: &Image<'_>) -> Rewritten {
    match edit(image, original) {
        Ok(rewritten) => rewritten,
        Err(why) => Rewritten::NotApplicable(why),
    }
}

fn edit(image: &Image<'_>, original: &Image<'_>) -> Result<Rewritten, String> {
    let tables = FrameTables::read(original).map_err(|why| why.to_string())?;
    if tables.lsdas.is_empty() {
        return Ok(Rewritten::NotApplicable(
            "no function has a landing pad, or what had is not known any more".to_owned(),
        ));
    }
    if has_handlers(image) {
        return Ok(Rewritten::NotApplicable(
            "its handlers stay: abort-on-panic or drop-backtraces has to come first".to_owned(),
        ));
    }
    if !same_code(image, original) {
        return Ok(Rewritten::NotApplicable("its code is no longer where it was".to_owned()));
    }
    let dead = dead_without_handlers(original, &tables).map_err(|why| why.to_string())?;
    let mut dead_code = dead.blocks;
    dead_code.extend(dead.functions);
    dead_code.sort_by_key(|range| range.start);
    let mut edit = FileEdit::new(image.data());
    for range in &dead_code {
        edit.zero(range);
    }
    if edit.is_unchanged() {
        return Ok(Rewritten::NoGain("no code is reached from landing pads alone".to_owned()));
    }
    let (file, ranges) = edit.finish();
    Ok(Rewritten::Applied(file, Changes { dead_code, ..Changes::of_ranges(ranges) }))
}

fn has_handlers(image: &Image<'_>) -> bool {
    match FrameTables::read(image) {
        Ok(tables) => !tables.lsdas.is_empty(),
        Err(FramesError::None) => false,
        // Without frame descriptions, the index has no entries where there was room for some.
        Err(_) => !has_no_frames(image),
    }
}

/// True where `.eh_frame` begins with its end.
fn has_no_frames(image: &Image<'_>) -> bool {
    let frames = image.sections().iter().find(|section| section.name == ".eh_frame" && section.is_loaded());
    let bytes = frames.and_then(|frames| image.bytes(&frames.file_range));
    bytes.is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0))
}

/// True where every section of code has its place and bytes.
fn same_code(image: &Image<'_>, original: &Image<'_>) -> bool {
    let code = |image: &Image<'_>| {
        let sections = image.sections().iter().filter(|section| section.kind() == SectionKind::Code);
        sections.map(|section| (section.address, section.file_range.clone())).collect::<Vec<_>>()
    };
    let places = code(original);
    places == code(image) && places.iter().all(|(_, range)| image.bytes(range) == original.bytes(range))
}
