//! What `Cargo.toml` says about one package's dependency on another: kind, platform, version, features.
//!
//! `cargo metadata` tells in one place which package was chosen, and in another what was asked for. Here the two are
//! brought together. Metadata without declarations (a trimmed file) still yields every edge; what was asked for
//! is then not known.

use std::collections::BTreeMap;

use cargo_metadata::cargo_platform::Platform;
use cargo_metadata::{Dependency, NodeDep};
use serde::{Deserialize, Serialize};

use super::{Package, platform};

/// When a dependency is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DependencyKind {
    /// By the code itself.
    Normal,
    /// By the build script.
    Build,
    /// By tests, examples and benchmarks.
    Development,
}

/// One line under `[dependencies]`, or what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The name by which the dependent's features mean it: the key in `Cargo.toml`.
    pub name: String,
    /// Whether that name is not the package's own.
    pub renamed: bool,
    /// When it is needed.
    pub kind: DependencyKind,
    /// The platform that it is for, as `cfg(unix)`; `None` for all.
    pub target: Option<String>,
    /// Versions that are allowed, as `^1.2`; `None` where the metadata does not say.
    pub requirement: Option<String>,
    /// Whether a feature must turn it on.
    pub optional: bool,
    /// Whether it asks for the `default` feature.
    pub default_features: bool,
    /// The features that it asks for.
    pub features: Vec<String>,
    /// Whether it can be in a program that Lambda runs: a normal one, for such a platform.
    pub ships: bool,
    /// Whether it is in every program that Lambda runs, and not only where a `cfg` is set.
    pub always_ships: bool,
}

/// All that one package declares about one other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyEdge {
    /// The package that is depended on.
    pub package: usize,
    /// Whether it is a ship edge: see [`CrateGraph`](super::CrateGraph).
    pub ships: bool,
    /// At least one: a package can be declared for several kinds and platforms, and under several names.
    pub declarations: Vec<Declaration>,
}

impl DependencyEdge {
    /// The declarations that make it a ship edge: those that always ship; where there are none, those that may; all, where cargo
    /// does not tell kinds. Empty unless it is a ship edge.
    pub fn shipping(&self) -> impl Iterator<Item = &Declaration> {
        let certain = self.declarations.iter().any(|declaration| declaration.always_ships);
        let possible = self.declarations.iter().any(|declaration| declaration.ships);
        self.declarations.iter().filter(move |declaration| match (certain, possible) {
            (true, _) => self.ships && declaration.always_ships,
            (false, true) => self.ships && declaration.ships,
            (false, false) => self.ships,
        })
    }
}

/// What one package declares, by the name of the package that is meant.
pub(super) struct Declared<'a>(BTreeMap<&'a str, Vec<&'a Dependency>>);

impl<'a> Declared<'a> {
    pub(super) fn by(package: &'a cargo_metadata::Package) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&Dependency>> = BTreeMap::new();
        for dependency in &package.dependencies {
            by_name.entry(&dependency.name).or_default().push(dependency);
        }
        Self(by_name)
    }

    /// The declarations behind an edge that cargo resolved to `to`.
    pub(super) fn of(&self, edge: &NodeDep, to: &Package, described: &cargo_metadata::Package) -> Vec<Declaration> {
        let named: Vec<&Dependency> = self
            .0
            .get(to.name.as_str())
            .into_iter()
            .flatten()
            .copied()
            .filter(|dependency| is_called(dependency, &edge.name, to))
            .collect();
        if edge.dep_kinds.is_empty() {
            return match allowing(&named, described).as_slice() {
                [] => vec![unknown(edge, to, DependencyKind::Normal, None)],
                found => found.iter().map(|dependency| known(dependency)).collect(),
            };
        }
        let mut declarations = Vec::new();
        for told in &edge.dep_kinds {
            let of_kind: Vec<&Dependency> = named
                .iter()
                .copied()
                .filter(|dependency| dependency.kind == told.kind && dependency.target == told.target)
                .collect();
            match allowing(&of_kind, described).as_slice() {
                [] => declarations.push(unknown(edge, to, kind(told.kind), told.target.as_ref())),
                found => declarations.extend(found.iter().map(|dependency| known(dependency))),
            }
        }
        declarations
    }
}

/// Those whose requirement allows the version; all where none does, as with a path to a pre-release.
fn allowing<'a>(declared: &[&'a Dependency], to: &cargo_metadata::Package) -> Vec<&'a Dependency> {
    let allows = |dependency: &&Dependency| dependency.req.matches(&to.version);
    let allowing: Vec<&Dependency> = declared.iter().copied().filter(allows).collect();
    if allowing.is_empty() { declared.to_vec() } else { allowing }
}

/// Whether the code sees the dependency under this name. Before cargo 1.41 the name can be missing.
fn is_called(dependency: &Dependency, extern_name: &str, to: &Package) -> bool {
    let as_crate = |name: &str| name.replace('-', "_");
    if extern_name.is_empty() {
        return true;
    }
    match &dependency.rename {
        Some(rename) => as_crate(rename) == extern_name,
        None => to.lib_name.as_deref() == Some(extern_name) || as_crate(&to.name) == extern_name,
    }
}

fn known(dependency: &Dependency) -> Declaration {
    Declaration {
        name: dependency.rename.clone().unwrap_or_else(|| dependency.name.clone()),
        renamed: dependency.rename.as_ref().is_some_and(|rename| *rename != dependency.name),
        kind: kind(dependency.kind),
        target: dependency.target.as_ref().map(ToString::to_string),
        requirement: Some(dependency.req.to_string()),
        optional: dependency.optional,
        default_features: dependency.uses_default_features,
        features: dependency.features.clone(),
        ships: ships(dependency.kind, dependency.target.as_ref()),
        always_ships: dependency.kind == cargo_metadata::DependencyKind::Normal
            && platform::always_runs_on_lambda(dependency.target.as_ref()),
    }
}

/// A declaration of which only the resolved edge tells.
fn unknown(edge: &NodeDep, to: &Package, kind: DependencyKind, target: Option<&Platform>) -> Declaration {
    let own_name = edge.name.is_empty()
        || to.lib_name.as_deref() == Some(edge.name.as_str())
        || to.name.replace('-', "_") == edge.name;
    Declaration {
        name: if own_name { to.name.clone() } else { edge.name.clone() },
        renamed: !own_name,
        kind,
        target: target.map(ToString::to_string),
        requirement: None,
        optional: false,
        default_features: true,
        features: Vec::new(),
        ships: kind == DependencyKind::Normal && platform::can_run_on_lambda(target),
        always_ships: kind == DependencyKind::Normal && platform::always_runs_on_lambda(target),
    }
}

fn kind(kind: cargo_metadata::DependencyKind) -> DependencyKind {
    match kind {
        cargo_metadata::DependencyKind::Build => DependencyKind::Build,
        cargo_metadata::DependencyKind::Development => DependencyKind::Development,
        _ => DependencyKind::Normal,
    }
}

fn ships(kind: cargo_metadata::DependencyKind, target: Option<&Platform>) -> bool {
    kind == cargo_metadata::DependencyKind::Normal && platform::can_run_on_lambda(target)
}

/// Whether any of the kinds that cargo tells of an edge is in a program that Lambda runs.
pub(super) fn is_linked(edge: &NodeDep) -> bool {
    // Missing before cargo 1.41: then every dependency may be a normal one.
    edge.dep_kinds.is_empty() || edge.dep_kinds.iter().any(|told| ships(told.kind, told.target.as_ref()))
}
