//! `drop-backtraces`: the unwind tables are zeroed; nothing can unwind any more, so a panic ends the process.
//!
//! The first eight bytes of `.eh_frame_hdr` stay: its version, without which LLVM's libunwind complains at each search, the
//! encodings, and the pointer to `.eh_frame`. The index then has no entry, and `.eh_frame` begins with its terminator.

use crate::elf::{FrameTables, Image};

use super::changes::{Changes, Unwinding};
use super::exceptions::{Imports, has_llvm_unwinder, only_panics};
use super::file_edit::FileEdit;
use super::rewritten::Rewritten;

/// Version, three encodings, and the pointer to `.eh_frame`.
const INDEX_HEADER: u64 = 8;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) if tables.fdes.is_empty() => return Rewritten::NoGain("it has no frame descriptions".to_owned()),
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    if let Err(why) = may_drop(image, &tables) {
        return Rewritten::NotApplicable(why);
    }
    let mut edit = FileEdit::new(image.data());
    edit.zero(&tables.frames.file_range);
    if let Some(place) = &tables.lsda_table {
        edit.zero(&place.file_range);
    }
    if let Some(index) = image.sections().iter().find(|s| s.name == ".eh_frame_hdr" && s.is_loaded() && s.is_in_file())
    {
        let start = index.file_range.start.saturating_add(INDEX_HEADER);
        edit.zero(&(start.min(index.file_range.end)..index.file_range.end));
    }
    let (file, ranges) = edit.finish();
    Rewritten::Applied(file, Changes { unwinding: Unwinding::None, ..Changes::of_ranges(ranges) })
}

fn may_drop(image: &Image<'_>, tables: &FrameTables) -> Result<(), String> {
    let imports = Imports::of(image)?;
    only_panics(&imports, tables)?;
    if imports.lack_the_unwinder() && !has_llvm_unwinder(image) {
        return Err("it imports no unwinder: one that is linked in may end the program where a backtrace is captured \
                    without unwind tables, as libgcc's does"
            .to_owned());
    }
    Ok(())
}
