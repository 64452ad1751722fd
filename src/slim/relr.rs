//! `relr`: relative relocations become a packed table, which a start stub of ours carries out.

use crate::elf::{Image, pack_relocations};

use super::changes::{Changes, Relocations};
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    match pack_relocations(image) {
        Ok(packed) => {
            let relocations = Relocations::Packed {
                table: packed.table.start,
                table_size: packed.table.end - packed.table.start,
                stub: packed.stub.start,
                stub_size: packed.stub.end - packed.stub.start,
                relro_start: packed.relro.start,
                relro_end: packed.relro.end,
            };
            Rewritten::Applied(packed.file, Changes { relocations, ..Changes::of_ranges(packed.ranges) })
        }
        Err(why) => Rewritten::NotApplicable(why.to_string()),
    }
}
