//! `strip-debug`, `strip-symbols`, `drop-comment`: sections that nothing loads are dropped.

use crate::elf::{Droppable, Image, without_sections};

use super::changes::Changes;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>, class: Droppable) -> Rewritten {
    if !image.sections().iter().any(|section| Droppable::of(section) == Some(class)) {
        return Rewritten::NotApplicable("the file has none".to_owned());
    }
    match without_sections(image, |section| Droppable::of(section) == Some(class)) {
        // Where what goes lies between loaded parts, as patchelf leaves it, zeroes stay in its place: those compress away.
        Ok(file) if file.len() as u64 <= image.file_size() => Rewritten::Applied(file, Changes::default()),
        Ok(file) => Rewritten::NoGain(format!("the file would have {} bytes", file.len())),
        Err(why) => Rewritten::NotApplicable(why.to_string()),
    }
}
