//! `round-call-sites`: exception tables change from call to call at round numbers, in which Deflate finds more.
//!
//! At the last byte of every call, which is what an unwinder looks up, the same landing pad and the same actions are found. Programs that raise other
//! exceptions than panics are left alone: compilers of C++ and others can be told that exceptions come from instructions that are
//! no calls, and a thread that is ended from outside unwinds from wherever it is. So are programs with frames that signals make, past which the address itself
//! is looked up.

use crate::elf::{FrameTables, Image};

use super::changes::Changes;
use super::exceptions::{Imports, only_panics};
use super::rewritten::Rewritten;
use super::unwind_tables::{Reach, UnwindModel, round_call_sites, write};

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    if tables.lsdas.is_empty() {
        return Rewritten::NotApplicable("no function has an exception table".to_owned());
    }
    if let Err(why) = Imports::of(image).and_then(|imports| only_panics(&imports, &tables)) {
        return Rewritten::NotApplicable(why);
    }
    if tables.cies.iter().any(|cie| cie.is_special) {
        return Rewritten::NotApplicable("exceptions may pass frames that a signal made".to_owned());
    }
    let model = match UnwindModel::of(image, &tables) {
        Ok(model) => model,
        Err(why) => return Rewritten::NotApplicable(why.to_owned()),
    };
    let rounded = |reach| round_call_sites(image, &tables, &model, reach).map(|model| write(image, &tables, &model));
    // What does not fit in its place goes less far.
    let written = match rounded(Reach::Far) {
        Some(Err(_)) => rounded(Reach::Near),
        written => written,
    };
    match written {
        None => Rewritten::NoGain("its call sites are at round numbers".to_owned()),
        Some(Ok(edit)) => {
            let (file, ranges) = edit.finish();
            Rewritten::Applied(file, Changes { rounded_call_sites: true, ..Changes::of_ranges(ranges) })
        }
        Some(Err(why)) => Rewritten::NotApplicable(why.to_owned()),
    }
}
