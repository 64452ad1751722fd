//! `no-aslr`: the program is linked to a fixed address, so that it needs no relative relocations.

use crate::elf::{Image, fix_address};

use super::changes::{Changes, Relocations};
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    match fix_address(image) {
        Ok(fixed) => {
            let relocations = Relocations::Fixed { base: fixed.base };
            let changes = Changes::of_ranges(fixed.ranges);
            Rewritten::Applied(fixed.file, Changes { relocations, address_loads: fixed.address_loads, ..changes })
        }
        Err(why) => Rewritten::NotApplicable(why.to_string()),
    }
}
