//! `drop-section-headers`: the section header table and the names of the sections are dropped.

use crate::elf::{Image, without_section_headers};

use super::changes::Changes;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    match without_section_headers(image) {
        Ok(file) if (file.len() as u64) < image.file_size() => {
            Rewritten::Applied(file, Changes { section_headers_dropped: true, ..Changes::default() })
        }
        Ok(file) => Rewritten::NoGain(format!("the file would have {} bytes", file.len())),
        Err(why) => Rewritten::NotApplicable(why.to_string()),
    }
}
