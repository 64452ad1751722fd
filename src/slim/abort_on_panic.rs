//! `abort-on-panic`: no function has a handler any more, so that a panic finds none and ends the process.
//!
//! Every LSDA is zeroed, and every pointer to one. 0 is a null pointer whatever it is relative to, in libgcc
//! (`read_encoded_value_with_base` in unwind-pe.h) and in LLVM's libunwind (`CFI_Parser::decodeFDE`), and personality routines
//! of Rust, C and C++ take a function without an LSDA for one without handlers (seen with libgcc_s 12 on 2026-11-24, of libunwind known). Raising then
//! reaches the end of the stack, and std says `failed to initiate panic, error 5, aborting`. Frame descriptions stay, so backtraces do.

use crate::elf::{FrameTables, Image};
use crate::package::{Finding, Severity};

use super::changes::{Changes, Unwinding};
use super::exceptions::{Imports, nothing_is_raised, only_panics};
use super::file_edit::FileEdit;
use super::recompress::SlimmedFile;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    if tables.lsdas.is_empty() {
        return Rewritten::NoGain("no function has a handler".to_owned());
    }
    if let Err(why) = Imports::of(image).and_then(|imports| only_panics(&imports, &tables)) {
        return Rewritten::NotApplicable(why);
    }
    let mut edit = FileEdit::new(image.data());
    for fde in &tables.fdes {
        let Some(lsda) = fde.lsda else { continue };
        let start = tables.frames.file_range.start + (fde.range.start + lsda.at) as u64;
        edit.zero(&(start..start + lsda.encoding.size() as u64));
    }
    if let Some(place) = &tables.lsda_table {
        edit.zero(&place.file_range);
    }
    // Declared as wholes: a range for each of many thousand fields says no more.
    let (file, _) = edit.finish();
    let ranges = [Some(&tables.frames), tables.lsda_table.as_ref()].into_iter().flatten();
    let ranges = ranges.map(|place| place.file_range.clone()).collect();
    Rewritten::Applied(file, Changes { unwinding: Unwinding::WithoutHandlers, ..Changes::of_ranges(ranges) })
}

/// The programs that have handlers which nothing can ever reach: `abort-on-panic` gives nothing up there.
#[must_use]
pub fn free_aborts(files: &[SlimmedFile<'_>]) -> Vec<Finding> {
    let free = |file: &&SlimmedFile<'_>| Image::parse(&file.contents).is_ok_and(|image| is_free(&image));
    files.iter().filter(free).map(|file| finding(&file.path)).collect()
}

fn is_free(image: &Image<'_>) -> bool {
    let Ok(imports) = Imports::of(image) else { return false };
    let handlers = || FrameTables::read(image).ok().filter(|tables| !tables.lsdas.is_empty());
    nothing_is_raised(image, &imports) && handlers().is_some_and(|tables| only_panics(&imports, &tables).is_ok())
}

fn finding(path: &str) -> Finding {
    Finding {
        code: "abort-on-panic-is-free".to_owned(),
        severity: Severity::Note,
        message: "it never unwinds (no _Unwind_RaiseException, as with panic = \"abort\"), yet carries handlers: \
                  --with abort-on-panic drops them and gives nothing up"
            .to_owned(),
        subject: path.to_owned(),
        saves_bytes: None,
    }
}
