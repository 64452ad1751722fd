//! Debug information: which unit holds which code, and which unit each of its own bytes describes.

use std::ops::Range;

use crate::elf::{DebugInfo, DebugUnit, Image};

use super::claim::Claim;
use super::crate_table::{CrateNumber, CrateTable, NATIVE};
use super::hints::crate_of_path;
use super::names::{Names, ObjectId};
use super::owner::{OwnerTable, Owners};
use super::row::EvidenceSource;

/// The units with a number of their own as objects, and the code that each holds.
#[derive(Debug, Default)]
pub(super) struct Units {
    objects: Vec<ObjectId>,
    /// Offsets in the file, ascending, with the number of the unit.
    code: Vec<(Range<u64>, usize)>,
}

impl Units {
    pub(super) fn read<'a>(info: &'a DebugInfo, image: &Image<'_>, names: &mut Names<'a>) -> Self {
        let mut units = Self::default();
        for (number, unit) in info.units.iter().enumerate() {
            units.objects.push(names.objects.number(&unit.name, &mut names.roots));
            for range in &unit.ranges {
                if let Some(start) = image.offset_of(range.start) {
                    units.code.push((start..start.saturating_add(range.end - range.start), number));
                }
            }
        }
        units.code.sort_unstable_by_key(|(range, number)| (range.start, *number));
        units
    }

    /// The unit whose code an offset is in.
    pub(super) fn at(&self, offset: u64) -> Option<usize> {
        let after = self.code.partition_point(|(range, _)| range.start <= offset);
        let (range, unit) = self.code.get(after.checked_sub(1)?)?;
        range.contains(&offset).then_some(*unit)
    }

    /// The object that a unit was compiled to.
    pub(super) fn object(&self, unit: usize) -> ObjectId {
        self.objects[unit]
    }

    /// The crates of the units.
    pub(super) fn crates(&self, info: &DebugInfo, names: &Names<'_>, table: &mut CrateTable<'_>) -> Vec<CrateNumber> {
        let units = info.units.iter().zip(&self.objects);
        units
            .map(|(unit, &object)| match names.objects.get(object).unit {
                Some(root) => table.of_unit(root),
                None => crate_of_path(&full_path(unit), table).unwrap_or(NATIVE),
            })
            .collect()
    }
}

/// The source file of a unit; its name is relative to the folder that the compiler ran in.
fn full_path(unit: &DebugUnit) -> String {
    match &unit.directory {
        Some(directory) if !unit.name.starts_with('/') => format!("{directory}/{}", unit.name),
        _ => unit.name.clone(),
    }
}

/// Debug information goes to the crate that it describes.
pub(super) fn claims(
    info: &DebugInfo,
    crates: &[CrateNumber],
    linker: Claim,
    owners: &mut OwnerTable,
) -> Vec<(Range<u64>, Claim)> {
    let claim = |bytes: &crate::elf::DebugBytes| {
        let of_unit = bytes.unit.and_then(|unit| crates.get(unit as usize));
        let claim =
            of_unit.map_or(linker, |&krate| Claim::new(owners.number(Owners::same(krate)), EvidenceSource::DebugInfo));
        (bytes.range.clone(), claim)
    };
    info.bytes.iter().map(claim).collect()
}
