//! Crates of two binaries, version by version.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::change::{Side, SizeChange, Status, by_magnitude, sizes, status};
use super::pairing::{Pair, pair};
use crate::attribution::{CrateKind, CrateRow};
use crate::units::ByteDelta;

/// The change of one crate. Another version is a change, not a new crate; of several, the nearest.
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

/// All rows of one crate version on one side. Rows can share it: one name and version from two registries.
#[derive(Debug)]
pub(super) struct CrateVersion<'a> {
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

/// Which crate of the old binary is which of the new one.
pub(super) struct CratePairs<'a> {
    pairs: Vec<(&'a str, Pair<'a, CrateVersion<'a>>)>,
}

/// The versions of each crate on one side.
pub(super) struct Crates<'a>(Families<'a>);

impl<'a> Crates<'a> {
    pub(super) fn of(rows: &'a [CrateRow]) -> Self {
        Self(families(rows))
    }
}

impl<'a> CratePairs<'a> {
    /// Pairs equal versions, then of what remains the nearest.
    pub(super) fn of(old: &'a Crates<'a>, new: &'a Crates<'a>) -> Self {
        let keys: BTreeSet<_> = old.0.keys().chain(new.0.keys()).copied().collect();
        let side = |crates: &'a Crates<'a>, key| crates.0.get(key).map_or(&[][..], Vec::as_slice);
        let pairs = keys.iter().flat_map(|key| {
            let pairs = pair(side(old, key), side(new, key), |row| row.version);
            nearest(pairs).into_iter().map(|pair| (key.1, pair))
        });
        Self { pairs: pairs.collect() }
    }

    pub(super) fn changes(&self, zipped: bool) -> Vec<CrateChange> {
        let mut changes: Vec<CrateChange> =
            self.pairs.iter().map(|(name, pair)| crate_change(name, *pair, zipped)).collect();
        changes.sort_by_cached_key(|row| {
            let name = (row.name.clone(), row.new_version.clone(), row.old_version.clone(), row.kind);
            (by_magnitude(row.file, row.compressed), name)
        });
        changes
    }

    /// The pair of each crate of one side, by name and version. A name that is both std's and the user's has the first of the two.
    pub(super) fn numbers(
        &self,
        side: impl Fn(Pair<'a, CrateVersion<'a>>) -> Option<&'a CrateVersion<'a>>,
    ) -> BTreeMap<(&'a str, Option<&'a str>), usize> {
        let mut numbers = BTreeMap::new();
        for (number, (name, pair)) in self.pairs.iter().enumerate() {
            if let Some(row) = side(*pair) {
                numbers.entry((*name, row.version)).or_insert(number);
            }
        }
        numbers
    }

    /// Versions of a pair: before and after.
    pub(super) fn versions(&self, number: usize) -> (Option<&'a str>, Option<&'a str>) {
        let pair = self.pairs.get(number).map(|(_, pair)| *pair);
        let version = |row: Option<&CrateVersion<'a>>| row.and_then(|row| row.version);
        (version(pair.and_then(Pair::before)), version(pair.and_then(Pair::after)))
    }
}

/// The most pairs of versions of one crate that are compared: far above what a program has.
const MAX_COMPARED: usize = 10_000;

/// Pairs each version that went with the nearest one that came: an update is a change, whatever other versions there are.
fn nearest<'a>(pairs: Vec<Pair<'a, CrateVersion<'a>>>) -> Vec<Pair<'a, CrateVersion<'a>>> {
    let went: Vec<_> = pairs.iter().filter_map(|pair| pair.before().filter(|_| pair.after().is_none())).collect();
    let came: Vec<_> = pairs.iter().filter_map(|pair| pair.after().filter(|_| pair.before().is_none())).collect();
    if went.is_empty() || came.is_empty() || went.len().saturating_mul(came.len()) > MAX_COMPARED {
        return pairs;
    }
    let mut candidates = Vec::with_capacity(went.len() * came.len());
    for (from, old) in went.iter().enumerate() {
        let to = came.iter().enumerate();
        candidates.extend(to.map(|(to, new)| (distance(old.version, new.version), old.version, new.version, from, to)));
    }
    candidates.sort_unstable();
    let (mut waits, mut wanted) = (vec![true; went.len()], vec![true; came.len()]);
    let mut settled: Vec<_> = pairs.into_iter().filter(|pair| matches!(pair, Pair::Both(..))).collect();
    for (_, _, _, from, to) in candidates {
        if waits[from] && wanted[to] {
            (waits[from], wanted[to]) = (false, false);
            settled.push(Pair::Both(went[from], came[to]));
        }
    }
    settled.extend(went.into_iter().zip(waits).filter(|(_, waits)| *waits).map(|(row, _)| Pair::Removed(row)));
    settled.extend(came.into_iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(row, _)| Pair::Added(row)));
    settled
}

/// How far two versions are apart: first by major, then minor, then patch. What is no version is farther than any.
fn distance(old: Option<&str>, new: Option<&str>) -> [u64; 3] {
    match (old.and_then(numbers), new.and_then(numbers)) {
        (Some(old), Some(new)) => std::array::from_fn(|at| old[at].abs_diff(new[at])),
        _ => [u64::MAX; 3],
    }
}

/// `1.2.3` of `1.2.3-rc.1+build`.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let release = version.split(['-', '+']).next()?;
    let mut numbers = [0; 3];
    let mut parts = release.split('.');
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
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
