//! `repack-unwind`: unwind tables say the same in an order that Deflate finds more in. [`unwind_tables`](super::unwind_tables) has the order.

use crate::elf::{FrameTables, Image};

use super::changes::Changes;
use super::rewritten::Rewritten;
use super::unwind_tables::{UnwindModel, write};

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    match UnwindModel::of(image, &tables).and_then(|model| write(image, &tables, &model)) {
        Ok(edit) if edit.is_unchanged() => Rewritten::NoGain("the tables are packed already".to_owned()),
        Ok(edit) => {
            let (file, ranges) = edit.finish();
            Rewritten::Applied(file, Changes::of_ranges(ranges))
        }
        Err(why) => Rewritten::NotApplicable(why.to_owned()),
    }
}
