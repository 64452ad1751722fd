//! Relocation tables: which place each entry patches.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, Rela64};
use object::pod;

use super::image::Image;

/// One entry of a loaded relocation table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelocationEntry {
    /// Bytes of the entry in the file.
    pub range: Range<u64>,
    /// Address of the place that it patches.
    pub place: u64,
}

/// The entries of the loaded `RELA` tables (`.rela.dyn`, `.rela.plt`). Packed tables (`RELR`) have no entry of their own for a
/// place, and are left out.
#[must_use]
pub fn relocation_entries(image: &Image<'_>) -> Vec<RelocationEntry> {
    const SIZE: u64 = size_of::<Rela64<LE>>() as u64;
    let tables = image.sections().iter().filter(|s| s.is_loaded() && s.sh_type == elf::SHT_RELA.0 && s.is_in_file());
    let mut entries = Vec::new();
    for table in tables {
        let bytes = image.bytes(&table.file_range).unwrap_or_default();
        let Ok((relocations, _)) = pod::slice_from_bytes::<Rela64<LE>>(bytes, bytes.len() / size_of::<Rela64<LE>>())
        else {
            continue;
        };
        for (number, relocation) in relocations.iter().enumerate() {
            let start = table.file_range.start + number as u64 * SIZE;
            entries.push(RelocationEntry { range: start..start + SIZE, place: relocation.r_offset.get(LE) });
        }
    }
    entries
}
