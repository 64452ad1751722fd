//! Packages that a program holds in several versions: what each costs, and who asks for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cargo::CrateGraph;
use crate::units::ByteSize;

use super::edges::Edges;
use super::explain::Program;
use super::row::CrateRow;

/// A package of which one program holds several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DuplicateCrate {
    /// The program: its path in the package.
    pub binary: String,
    /// The package's name.
    pub name: String,
    /// The versions, ascending.
    pub versions: Vec<DuplicateVersion>,
    /// What merging them saves in the file at most: all but the largest. The one that stays may grow.
    pub saves_bytes: ByteSize,
}

/// One version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DuplicateVersion {
    /// The version.
    pub version: String,
    /// cargo's package id.
    pub package_id: String,
    /// What it takes in the file.
    pub file_bytes: ByteSize,
    /// What it takes in the zip; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// What leaves the file with it; `None` where the graph does not tell which of its packages the program is.
    pub retained_bytes: Option<ByteSize>,
    /// The packages of the program that depend on it directly, sorted by name.
    pub brought_in_by: Vec<DuplicateUser>,
}

/// A package that asks for one of the versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DuplicateUser {
    /// Its name, with `@version` where the graph ships another of that name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The versions that it allows; empty where the metadata does not say.
    pub requirements: Vec<String>,
}

/// The packages with several versions in a program, sorted by name. A version counts if it has bytes there.
#[must_use]
pub fn duplicates(graph: Option<&CrateGraph>, program: &Program<'_>) -> Vec<DuplicateCrate> {
    let Some(graph) = graph else { return Vec::new() };
    let mut by_name: BTreeMap<&str, BTreeMap<usize, &CrateRow>> = BTreeMap::new();
    for row in program.crates {
        if let Some(package) = row.package_id.as_deref().and_then(|id| graph.index_of(id)) {
            by_name.entry(&graph.package(package).name).or_default().insert(package, row);
        }
    }
    by_name.retain(|_, packages| packages.len() > 1);
    if by_name.is_empty() {
        return Vec::new();
    }
    let edges = program.root.map(|root| Edges::new(graph, root));
    let version = |(package, row): (usize, &CrateRow)| DuplicateVersion {
        version: graph.package(package).version.clone(),
        package_id: graph.package(package).id.clone(),
        file_bytes: row.file_bytes,
        compressed_bytes: row.compressed_bytes,
        retained_bytes: row.retained_bytes,
        brought_in_by: edges.as_ref().map(|edges| users(graph, edges, package)).unwrap_or_default(),
    };
    by_name
        .into_iter()
        .map(|(name, packages)| {
            let versions: Vec<DuplicateVersion> = packages.into_iter().map(version).collect();
            let largest = versions.iter().map(|version| version.file_bytes).max().unwrap_or_default();
            let all: ByteSize = versions.iter().map(|version| version.file_bytes).sum();
            DuplicateCrate {
                binary: program.path.to_owned(),
                name: name.to_owned(),
                versions,
                saves_bytes: all - largest,
            }
        })
        .collect()
}

fn users(graph: &CrateGraph, edges: &Edges<'_>, package: usize) -> Vec<DuplicateUser> {
    let user = |by: usize| DuplicateUser {
        name: graph.label(by),
        version: graph.package(by).version.clone(),
        requirements: edges.dependency(by, package).requirements,
    };
    edges.linked_by(package).map(user).collect()
}
