//! What changed between two reports, exact to the byte.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pairing::{Pair, pair};
use crate::attribution::{CrateKind, CrateRow, SectionRow};
use crate::report::{Binary, Entry, Report};
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

/// What changed between two reports. Rows are sorted by the magnitude of their change, then by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Path of the old artifact.
    pub old_path: String,
    /// Path of the new artifact.
    pub new_path: String,
    /// Size of the zip; `None` unless both are zips.
    pub zip: Option<SizeChange>,
    /// The zip's headers; `None` unless both are zips.
    pub zip_overhead: Option<SizeChange>,
    /// Sum of the files' sizes.
    pub unzipped: SizeChange,
    /// By file of the package; sums to `unzipped`, and with `zip_overhead` to `zip`.
    pub entries: Vec<EntryChange>,
    /// By binary, with its sections and crates.
    pub binaries: Vec<BinaryChange>,
}

/// The change of one file of the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// Path in the new package; in the old one for what was removed.
    pub path: String,
    /// What became of it.
    pub status: Status,
    /// Size of the file.
    pub unzipped: SizeChange,
    /// Size of its data in the zip; `None` unless both are zips.
    pub compressed: Option<SizeChange>,
}

/// The change of one binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryChange {
    /// Path in the new package; in the old one for what was removed.
    pub path: String,
    /// Path in the old package; `None` for what was added.
    pub old_path: Option<String>,
    /// What became of it.
    pub status: Status,
    /// Size of the file.
    pub file: SizeChange,
    /// Size in the zip; `None` where either side does not know it.
    pub compressed: Option<SizeChange>,
    /// By section; sums to the file.
    pub sections: Vec<SectionChange>,
    /// By owner; sums to the file.
    pub crates: Vec<CrateChange>,
}

/// The change of one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionChange {
    /// Name; sections of one name are one row.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// Bytes in the file.
    pub file: SizeChange,
    /// Bytes in the zip; `None` where either side does not know it.
    pub compressed: Option<SizeChange>,
}

/// The change of one crate. Where each side has one version of it, another version is a change, not a new crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrateChange {
    /// Crate name.
    pub name: String,
    /// Kind in the new report; in the old one for what was removed.
    pub kind: CrateKind,
    /// Version in the old report; `None` where it is not known or the crate was not there.
    pub old_version: Option<String>,
    /// Version in the new report; `None` where it is not known or the crate is gone.
    pub new_version: Option<String>,
    /// What became of it.
    pub status: Status,
    /// Bytes in the file.
    pub file: SizeChange,
    /// Bytes in the zip; `None` where either side does not know it.
    pub compressed: Option<SizeChange>,
    /// Dependency path in the new report, for a crate that grew; else empty.
    pub why: Vec<String>,
}

/// Compares two reports.
///
/// Binaries are matched by path, crates by name and version, sections by name; a single binary on each side is the same
/// binary under another name. Law: the changes of a binary's crates, and of its sections, sum to the change of the file.
#[must_use]
pub fn diff(old: &Report, new: &Report) -> Diff {
    let zip = both(old.artifact.zip_bytes, new.artifact.zip_bytes);
    let mut entries: Vec<EntryChange> = pair(&old.artifact.entries, &new.artifact.entries, |entry| &entry.path)
        .into_iter()
        .map(|pair| entry_change(pair, zip.is_some()))
        .collect();
    entries.sort_by_cached_key(|row| (by_magnitude(row.unzipped, row.compressed), row.path.clone()));
    let mut binaries: Vec<BinaryChange> =
        pair(&old.binaries, &new.binaries, |binary| &binary.path).into_iter().map(binary_change).collect();
    binaries.sort_by_cached_key(|row| (by_magnitude(row.file, row.compressed), row.path.clone()));
    Diff {
        old_path: old.artifact.path.clone(),
        new_path: new.artifact.path.clone(),
        zip,
        zip_overhead: both(old.artifact.zip_overhead_bytes, new.artifact.zip_overhead_bytes),
        unzipped: SizeChange::between(old.artifact.unzipped_bytes, new.artifact.unzipped_bytes),
        entries,
        binaries,
    }
}

/// Size of one row on one side.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    file: ByteSize,
    compressed: Option<ByteSize>,
}

impl Side {
    /// The sum of rows; its compressed size is known where every row's is.
    fn sum(rows: impl Iterator<Item = Self>) -> Self {
        rows.fold(Self { file: ByteSize::ZERO, compressed: Some(ByteSize::ZERO) }, |sum, row| Self {
            file: sum.file + row.file,
            compressed: sum.compressed.zip(row.compressed).map(|(sum, row)| sum + row),
        })
    }

    fn of_crate(row: &CrateRow) -> Self {
        Self { file: row.file_bytes, compressed: row.compressed_bytes }
    }

    fn of_section(row: &SectionRow) -> Self {
        Self { file: row.file_bytes, compressed: row.compressed_bytes }
    }
}

fn both(old: Option<ByteSize>, new: Option<ByteSize>) -> Option<SizeChange> {
    old.zip(new).map(|(old, new)| SizeChange::between(old, new))
}

/// Sizes of a pair. A row that one side lacks has 0 bytes there; `zipped` says whether both sides know compressed sizes.
fn sizes(old: Option<Side>, new: Option<Side>, zipped: bool) -> (SizeChange, Option<SizeChange>) {
    let absent = Side { file: ByteSize::ZERO, compressed: Some(ByteSize::ZERO) };
    let (old, new) = (old.unwrap_or(absent), new.unwrap_or(absent));
    let compressed = both(old.compressed, new.compressed).filter(|_| zipped);
    (SizeChange::between(old.file, new.file), compressed)
}

fn status<T>(pair: Pair<'_, T>, file: SizeChange, compressed: Option<SizeChange>, renamed: bool) -> Status {
    let moved = |change: SizeChange| change.delta_bytes != ByteDelta::default();
    match pair {
        Pair::Added(_) => Status::Added,
        Pair::Removed(_) => Status::Removed,
        Pair::Both(..) if renamed || moved(file) || compressed.is_some_and(moved) => Status::Changed,
        Pair::Both(..) => Status::Same,
    }
}

/// Largest change first: of the file, then of the zip.
fn by_magnitude(file: SizeChange, compressed: Option<SizeChange>) -> std::cmp::Reverse<(ByteSize, ByteSize)> {
    let compressed = compressed.unwrap_or_default();
    std::cmp::Reverse((file.delta_bytes.magnitude(), compressed.delta_bytes.magnitude()))
}

fn entry_change(pair: Pair<'_, Entry>, zipped: bool) -> EntryChange {
    let side = |entry: &Entry| Side { file: entry.uncompressed_bytes, compressed: entry.compressed_bytes };
    let (unzipped, compressed) = sizes(pair.before().map(side), pair.after().map(side), zipped);
    let renamed = matches!(pair, Pair::Both(old, new) if old.path != new.path);
    EntryChange {
        path: pair.row().path.clone(),
        status: status(pair, unzipped, compressed, renamed),
        unzipped,
        compressed,
    }
}

fn binary_change(pair: Pair<'_, Binary>) -> BinaryChange {
    let side = |binary: &Binary| {
        let rows = Side::sum(binary.crates.iter().map(Side::of_crate));
        Side { file: binary.file_bytes, compressed: rows.compressed }
    };
    let (old, new) = (pair.before(), pair.after());
    let knows = |binary: Option<&Binary>| {
        binary.is_none_or(|binary| {
            let sections = Side::sum(binary.sections.iter().map(Side::of_section));
            side(binary).compressed.is_some() && sections.compressed.is_some()
        })
    };
    let zipped = knows(old) && knows(new);
    let (file, compressed) = sizes(old.map(side), new.map(side), zipped);
    let renamed = matches!(pair, Pair::Both(old, new) if old.path != new.path);
    BinaryChange {
        path: pair.row().path.clone(),
        old_path: old.map(|binary| binary.path.clone()),
        status: status(pair, file, compressed, renamed),
        file,
        compressed,
        sections: section_changes(
            old.map_or(&[], |binary| &binary.sections),
            new.map_or(&[], |binary| &binary.sections),
            zipped,
        ),
        crates: crate_changes(
            old.map_or(&[], |binary| &binary.crates),
            new.map_or(&[], |binary| &binary.crates),
            zipped,
        ),
    }
}

fn section_changes(old: &[SectionRow], new: &[SectionRow], zipped: bool) -> Vec<SectionChange> {
    let by_name = |rows: &[SectionRow]| {
        let mut sums: BTreeMap<String, Vec<Side>> = BTreeMap::new();
        for row in rows {
            sums.entry(row.name.clone()).or_default().push(Side::of_section(row));
        }
        sums.into_iter().map(|(name, sides)| (name, Side::sum(sides.into_iter()))).collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<SectionChange> = names
        .into_iter()
        .map(|name| {
            let pair = match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => Pair::Both(old, new),
                (Some(old), None) => Pair::Removed(old),
                (_, new) => Pair::Added(new.expect("the name came from one of the two")),
            };
            let (file, compressed) = sizes(pair.before().copied(), pair.after().copied(), zipped);
            let status = status(pair, file, compressed, false);
            SectionChange { name: name.clone(), status, file, compressed }
        })
        .collect();
    changes.sort_by_cached_key(|row| (by_magnitude(row.file, row.compressed), row.name.clone()));
    changes
}

/// All rows of one crate version on one side. Rows can share it: one name and version from two registries.
#[derive(Debug)]
struct CrateVersion<'a> {
    version: Option<&'a str>,
    kind: CrateKind,
    why: &'a [String],
    side: Side,
}

/// Rows that may be versions of the same crate: std's private copy of a crate is never the user's, and code of a
/// package stays the same crate when it moves into the workspace.
fn family(kind: CrateKind) -> CrateKind {
    if kind == CrateKind::Workspace { CrateKind::Dependency } else { kind }
}

type Families<'a> = BTreeMap<(CrateKind, &'a str), Vec<CrateVersion<'a>>>;

fn families(rows: &[CrateRow]) -> Families<'_> {
    let mut families: Families<'_> = BTreeMap::new();
    for row in rows {
        let versions = families.entry((family(row.kind), &row.name)).or_default();
        let version = row.version.as_deref();
        match versions.iter_mut().find(|known| known.version == version) {
            Some(known) => known.side = Side::sum([known.side, Side::of_crate(row)].into_iter()),
            None => {
                versions.push(CrateVersion { version, kind: row.kind, why: &row.why, side: Side::of_crate(row) });
            }
        }
    }
    families
}

fn crate_changes(old: &[CrateRow], new: &[CrateRow], zipped: bool) -> Vec<CrateChange> {
    let (old, new) = (families(old), families(new));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let mut changes = Vec::new();
    for key in keys {
        let old = old.get(&key).map_or(&[][..], Vec::as_slice);
        let new = new.get(&key).map_or(&[][..], Vec::as_slice);
        changes.extend(pair(old, new, |row| row.version).into_iter().map(|pair| crate_change(key.1, pair, zipped)));
    }
    changes.sort_by_cached_key(|row| {
        let name = (row.name.clone(), row.new_version.clone(), row.old_version.clone(), row.kind);
        (by_magnitude(row.file, row.compressed), name)
    });
    changes
}

fn crate_change(name: &str, pair: Pair<'_, CrateVersion<'_>>, zipped: bool) -> CrateChange {
    let (old, new) = (pair.before(), pair.after());
    let (file, compressed) = sizes(old.map(|row| row.side), new.map(|row| row.side), zipped);
    let renamed = matches!(pair, Pair::Both(old, new) if old.version != new.version);
    let grew = |change: SizeChange| change.delta_bytes > ByteDelta::default();
    let why = new.map_or(&[][..], |row| row.why);
    CrateChange {
        name: name.to_owned(),
        kind: pair.row().kind,
        old_version: old.and_then(|row| row.version).map(str::to_owned),
        new_version: new.and_then(|row| row.version).map(str::to_owned),
        status: status(pair, file, compressed, renamed),
        file,
        compressed,
        why: if grew(file) || compressed.is_some_and(grew) { why.to_vec() } else { Vec::new() },
    }
}
