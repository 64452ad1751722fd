//! Estimates for code that has lost its names: panic locations say which packages' sources a function was compiled from.
//!
//! Sources are inlined downstream: a function of hyper holds locations of core's sources, never the other way round. So a path outside
//! of the standard library counts more than any inside. Functions of one object stand side by side, so what stands between two
//! functions of one crate is counted as that crate's too. All of this is marked as resting on paths.

use std::collections::BTreeMap;

use crate::cargo::{SourceOrigin, source_origin};

use super::code::Code;
use super::crate_table::{CrateNumber, CrateTable};
use super::locations::{self, Location};
use super::pieces::References;
use super::runs;

/// The functions between two of one crate are taken to be of that crate, up to this many.
const LONGEST_RUN: usize = 64;

/// For each code range: the crate that the paths speak for, where it has no name.
pub(super) fn crates_by_path(
    code: &Code,
    references: &References,
    locations: &[Location<'_>],
    table: &mut CrateTable<'_>,
) -> Vec<Option<CrateNumber>> {
    let mut votes: Vec<(u32, CrateNumber)> = Vec::new();
    let mut of_path: BTreeMap<&str, Option<CrateNumber>> = BTreeMap::new();
    for (function, location) in locations::referred(references, locations) {
        if code.ranges[function as usize].owners.is_some() {
            continue;
        }
        let krate = *of_path.entry(location.path).or_insert_with(|| crate_of_path(location.path, table));
        votes.extend(krate.map(|krate| (function, krate)));
    }
    votes.sort_unstable();
    let mut crates: Vec<Option<CrateNumber>> = vec![None; code.ranges.len()];
    for function in votes.chunk_by(|a, b| a.0 == b.0) {
        let most = function.chunk_by(|a, b| a == b).max_by_key(|same| {
            let krate = same[0].1;
            (!table.is_std(krate), same.len(), std::cmp::Reverse(krate))
        });
        crates[function[0].0 as usize] = most.map(|same| same[0].1);
    }
    let is_std: Vec<bool> = crates.iter().map(|krate| krate.is_some_and(|krate| table.is_std(krate))).collect();
    drop_lone_std(&is_std, &mut crates);
    runs::fill(&mut crates, LONGEST_RUN, |at| code.ranges[at].owners.is_none());
    crates
}

/// Functions that speak, on each side, that are asked about one that speaks for std alone.
const ASKED_NEIGHBOURS: usize = 4;

/// A function that holds nothing but std's locations may be anybody's that std's code was inlined into. It is taken for std's only among
/// functions that are.
fn drop_lone_std(is_std: &[bool], crates: &mut [Option<CrateNumber>]) {
    let speaking: Vec<usize> = (0..crates.len()).filter(|&at| crates[at].is_some()).collect();
    for (place, &at) in speaking.iter().enumerate() {
        if !is_std[at] {
            continue;
        }
        let around =
            &speaking[place.saturating_sub(ASKED_NEIGHBOURS)..speaking.len().min(place + ASKED_NEIGHBOURS + 1)];
        let std = around.iter().filter(|&&other| is_std[other]).count();
        if std * 2 <= around.len() {
            crates[at] = None;
        }
    }
}

/// The crate that a source path is of.
pub(super) fn crate_of_path(path: &str, table: &mut CrateTable<'_>) -> Option<CrateNumber> {
    if let Some(package) = table.package_of_source(path) {
        return Some(package);
    }
    Some(match source_origin(path)? {
        SourceOrigin::Registry { package, version } => table.of_path(&package.replace('-', "_"), version),
        SourceOrigin::Std(name) => table.of_std(name),
        SourceOrigin::StdCopy(name) => table.of_std(&name.replace('-', "_")),
        SourceOrigin::Folder(name) => table.of_folder(&name.replace('-', "_")),
    })
}
