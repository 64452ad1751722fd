//! The crate graph: which packages there are, and which of them can be in a program.
//!
//! A **ship edge** is a normal dependency on a library that is linked: build and dev dependencies are dropped, and so
//! are procedural macros with all they need, because they run on the machine that builds. A package is **shipped** if
//! ship edges lead to it from a workspace member. The graph of ship edges has no circle; `from_metadata` checks that.
//!
//! Features are those of cargo's whole selection (`resolver = "2"` included), so the graph can hold a package that one
//! program does not use. It then has no bytes in that program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, Node, NodeDep};
use serde_json::Value;

use super::{CargoError, LambdaBuild, Package, platform};

/// The packages of a workspace and its dependencies, unique by id. Sorted by name, version and id: an index into
/// [`CrateGraph::packages`] is also a rank in that order, and stays valid for the life of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct CrateGraph {
    pub(super) packages: Vec<Package>,
    /// For each package the packages that it links, ascending, without repeats.
    pub(super) ship_edges: Vec<Vec<usize>>,
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

        let mut ship_edges = vec![BTreeSet::new(); packages.len()];
        for node in nodes {
            let from = find(&node.id.repr)?;
            for dependency in &node.deps {
                let to = find(&dependency.pkg.repr)?;
                let runs_in_compiler = packages[from].proc_macro || packages[to].proc_macro;
                if !runs_in_compiler && is_linked(dependency) {
                    ship_edges[from].insert(to);
                }
            }
        }
        let ship_edges: Vec<Vec<usize>> = ship_edges.into_iter().map(|to| to.into_iter().collect()).collect();
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

    /// Whether the package can be in a program of this workspace.
    #[must_use]
    pub fn is_shipped(&self, index: usize) -> bool {
        self.shipped[index]
    }

    /// The package's name, with `@version` where the graph ships another package of that name.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        let package = &self.packages[index];
        let is_twin = |&other: &usize| {
            let same_name = self.packages[other].name == package.name;
            same_name && other != index && (self.shipped[other] || !self.shipped[index])
        };
        if (0..self.packages.len()).any(|other| is_twin(&other)) {
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

fn is_linked(dependency: &NodeDep) -> bool {
    // Missing before cargo 1.41: then every dependency may be a normal one.
    dependency.dep_kinds.is_empty()
        || dependency
            .dep_kinds
            .iter()
            .any(|kind| kind.kind == DependencyKind::Normal && platform::can_run_on_lambda(kind.target.as_ref()))
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
