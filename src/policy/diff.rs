//! What changed between two reports, exact to the byte.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::change::{Side, SizeChange, Status, both, by_magnitude, sizes, status};
use super::crate_changes::{CrateChange, CratePairs, Crates};
use super::function_changes::{FunctionChange, function_changes, lists_functions};
use super::pairing::{Pair, pair};
use super::tool_change::{ToolChange, tool_changes};
use crate::attribution::SectionRow;
use crate::report::{Binary, Entry, Report};

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
    /// Paths of the artifacts whose report lists no functions, where functions were to be compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_functions: Vec<String>,
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
    /// By function; sums to the file. `None` unless asked for, and where a report lists none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<FunctionChange>>,
    /// Compiler and linker, where both sides name them and they differ: then sizes move without a change of source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolChange>,
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

/// Compares two reports.
///
/// Binaries are matched by path, crates by name and the nearest version, sections by name; a single binary on each side is the same
/// binary under another name. Law: the changes of a binary's crates, and of its sections, sum to the change of the file.
#[must_use]
pub fn diff(old: &Report, new: &Report) -> Diff {
    compare(old, new, &binary_change)
}

/// Compares two reports, as [`diff`] does, and the functions of those that list them.
///
/// Functions are matched by crate, section and [stable name](crate::attribution::FunctionRow::stable_name). Law: their changes sum to
/// the change of the file.
#[must_use]
pub fn diff_with_functions(old: &Report, new: &Report) -> Diff {
    let lacks = |report: &&Report| !report.binaries.iter().all(lists_functions);
    let without_functions = [old, new].into_iter().filter(lacks).map(|report| report.artifact.path.clone()).collect();
    Diff { without_functions, ..compare(old, new, &binary_change_with_functions) }
}

/// Compares two reports, and their functions where both list them: what a verdict knows.
pub(super) fn diff_as_listed(old: &Report, new: &Report) -> Diff {
    let list = |report: &Report| report.binaries.iter().all(lists_functions);
    if list(old) && list(new) { diff_with_functions(old, new) } else { diff(old, new) }
}

fn compare(old: &Report, new: &Report, binary_change: &dyn Fn(Pair<'_, Binary>) -> BinaryChange) -> Diff {
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
        without_functions: Vec::new(),
    }
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
    let (old, new) = (pair.before(), pair.after());
    let (old_crates, new_crates) = (crates(old), crates(new));
    change_of(pair, &CratePairs::of(&old_crates, &new_crates))
}

fn binary_change_with_functions(pair: Pair<'_, Binary>) -> BinaryChange {
    let (old, new) = (pair.before(), pair.after());
    let (old_crates, new_crates) = (crates(old), crates(new));
    let crates = CratePairs::of(&old_crates, &new_crates);
    let change = change_of(pair, &crates);
    BinaryChange { functions: function_changes(old, new, &crates, change.compressed.is_some()), ..change }
}

fn crates(binary: Option<&Binary>) -> Crates<'_> {
    Crates::of(binary.map_or(&[], |binary| &binary.crates))
}

fn change_of(pair: Pair<'_, Binary>, crates: &CratePairs<'_>) -> BinaryChange {
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
        crates: crates.changes(zipped),
        functions: None,
        tools: tool_changes(old, new),
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
