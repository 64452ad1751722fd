//! Functions of two binaries, matched by what a rebuild does not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::{Side, SizeChange, Status, by_magnitude, sizes, status};
use super::crate_changes::CratePairs;
use super::pairing::Pair;
use crate::report::Binary;
use crate::units::ByteSize;

/// What a report that names not every byte leaves over.
const NOT_LISTED: &str = "[not listed]";

/// The change of one function or data object. Hashes, LLVM's suffixes, the numbers of closures and the crate's version make no other
/// function; all that share the rest of a name are one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionChange {
    /// Name without what changes from build to build.
    pub name: String,
    /// The owner's crate name.
    #[serde(rename = "crate")]
    pub crate_name: String,
    /// The owner's version in the old report; `None` where it is not known or the crate was not there.
    pub old_version: Option<String>,
    /// The owner's version in the new report; `None` where it is not known or the crate is gone.
    pub new_version: Option<String>,
    /// The section that holds it.
    pub section: String,
    /// What became of it.
    pub status: Status,
    /// Bytes in the file.
    pub file: SizeChange,
    /// Bytes in the zip; `None` where either side does not know it.
    pub compressed: Option<SizeChange>,
}

/// Stable name, crate, number of the crate's pair, section.
type Key<'a> = (String, &'a str, Option<usize>, &'a str);

/// Changes that sum to the change of the file; `None` where a side lists no functions, or more than its file holds.
pub(super) fn function_changes(
    old: Option<&Binary>,
    new: Option<&Binary>,
    crates: &CratePairs<'_>,
    zipped: bool,
) -> Option<Vec<FunctionChange>> {
    let (old_rows, old_zip) = rows(old, &crates.numbers(Pair::before))?;
    let (mut new_rows, new_zip) = rows(new, &crates.numbers(Pair::after))?;
    let zipped = zipped && old_zip && new_zip;
    let mut pairs: Vec<(Key<'_>, Option<Side>, Option<Side>)> = Vec::with_capacity(old_rows.len().max(new_rows.len()));
    for (key, old) in old_rows {
        let new = new_rows.remove(&key);
        pairs.push((key, Some(old), new));
    }
    pairs.extend(new_rows.into_iter().map(|(key, new)| (key, None, Some(new))));
    let mut changes: Vec<FunctionChange> =
        pairs.into_iter().map(|(key, old, new)| change(key, old, new, crates, zipped)).collect();
    changes.sort_by_cached_key(|row| {
        let versions = (row.new_version.clone(), row.old_version.clone());
        (
            by_magnitude(row.file, row.compressed),
            row.name.clone(),
            row.crate_name.clone(),
            row.section.clone(),
            versions,
        )
    });
    Some(changes)
}

/// Whether the report was made with functions. A file without bytes has none to list.
pub(super) fn lists_functions(binary: &Binary) -> bool {
    !binary.functions.is_empty() || binary.file_bytes == ByteSize::ZERO
}

/// The functions of one side, which sum to its file, and whether they sum to it in the zip too.
fn rows<'a>(
    binary: Option<&'a Binary>,
    numbers: &BTreeMap<(&str, Option<&str>), usize>,
) -> Option<(BTreeMap<Key<'a>, Side>, bool)> {
    let mut rows: BTreeMap<Key<'a>, Side> = BTreeMap::new();
    let Some(binary) = binary else { return Some((rows, true)) };
    if !lists_functions(binary) {
        return None;
    }
    let mut add = |key: Key<'a>, side: Side| {
        let known = rows.entry(key).or_insert(Side { file: ByteSize::ZERO, compressed: Some(ByteSize::ZERO) });
        *known = Side::sum([*known, side].into_iter());
    };
    for row in &binary.functions {
        let pair = numbers.get(&(row.crate_name.as_str(), row.version.as_deref())).copied();
        add((row.stable_name(), &row.crate_name, pair, &row.section), Side::of_function(row));
    }
    let rest = left_over(binary)?;
    let nothing = rest.file == ByteSize::ZERO && rest.compressed.unwrap_or(ByteSize::ZERO) == ByteSize::ZERO;
    if !nothing {
        add((NOT_LISTED.to_owned(), "", None, ""), rest);
    }
    Some((rows, rest.compressed.is_some()))
}

/// What the functions lack to the file; `None` where they hold more.
fn left_over(binary: &Binary) -> Option<Side> {
    let listed = Side::sum(binary.functions.iter().map(Side::of_function));
    let zip: Option<ByteSize> = binary.crates.iter().map(|row| row.compressed_bytes).sum();
    let less = |all: ByteSize, part: ByteSize| all.get().checked_sub(part.get()).map(ByteSize::new);
    let compressed = zip.zip(listed.compressed).and_then(|(zip, listed)| less(zip, listed));
    Some(Side { file: less(binary.file_bytes, listed.file)?, compressed })
}

fn change(
    (name, crate_name, pair, section): Key<'_>,
    old: Option<Side>,
    new: Option<Side>,
    crates: &CratePairs<'_>,
    zipped: bool,
) -> FunctionChange {
    let (file, compressed) = sizes(old, new, zipped);
    let status = match (&old, &new) {
        (Some(old), Some(new)) => status(Pair::Both(old, new), file, compressed, false),
        (Some(old), None) => status(Pair::Removed(old), file, compressed, false),
        (_, new) => status(Pair::Added(new), file, compressed, false),
    };
    let (old_version, new_version) = pair.map_or((None, None), |number| crates.versions(number));
    FunctionChange {
        name,
        crate_name: crate_name.to_owned(),
        old_version: old_version.map(str::to_owned),
        new_version: new_version.map(str::to_owned),
        section: section.to_owned(),
        status,
        file,
        compressed,
    }
}
