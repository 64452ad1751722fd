//! The crate graph: which packages there are, and which of them can be in a program.
//!
//! A **ship edge** is a normal dependency on a library that is linked: build and dev dependencies are dropped, and so
//! are procedural macros with all they need, because they run on the machine that builds. So are optional dependencies that
//! no feature turns on: cargo lists one for the sake of `x?/feature`, and does not build it. A package is **shipped** if
//! ship edges lead to it from a workspace member. The graph of ship edges has no circle; `from_metadata` checks that.
//!
//! Features are those of cargo's whole selection (`resolver = "2"` included), so the graph can hold a package that one
//! program does not use. It then has no bytes in that program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Node};
use serde_json::Value;

use super::edge::{Declaration, Declared, DependencyEdge, is_linked};
use super::{CargoError, LambdaBuild, Package};

/// The packages of a workspace and its dependencies, unique by id. Sorted by name, version and id: an index into
/// [`CrateGraph::packages`] is also a rank in that order, and stays valid for the life of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct CrateGraph {
    pub(super) packages: Vec<Package>,
    /// For each package the packages that it links, ascending, without repeats.
    pub(super) ship_edges: Vec<Vec<usize>>,
    /// For each package all that it declares, ship edges and others, by ascending package.
    pub(super) edges: Vec<Vec<DependencyEdge>>,
    /// For each package those that depend on it in any way, ascending.
    pub(super) dependents: Vec<Vec<usize>>,
    /// For each package, the length of the longest path of ship edges below it.
    pub(super) ranks: Vec<usize>,
    pub(super) shipped: Vec<bool>,
    pub(super) default_members: Vec<usize>,
    by_id: BTreeMap<String, usize>,
    by_crate_name: BTreeMap<String, Vec<usize>>,
    workspace_metadata: Value,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl CrateGraph {
    /// Reads what `cargo metadata --format-version 1` printed.
    ///
    /// # Errors
    /// [`CargoError`] if the text is something else, was made with `--no-deps`, or contradicts itself.
    pub fn from_metadata(json: &str) -> Result<Self, CargoError> {
        let mut metadata: Metadata = serde_json::from_str(json).map_err(CargoError::NotMetadata)?;
        let resolve = metadata.resolve.take().ok_or(CargoError::NoDependencyGraph)?;
        Self::new(metadata, &resolve.nodes)
    }

    /// Reads what `cargo metadata --format-version 1 --no-deps` printed: the members of the workspace with their settings,
    /// and nothing of what they depend on.
    ///
    /// # Errors
    /// [`CargoError`] if the text is something else, or contradicts itself.
    pub fn members_from_metadata(json: &str) -> Result<Self, CargoError> {
        Self::new(serde_json::from_str(json).map_err(CargoError::NotMetadata)?, &[])
    }

    fn new(metadata: Metadata, nodes: &[Node]) -> Result<Self, CargoError> {
        let mut features: BTreeMap<&str, Vec<String>> = nodes
            .iter()
            .map(|node| (node.id.repr.as_str(), node.features.iter().map(ToString::to_string).collect()))
            .collect();
        let members: BTreeSet<&str> = metadata.workspace_members.iter().map(|id| id.repr.as_str()).collect();

        let mut described: Vec<&cargo_metadata::Package> = metadata.packages.iter().collect();
        described.sort_by(|a, b| (a.name.as_ref(), &a.version, &a.id).cmp(&(b.name.as_ref(), &b.version, &b.id)));
        let packages: Vec<Package> = described
            .iter()
            .map(|package| {
                let id = package.id.repr.as_str();
                Package::from_cargo(package, members.contains(id), features.remove(id).unwrap_or_default())
            })
            .collect();

        let mut by_id = BTreeMap::new();
        for (index, package) in packages.iter().enumerate() {
            if by_id.insert(package.id.clone(), index).is_some() {
                return Err(CargoError::RepeatedPackageId { id: package.id.clone() });
            }
        }
        let find = |id: &str| {
            let unknown = || CargoError::UnknownPackageId { id: id.to_owned() };
            by_id.get(id).copied().ok_or_else(unknown)
        };

        let mut edges: Vec<BTreeMap<usize, DependencyEdge>> = vec![BTreeMap::new(); packages.len()];
        for node in nodes {
            let from = find(&node.id.repr)?;
            let declared = Declared::by(described[from]);
            for dependency in &node.deps {
                let to = find(&dependency.pkg.repr)?;
                let runs_in_compiler = packages[from].proc_macro || packages[to].proc_macro;
                let new = DependencyEdge { package: to, ships: false, declarations: Vec::new() };
                let edge = edges[from].entry(to).or_insert(new);
                edge.ships |= !runs_in_compiler && is_linked(dependency);
                edge.declarations.extend(declared.of(dependency, &packages[to], described[to]));
            }
        }
        for (from, to) in edges.iter_mut().enumerate() {
            for edge in to.values_mut() {
                // A certain declaration that is off does not keep one under a `cfg` from being on.
                let is_on = |declaration: &Declaration| packages[from].is_on(declaration);
                let mut possible = edge.declarations.iter().filter(|declaration| declaration.ships).peekable();
                edge.ships = edge.ships && (possible.peek().is_none() || possible.any(is_on));
            }
        }
        let edges: Vec<Vec<DependencyEdge>> = edges.into_iter().map(|to| to.into_values().collect()).collect();
        let ships = |to: &Vec<DependencyEdge>| to.iter().filter(|edge| edge.ships).map(|edge| edge.package).collect();
        let ship_edges: Vec<Vec<usize>> = edges.iter().map(ships).collect();
        let mut dependents = vec![Vec::new(); packages.len()];
        for (from, to) in edges.iter().enumerate() {
            for edge in to {
                dependents[edge.package].push(from);
            }
        }
        let ranks =
            ranks(&ship_edges).map_err(|index| CargoError::DependencyCycle { package: packages[index].id.clone() })?;

        let mut workspace: Vec<usize> =
            metadata.workspace_members.iter().map(|id| find(&id.repr)).collect::<Result<_, _>>()?;
        workspace.sort_unstable();
        // Missing before cargo 1.71.
        let default_members = if metadata.workspace_default_members.is_available() {
            let mut chosen: Vec<usize> =
                metadata.workspace_default_members.iter().map(|id| find(&id.repr)).collect::<Result<_, _>>()?;
            chosen.sort_unstable();
            chosen
        } else {
            workspace.clone()
        };

        let roots = workspace.iter().copied().filter(|&index| !packages[index].proc_macro);
        let shipped = reached(&ship_edges, roots);
        let by_crate_name = by_crate_name(&packages, &shipped);
        Ok(Self {
            packages,
            ship_edges,
            edges,
            dependents,
            ranks,
            shipped,
            default_members,
            by_id,
            by_crate_name,
            workspace_metadata: metadata.workspace_metadata,
            workspace_root: metadata.workspace_root.into_std_path_buf(),
            target_directory: metadata.target_directory.into_std_path_buf(),
        })
    }

    /// Every package, sorted by name, version and id. Holds those too that only run on the building machine.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The package at `index`.
    ///
    /// # Panics
    /// If `index` did not come from this graph.
    #[must_use]
    pub fn package(&self, index: usize) -> &Package {
        &self.packages[index]
    }

    /// The package whose id is `id`.
    #[must_use]
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The packages that have a library or a program of this crate name (as in symbols), shipped ones first.
    #[must_use]
    pub fn packages_named(&self, crate_name: &str) -> &[usize] {
        self.by_crate_name.get(crate_name).map_or(&[], Vec::as_slice)
    }

    /// The shipped package whose folder holds a source file: the longest match. Relative paths begin at the workspace's folder.
    #[must_use]
    pub fn package_of_source(&self, path: &str) -> Option<usize> {
        let path = self.workspace_root.join(path);
        let holds = |&index: &usize| self.shipped[index] && path.starts_with(&self.packages[index].source_root);
        let depth = |&index: &usize| self.packages[index].source_root.components().count();
        (0..self.packages.len()).filter(holds).max_by_key(depth)
    }

    /// The packages that `index` links directly, ascending.
    #[must_use]
    pub fn ship_dependencies(&self, index: usize) -> &[usize] {
        &self.ship_edges[index]
    }

    /// All that `index` declares, by ascending package: ship edges and those that leave nothing in a program.
    #[must_use]
    pub fn edges(&self, index: usize) -> &[DependencyEdge] {
        &self.edges[index]
    }

    /// What `from` declares about `to`.
    #[must_use]
    pub fn edge(&self, from: usize, to: usize) -> Option<&DependencyEdge> {
        let edges = &self.edges[from];
        edges.binary_search_by_key(&to, |edge| edge.package).ok().map(|at| &edges[at])
    }

    /// The packages that depend on `index` in any way, ascending: for their build scripts and tests too.
    #[must_use]
    pub fn dependents(&self, index: usize) -> &[usize] {
        &self.dependents[index]
    }

    /// Whether the package can be in a program of this workspace.
    #[must_use]
    pub fn is_shipped(&self, index: usize) -> bool {
        self.shipped[index]
    }

    /// The package's name, with `@version` where the graph ships another package of that name.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        let package = &self.packages[index];
        let shares_name = |other: usize| self.packages[other].name == package.name;
        // Packages are sorted by name, so those of one name are neighbours.
        let before = (0..index).rev().take_while(|&other| shares_name(other));
        let after = (index + 1..self.packages.len()).take_while(|&other| shares_name(other));
        if before.chain(after).any(|other| self.shipped[other] || !self.shipped[index]) {
            format!("{}@{}", package.name, package.version)
        } else {
            package.name.clone()
        }
    }

    /// `[workspace.metadata.lambda-slim]`, or null.
    #[must_use]
    pub fn workspace_lambda_slim_metadata(&self) -> &Value {
        self.workspace_metadata.get("lambda-slim").unwrap_or(&Value::Null)
    }

    /// cargo-lambda's build settings for a package: its own keys first, then the workspace's.
    ///
    /// # Errors
    /// [`CargoError::LambdaBuild`] if a key that is read has a value of another type.
    pub fn lambda_build(&self, index: usize) -> Result<LambdaBuild, CargoError> {
        let package = &self.packages[index];
        let own = LambdaBuild::from_metadata(&package.name, &package.metadata)?;
        let shared = LambdaBuild::from_metadata("the workspace", &self.workspace_metadata)?;
        Ok(own.or(shared))
    }

    /// The folder of the workspace's `Cargo.toml`.
    #[must_use]
    pub fn workspace_root(&self) -> &Path {
        &self.workspace_root
    }

    /// cargo's target directory.
    #[must_use]
    pub fn target_directory(&self) -> &Path {
        &self.target_directory
    }
}

fn by_crate_name(packages: &[Package], shipped: &[bool]) -> BTreeMap<String, Vec<usize>> {
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, package) in packages.iter().enumerate() {
        for name in package.crate_names() {
            let named = names.entry(name.to_owned()).or_default();
            if named.last() != Some(&index) {
                named.push(index);
            }
        }
    }
    for named in names.values_mut() {
        named.sort_by_key(|&index| (!shipped[index], index));
    }
    names
}

/// Which packages `edges` lead to from `roots`, the roots included.
pub(super) fn reached(edges: &[Vec<usize>], roots: impl IntoIterator<Item = usize>) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    let mut open: Vec<usize> = roots.into_iter().collect();
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            open.extend(&edges[index]);
        }
    }
    reached
}

/// The longest path below each package; a package of a circle as the error.
fn ranks(edges: &[Vec<usize>]) -> Result<Vec<usize>, usize> {
    let mut dependents = vec![Vec::new(); edges.len()];
    let mut waits_for: Vec<usize> = edges.iter().map(Vec::len).collect();
    for (from, to) in edges.iter().enumerate() {
        for &to in to {
            dependents[to].push(from);
        }
    }
    let mut ranks = vec![0; edges.len()];
    let mut ready: Vec<usize> = (0..edges.len()).filter(|&index| waits_for[index] == 0).collect();
    while let Some(index) = ready.pop() {
        for &dependent in &dependents[index] {
            ranks[dependent] = ranks[dependent].max(ranks[index] + 1);
            waits_for[dependent] -= 1;
            if waits_for[dependent] == 0 {
                ready.push(dependent);
            }
        }
    }
    match waits_for.iter().position(|&left| left > 0) {
        Some(index) => Err(index),
        None => Ok(ranks),
    }
}
