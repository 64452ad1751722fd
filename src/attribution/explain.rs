//! From a crate graph and the rows of each program to the answer of [`Why`].
//!
//! Promises: what leaves is the dominated set, so its bytes sum to the row's retained bytes; every edge is one that cargo
//! resolved; the number of paths is counted, whatever is listed.

use std::collections::BTreeMap;

use crate::cargo::{CrateGraph, DependencyKind};
use crate::units::ByteSize;

use super::edges::Edges;
use super::named::{Asked, close_names};
use super::retained::{Bytes, Retained};
use super::row::{CrateKind, CrateRow};
use super::why::{
    GraphKnowledge, Why, WhyCrate, WhyDependent, WhyLeaving, WhyNotLinked, WhyOtherUse, WhyPath, WhySwitch,
};

/// Paths that are listed at most, whatever is asked for.
pub const MOST_PATHS: usize = 1000;

/// What to explain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyQuery {
    /// `hyper` for every version, `hyper@1.8.1` or `hyper@1.8` for one; `-` and `_` are the same.
    pub krate: String,
    /// How many paths to list; 0 for [`MOST_PATHS`].
    pub most_paths: usize,
}

/// One program of the package, attributed.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// Its path in the package.
    pub path: &'a str,
    /// Number of its package in the crate graph.
    pub root: Option<usize>,
    /// Its crates by owner.
    pub crates: &'a [CrateRow],
}

/// Explains a crate in every program that has it.
#[must_use]
pub fn explain(query: &WhyQuery, graph: Option<&CrateGraph>, programs: &[Program<'_>]) -> Why {
    let asked = Asked::parse(&query.krate);
    let most = if query.most_paths == 0 { MOST_PATHS } else { query.most_paths.min(MOST_PATHS) };
    let mut why = Why { asked: query.krate.clone(), ..Why::default() };
    let in_graph: Vec<InProgram<'_>> = programs.iter().map(|program| InProgram::new(graph, *program)).collect();
    let by_name = |program: &InProgram<'_>| program.crates(&asked, most);
    why.crates = in_graph.iter().flat_map(by_name).collect();
    if why.crates.is_empty() {
        why.crates = in_graph.iter().flat_map(|program| program.renamed_crates(&asked, most)).collect();
    }
    if why.crates.is_empty() {
        why.not_linked = graph.map(|graph| not_linked(graph, &asked)).unwrap_or_default();
    }
    if why.crates.is_empty() && why.not_linked.is_empty() {
        let names = in_graph.iter().flat_map(InProgram::names).collect();
        why.did_you_mean = close_names(&asked, names);
    }
    why
}

/// A program and, where it is known, its place in the graph.
struct InProgram<'a> {
    program: Program<'a>,
    graph: Option<&'a CrateGraph>,
    known: Option<Linked<'a>>,
}

/// What is computed once for a program.
struct Linked<'a> {
    graph: &'a CrateGraph,
    root: usize,
    edges: Edges<'a>,
    retained: Retained,
}

impl<'a> InProgram<'a> {
    fn new(graph: Option<&'a CrateGraph>, program: Program<'a>) -> Self {
        let known = graph.zip(program.root).map(|(graph, root)| {
            let sizes = program
                .crates
                .iter()
                .filter_map(|row| Some((graph.index_of(row.package_id.as_deref()?)?, Bytes::of(row))));
            Linked { graph, root, edges: Edges::new(graph, root), retained: Retained::new(graph, root, sizes) }
        });
        Self { program, graph, known }
    }

    fn package_of(&self, row: &CrateRow) -> Option<usize> {
        self.graph?.index_of(row.package_id.as_deref()?)
    }

    /// The crates that are asked for by their own name or their package's: rows first, then what is linked without bytes.
    fn crates(&self, asked: &Asked<'_>, most: usize) -> Vec<WhyCrate> {
        let is_asked = |row: &&CrateRow| {
            let package = self.package_of(row).and_then(|package| Some(self.graph?.package(package).name.as_str()));
            asked.is(&row.name, row.version.as_deref())
                || package.is_some_and(|name| asked.is(name, row.version.as_deref()))
        };
        let rows = self.program.crates.iter().filter(is_asked).map(|row| self.of_row(row, most));
        let mut crates: Vec<WhyCrate> = rows.collect();
        if let Some(known) = &self.known {
            let without_row = |&package: &usize| known.retained.own(package).is_none();
            let linked = known.edges.linked().filter(without_row);
            let asked_for = linked.filter(|&package| asked.is_package(known.graph.package(package)));
            crates.extend(asked_for.map(|package| self.of_package(known, package, most)));
        }
        crates
    }

    /// The crates that some package of the program knows by the name that is asked for.
    fn renamed_crates(&self, asked: &Asked<'_>, most: usize) -> Vec<WhyCrate> {
        let Some(known) = &self.known else { return Vec::new() };
        let renamed = known
            .edges
            .renamed()
            .filter(|(name, package)| asked.is(name, Some(known.graph.package(*package).version.as_str())));
        let packages: std::collections::BTreeSet<usize> = renamed.map(|(_, package)| package).collect();
        let row_of = |package| self.program.crates.iter().find(|row| self.package_of(row) == Some(package));
        packages
            .into_iter()
            .map(|package| match row_of(package) {
                Some(row) => self.of_row(row, most),
                None => self.of_package(known, package, most),
            })
            .collect()
    }

    /// Names that can be asked for.
    fn names(&self) -> Vec<(&str, Option<&str>)> {
        let rows = self.program.crates.iter().filter(|row| !row.name.starts_with('['));
        let mut names: Vec<_> = rows.map(|row| (row.name.as_str(), row.version.as_deref())).collect();
        if let Some(known) = &self.known {
            let packages = known.edges.linked().map(|package| known.graph.package(package));
            names.extend(packages.map(|package| (package.name.as_str(), Some(package.version.as_str()))));
        }
        names
    }

    fn of_row(&self, row: &CrateRow, most: usize) -> WhyCrate {
        let mut krate = WhyCrate {
            binary: self.program.path.to_owned(),
            name: row.name.clone(),
            version: row.version.clone(),
            package_id: row.package_id.clone(),
            kind: row.kind,
            file_bytes: row.file_bytes,
            compressed_bytes: row.compressed_bytes,
            functions: row.functions,
            graph: self.knowledge(row),
            retained_bytes: None,
            retained_compressed_bytes: None,
            leaves: Vec::new(),
            paths_count: 0,
            paths: Vec::new(),
            kept_by: Vec::new(),
            switches: Vec::new(),
            also_used_by: Vec::new(),
        };
        if let (Some(known), Some(package), GraphKnowledge::Known) = (&self.known, self.package_of(row), krate.graph) {
            known.fill(&mut krate, package, most);
        }
        krate
    }

    fn of_package(&self, known: &Linked<'_>, package: usize, most: usize) -> WhyCrate {
        let described = known.graph.package(package);
        let name = described.crate_names().next().unwrap_or(&described.name).to_owned();
        let kind = if described.workspace_member { CrateKind::Workspace } else { CrateKind::Dependency };
        let zipped = self.program.crates.iter().any(|row| row.compressed_bytes.is_some());
        let row = CrateRow {
            package_id: Some(described.id.clone()),
            compressed_bytes: zipped.then_some(ByteSize::ZERO),
            ..CrateRow::empty(name, Some(described.version.clone()), kind)
        };
        self.of_row(&row, most)
    }

    fn knowledge(&self, row: &CrateRow) -> GraphKnowledge {
        if matches!(row.kind, CrateKind::Std | CrateKind::Linker | CrateKind::Unattributed) {
            return GraphKnowledge::NoPackage;
        }
        let Some(graph) = self.graph else { return GraphKnowledge::NoGraph };
        match (self.package_of(row), &self.known) {
            (Some(package), Some(known)) if known.edges.is_linked(package) => GraphKnowledge::Known,
            (Some(_), _) => GraphKnowledge::NotLinked,
            (None, _) if row.kind == CrateKind::Dependency && graph.packages_named(&row.name).len() > 1 => {
                GraphKnowledge::Ambiguous
            }
            (None, _) => GraphKnowledge::NoPackage,
        }
    }
}

impl Linked<'_> {
    /// Everything that the graph tells of a linked package.
    fn fill(&self, krate: &mut WhyCrate, package: usize, most: usize) {
        let whole = self.retained.sum(package).unwrap_or(Bytes::NONE);
        krate.retained_bytes = Some(whole.file);
        krate.retained_compressed_bytes = whole.zip.filter(|_| krate.compressed_bytes.is_some());
        krate.leaves = self.leaves(package, krate.compressed_bytes.is_some());
        let paths = self.graph.paths(self.root, package, most);
        krate.paths_count = u64::try_from(paths.count).unwrap_or(u64::MAX);
        let mut facts = BTreeMap::new();
        krate.paths = paths.listed.iter().map(|path| WhyPath { steps: self.edges.steps(path, &mut facts) }).collect();
        krate.kept_by = self.edges.linked_by(package).map(|dependent| self.dependent(dependent, package)).collect();
        krate.switches = self.switches(package);
        krate.also_used_by = other_uses(self.graph, package);
    }

    fn leaves(&self, package: usize, in_zip: bool) -> Vec<WhyLeaving> {
        let mut leaves: Vec<WhyLeaving> = self
            .retained
            .packages(package)
            .into_iter()
            .map(|leaving| {
                let (described, bytes) =
                    (self.graph.package(leaving), self.retained.own(leaving).unwrap_or(Bytes::NONE));
                WhyLeaving {
                    name: described.name.clone(),
                    version: described.version.clone(),
                    package_id: described.id.clone(),
                    file_bytes: bytes.file,
                    compressed_bytes: bytes.zip.filter(|_| in_zip),
                }
            })
            .collect();
        leaves.sort_by(|a, b| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.package_id.cmp(&b.package_id)));
        leaves
    }

    fn dependent(&self, dependent: usize, package: usize) -> WhyDependent {
        let described = self.graph.package(dependent);
        WhyDependent {
            name: self.graph.label(dependent),
            version: described.version.clone(),
            package_id: described.id.clone(),
            dependency: self.edges.dependency(dependent, package),
            activations: self.edges.activations_back_to_workspace(dependent, package),
        }
    }

    /// Where one package on every path has a single dependent, the edge between them is on every path too.
    fn switches(&self, package: usize) -> Vec<WhySwitch> {
        let mut switches = Vec::new();
        let mut at = Some(package);
        while let Some(dependency) = at {
            let mut dependents = self.edges.linked_by(dependency);
            if let (Some(dependent), None) = (dependents.next(), dependents.next())
                && self.edges.dependency(dependent, dependency).optional
            {
                switches.push(WhySwitch {
                    dependent: self.graph.label(dependent),
                    dependency: self.graph.label(dependency),
                    retained_bytes: self.retained.sum(dependency).unwrap_or(Bytes::NONE).file,
                    activations: self.edges.activations_back_to_workspace(dependent, dependency),
                });
            }
            at = self.retained.dominator(dependency);
        }
        switches
    }
}

/// Who uses a package without putting bytes of it into a program, sorted by name.
fn other_uses(graph: &CrateGraph, package: usize) -> Vec<WhyOtherUse> {
    let mut uses = Vec::new();
    for &by in graph.dependents(package) {
        let Some(edge) = graph.edge(by, package) else { continue };
        let described = graph.package(by);
        for declaration in edge.declarations.iter().filter(|declaration| !(edge.ships && declaration.ships)) {
            let normal = declaration.kind == DependencyKind::Normal;
            uses.push(WhyOtherUse {
                name: described.name.clone(),
                version: described.version.clone(),
                kind: declaration.kind,
                procedural_macro: described.proc_macro,
                turned_off: declaration.ships && !described.is_on(declaration),
                target: declaration.target.clone().filter(|_| normal && !declaration.ships),
            });
        }
    }
    uses.dedup();
    uses
}

fn not_linked(graph: &CrateGraph, asked: &Asked<'_>) -> Vec<WhyNotLinked> {
    let packages = graph.packages().iter().enumerate().filter(|(_, package)| asked.is_package(package));
    packages
        .map(|(index, package)| WhyNotLinked {
            name: package.name.clone(),
            version: package.version.clone(),
            procedural_macro: package.proc_macro,
            used_by: other_uses(graph, index),
        })
        .collect()
}
