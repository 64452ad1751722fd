//! `omit-unwind-index`: the sorted table in `.eh_frame_hdr` is marked as omitted and zeroed.
//!
//! Unwinders then search `.eh_frame` from its start: libgcc_s and LLVM's libunwind do (tested on both, rewriter research B1), and a panic
//! costs more the more functions there are and the deeper the stack is.

use crate::elf::{FrameTables, Image, PointerEncoding};

use super::changes::{Changes, Unwinding};
use super::file_edit::FileEdit;
use super::rewritten::Rewritten;

/// Where the encodings of count and table stand in `.eh_frame_hdr`.
const ENCODINGS: u64 = 2;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    let Some(index) = &tables.index else {
        return Rewritten::NotApplicable("it has no index of frame descriptions".to_owned());
    };
    let mut edit = FileEdit::new(image.data());
    edit.put(index.place.file_range.start + ENCODINGS, &[PointerEncoding::OMITTED; 2]);
    edit.zero(&index.table_range());
    let (file, ranges) = edit.finish();
    Rewritten::Applied(file, Changes { unwinding: Unwinding::WithoutIndex, ..Changes::of_ranges(ranges) })
}
