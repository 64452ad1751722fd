//! Which version of a crate a function is of, where two are in the program and no build tells: the panic locations in its code name
//! the folder of the package, and with it the version.
//!
//! What the functions of one codegen unit's crate say together names that crate. A generic function that another crate's unit holds
//! speaks for itself alone.

use std::collections::BTreeMap;

use crate::cargo::{SourceOrigin, source_origin};

use super::code::Code;
use super::crate_table::{CrateNumber, CrateTable, VersionSought};
use super::locations::{self, Location};
use super::owner::{OwnerTable, Owners, OwnersId};
use super::pieces::References;

/// Of all that a crate's functions say about its version, this share must agree, in percent: code of another version may be inlined.
const LEAST_AGREEMENT: usize = 75;

/// Finds versions, and gives functions that are of another crate now their new owners: number of the code range, and the triple.
pub(super) fn find(
    code: &Code,
    references: &References,
    locations: &[Location<'_>],
    owners: &mut OwnerTable,
    table: &mut CrateTable<'_>,
) -> Vec<(usize, OwnersId)> {
    let mut said = said(references, locations);
    said.sort_unstable();
    said.dedup();
    let mut votes: BTreeMap<CrateNumber, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut moved = Vec::new();
    for of_function in said.chunk_by(|a, b| a.0 == b.0) {
        let function = of_function[0].0 as usize;
        let Some(triple) = code.ranges[function].owners else { continue };
        let known = owners.get(triple);
        let [owner, definition, instantiation] = [known.owner, known.definition, known.instantiation].map(|krate| {
            let Some(sought) = table.version_sought(krate) else { return krate };
            let mut named = of_function.iter().filter(|(_, package, _)| table.is_package_of(krate, package));
            match (sought, named.next(), named.next()) {
                // One function, one version: the location is in its own code.
                (VersionSought::OfItem, Some((_, _, version)), None) => {
                    let name = table.entries()[krate as usize].name.clone();
                    table.of_path(&name, version)
                }
                (VersionSought::OfCrate, Some((_, _, version)), None) => {
                    *votes.entry(krate).or_default().entry(version).or_default() += 1;
                    krate
                }
                _ => krate,
            }
        });
        let triple_now = Owners { owner, definition, instantiation };
        if triple_now != known {
            moved.push((function, owners.number(triple_now)));
        }
    }
    for (krate, versions) in votes {
        let all: usize = versions.values().sum();
        let most = versions.into_iter().max_by_key(|(version, count)| (*count, std::cmp::Reverse(*version)));
        if let Some((version, count)) = most
            && count * 100 >= all * LEAST_AGREEMENT
        {
            table.set_version(krate, version);
        }
    }
    moved
}

/// Function, package, version.
fn said<'a>(references: &References, locations: &[Location<'a>]) -> Vec<(u32, &'a str, &'a str)> {
    let mut said = Vec::new();
    for (function, location) in locations::referred(references, locations) {
        if let Some(SourceOrigin::Registry { package, version }) = source_origin(location.path) {
            said.push((function, package, version));
        }
    }
    said
}
