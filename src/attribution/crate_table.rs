//! The crates of one file, each once: two versions are two, std's copies are std's.

use std::collections::BTreeMap;

use crate::cargo::{CodegenUnit, CrateGraph, CrateHash, CrateIdentities, SymbolHomes};
use crate::elf::mangling::{CrateRef, Scheme};

use super::census::Census;
use super::row::CrateKind;

/// Number of a crate in a [`CrateTable`].
pub(super) type CrateNumber = u32;

pub(super) const NATIVE: CrateNumber = 0;
pub(super) const LINKER: CrateNumber = 1;
pub(super) const UNATTRIBUTED: CrateNumber = 2;

/// Which package a crate's hash is of, as the libraries tell that the program was linked from.
#[derive(Debug, Clone, Copy)]
pub struct Identities<'a> {
    /// The packages of the crate graph.
    pub packages: &'a CrateIdentities,
    /// The toolchain's own libraries.
    pub std: &'a CrateIdentities,
    /// The objects behind global symbols and native code.
    pub homes: &'a SymbolHomes,
}

/// One crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CrateEntry {
    pub(super) name: String,
    pub(super) kind: CrateKind,
    /// Number of its package in the crate graph.
    pub(super) package: Option<usize>,
}

/// What makes two references the same crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Package(usize),
    Std(String),
    /// No graph knows it, or several packages have the name and no hash tells which.
    Named(String, Option<CrateHash>),
}

/// The crates of one file.
#[derive(Debug)]
pub(super) struct CrateTable<'a> {
    graph: Option<&'a CrateGraph>,
    identities: Identities<'a>,
    census: &'a Census<'a>,
    entries: Vec<CrateEntry>,
    numbers: BTreeMap<Key, CrateNumber>,
}

impl<'a> CrateTable<'a> {
    pub(super) fn new(graph: Option<&'a CrateGraph>, identities: Identities<'a>, census: &'a Census<'a>) -> Self {
        let special = |name: &str, kind| CrateEntry { name: name.to_owned(), kind, package: None };
        Self {
            graph,
            identities,
            census,
            entries: vec![
                special("[native]", CrateKind::Native),
                special("[linker]", CrateKind::Linker),
                special("[unattributed]", CrateKind::Unattributed),
            ],
            numbers: BTreeMap::new(),
        }
    }

    pub(super) fn entries(&self) -> &[CrateEntry] {
        &self.entries
    }

    pub(super) fn is_std(&self, number: CrateNumber) -> bool {
        self.entries.get(number as usize).is_some_and(|entry| entry.kind == CrateKind::Std)
    }

    pub(super) fn is_user(&self, number: CrateNumber) -> bool {
        let kind = self.entries.get(number as usize).map(|entry| entry.kind);
        matches!(kind, Some(CrateKind::Workspace | CrateKind::Dependency))
    }

    /// True where no object of the toolchain's own libraries can hold a name of this scheme.
    pub(super) fn is_foreign_to_std(&self, scheme: Scheme) -> bool {
        self.census.is_foreign_to_std(scheme)
    }

    /// The crate that a codegen unit was compiled from.
    pub(super) fn of_unit(&mut self, unit: &CodegenUnit<'_>) -> CrateNumber {
        let root = CrateRef { name: unit.crate_name, hash: Some(unit.hash.value()) };
        self.of_root(&root, None, Some(unit))
    }

    /// The crate of a package that holds native code; [`NATIVE`] where the graph does not know it.
    pub(super) fn of_package(&mut self, id: &str) -> CrateNumber {
        let Some(graph) = self.graph else { return NATIVE };
        let Some(package) = graph.index_of(id) else { return NATIVE };
        let found = graph.package(package);
        let name = found.crate_names().next().unwrap_or(&found.name).to_owned();
        self.number(&name, Key::Package(package))
    }

    /// The crate that a symbol names. `unit` is the codegen unit that holds the symbol: a legacy name has no hash, but where
    /// the unit is of a crate of that name, it is of that very crate.
    pub(super) fn of_root(
        &mut self,
        root: &CrateRef<'_>,
        scheme: Option<Scheme>,
        unit: Option<&CodegenUnit<'_>>,
    ) -> CrateNumber {
        let key = self.key(root, scheme, unit);
        self.number(root.name, key)
    }

    fn number(&mut self, name: &str, key: Key) -> CrateNumber {
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        let number = CrateNumber::try_from(self.entries.len()).expect("a file has fewer than 2^32 crates");
        self.entries.push(self.entry(name, &key));
        self.numbers.insert(key, number);
        number
    }

    fn key(&self, root: &CrateRef<'_>, scheme: Option<Scheme>, unit: Option<&CodegenUnit<'_>>) -> Key {
        let name = if root.name == "__rustc" { "std" } else { root.name };
        let of_unit = unit.filter(|unit| unit.crate_name == name).map(|unit| unit.hash);
        let hash = root.hash.map(CrateHash::new).or(of_unit).or_else(|| self.census.single_hash(name));
        if let Some(id) = hash.and_then(|hash| self.identities.packages.package_of(hash))
            && let Some(package) = self.graph.and_then(|graph| graph.index_of(id))
        {
            return Key::Package(package);
        }
        if hash.is_some_and(|hash| self.identities.std.package_of(hash).is_some()) {
            return Key::Std(name.to_owned());
        }
        let packages = self.graph.map(|graph| graph.packages_named(name)).unwrap_or_default();
        if self.census.is_std(name, hash, scheme, !packages.is_empty()) {
            return Key::Std(name.to_owned());
        }
        match packages {
            &[package] => Key::Package(package),
            // Nothing tells which of two versions it is: the hash keeps them apart, without a version.
            _ => Key::Named(name.to_owned(), hash),
        }
    }

    fn entry(&self, name: &str, key: &Key) -> CrateEntry {
        match (key, self.graph) {
            (Key::Package(package), Some(graph)) => {
                let member = graph.packages()[*package].workspace_member;
                let kind = if member { CrateKind::Workspace } else { CrateKind::Dependency };
                CrateEntry { name: name.to_owned(), kind, package: Some(*package) }
            }
            (Key::Std(name), _) => CrateEntry { name: name.clone(), kind: CrateKind::Std, package: None },
            _ => CrateEntry { name: name.to_owned(), kind: CrateKind::Dependency, package: None },
        }
    }

    /// The most downstream of several crates: the one that depends on the others. The first, where nothing tells.
    pub(super) fn most_downstream<'r, 'n>(&self, roots: &'r [CrateRef<'n>]) -> Option<&'r CrateRef<'n>> {
        let mut best = roots.first()?;
        for root in &roots[1..] {
            if self.is_downstream(root, best) {
                best = root;
            }
        }
        Some(best)
    }

    fn is_downstream(&self, above: &CrateRef<'_>, below: &CrateRef<'_>) -> bool {
        let rank = |root: &CrateRef<'_>| {
            let graph = self.graph?;
            let package = graph.packages_named(root.name).iter().copied().max_by_key(|&p| graph.topological_rank(p))?;
            Some(graph.topological_rank(package))
        };
        match (rank(above), rank(below)) {
            (Some(above), Some(below)) => above > below,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.census.is_downstream(above, below),
        }
    }
}
