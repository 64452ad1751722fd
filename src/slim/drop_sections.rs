//! `strip-debug`, `strip-symbols`, `drop-comment`: sections that nothing loads are dropped.

use crate::elf::{Droppable, Image, without_sections};

use super::rewrite::Rewrite;

/// What became of one rewrite of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rewritten {
    /// The smaller program.
    Applied(Vec<u8>),
    /// Tried, and not smaller.
    NoGain(String),
    /// Not tried.
    NotApplicable(String),
}

/// The class of sections that a rewrite drops; `None` for rewrites that drop none.
pub(super) const fn dropped_by(rewrite: Rewrite) -> Option<Droppable> {
    match rewrite {
        Rewrite::StripSymbols => Some(Droppable::Symbols),
        Rewrite::StripDebug => Some(Droppable::Debug),
        Rewrite::DropComment => Some(Droppable::Comment),
        Rewrite::Recompress => None,
    }
}

pub(super) fn apply(image: &Image<'_>, class: Droppable) -> Rewritten {
    if !image.sections().iter().any(|section| Droppable::of(section) == Some(class)) {
        return Rewritten::NotApplicable("the file has none".to_owned());
    }
    match without_sections(image, |section| Droppable::of(section) == Some(class)) {
        Ok(file) if (file.len() as u64) < image.file_size() => Rewritten::Applied(file),
        Ok(file) => Rewritten::NoGain(format!("the file would have {} bytes", file.len())),
        Err(why) => Rewritten::NotApplicable(why.to_string()),
    }
}
