//! One size on two sides: the arithmetic that every list of changes shares.

use serde::{Deserialize, Serialize};

use super::pairing::Pair;
use crate::attribution::{CrateRow, FunctionRow, SectionRow};
use crate::units::{ByteDelta, ByteSize};

/// One size on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SizeChange {
    /// Size in the old report; 0 where it was not there.
    pub old_bytes: ByteSize,
    /// Size in the new report; 0 where it is not there.
    pub new_bytes: ByteSize,
    /// New less old.
    pub delta_bytes: ByteDelta,
}

impl SizeChange {
    /// The change from `old` to `new`.
    #[must_use]
    pub fn between(old: ByteSize, new: ByteSize) -> Self {
        Self { old_bytes: old, new_bytes: new, delta_bytes: new.since(old) }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Only in the new report.
    Added,
    /// Only in the old report.
    Removed,
    /// In both, with another size, path or version.
    Changed,
    /// In both and the same, as far as sizes tell.
    Same,
}

/// Size of one row on one side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Side {
    pub(super) file: ByteSize,
    pub(super) compressed: Option<ByteSize>,
}

impl Side {
    /// The sum of rows; its compressed size is known where every row's is.
    pub(super) fn sum(rows: impl Iterator<Item = Self>) -> Self {
        rows.fold(Self { file: ByteSize::ZERO, compressed: Some(ByteSize::ZERO) }, |sum, row| Self {
            file: sum.file + row.file,
            compressed: sum.compressed.zip(row.compressed).map(|(sum, row)| sum + row),
        })
    }

    pub(super) fn of_crate(row: &CrateRow) -> Self {
        Self { file: row.file_bytes, compressed: row.compressed_bytes }
    }

    pub(super) fn of_function(row: &FunctionRow) -> Self {
        Self { file: row.file_bytes, compressed: row.compressed_bytes }
    }

    pub(super) fn of_section(row: &SectionRow) -> Self {
        Self { file: row.file_bytes, compressed: row.compressed_bytes }
    }
}

pub(super) fn both(old: Option<ByteSize>, new: Option<ByteSize>) -> Option<SizeChange> {
    old.zip(new).map(|(old, new)| SizeChange::between(old, new))
}

/// Sizes of a pair. A row that one side lacks has 0 bytes there; `zipped` says whether both sides know compressed sizes.
pub(super) fn sizes(old: Option<Side>, new: Option<Side>, zipped: bool) -> (SizeChange, Option<SizeChange>) {
    let absent = Side { file: ByteSize::ZERO, compressed: Some(ByteSize::ZERO) };
    let (old, new) = (old.unwrap_or(absent), new.unwrap_or(absent));
    let compressed = both(old.compressed, new.compressed).filter(|_| zipped);
    (SizeChange::between(old.file, new.file), compressed)
}

pub(super) fn status<T>(pair: Pair<'_, T>, file: SizeChange, compressed: Option<SizeChange>, renamed: bool) -> Status {
    let moved = |change: SizeChange| change.delta_bytes != ByteDelta::default();
    match pair {
        Pair::Added(_) => Status::Added,
        Pair::Removed(_) => Status::Removed,
        Pair::Both(..) if renamed || moved(file) || compressed.is_some_and(moved) => Status::Changed,
        Pair::Both(..) => Status::Same,
    }
}

/// Largest change first: of the file, then of the zip.
pub(super) fn by_magnitude(
    file: SizeChange,
    compressed: Option<SizeChange>,
) -> std::cmp::Reverse<(ByteSize, ByteSize)> {
    let compressed = compressed.unwrap_or_default();
    std::cmp::Reverse((file.delta_bytes.magnitude(), compressed.delta_bytes.magnitude()))
}
