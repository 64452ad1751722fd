//! The crates of one file, each once: two versions are two, std's copies are std's.

use std::collections::{BTreeMap, HashMap};

use crate::cargo::{CrateGraph, CrateHash, CrateIdentities, ObjectOwner, SymbolHomes};
use crate::elf::mangling::Scheme;

use super::census::Census;
use super::roots::{NameId, Root, RootId, Roots};
use super::row::CrateKind;

/// Number of a crate in a [`CrateTable`].
pub(super) type CrateNumber = u32;

pub(super) const NATIVE: CrateNumber = 0;
pub(super) const LINKER: CrateNumber = 1;
pub(super) const UNATTRIBUTED: CrateNumber = 2;
pub(super) const PADDING: CrateNumber = 3;

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
    /// Its version, where a source path in the file tells and no graph does.
    pub(super) version: Option<String>,
}

/// What makes two references the same crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Package(usize),
    Std(String),
    /// No graph knows it, or several packages have the name and no hash tells which.
    Named(String, Option<CrateHash>),
    /// A source path names it, with its version.
    Versioned(String, String),
}

/// Whose version is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionSought {
    /// Of a crate that its hash tells from others of its name: one version for all its items.
    OfCrate,
    /// Of any crate of this name: each item may be of another version.
    OfItem,
}

/// The crates of one file.
#[derive(Debug)]
pub(super) struct CrateTable<'a> {
    graph: Option<&'a CrateGraph>,
    identities: Identities<'a>,
    roots: &'a Roots<'a>,
    census: &'a Census,
    entries: Vec<CrateEntry>,
    numbers: BTreeMap<Key, CrateNumber>,
    /// By crate: whether its version is sought.
    sought: Vec<Option<VersionSought>>,
    /// What [`CrateTable::of_root`] answered before: the same few questions are asked for every symbol.
    known: HashMap<(RootId, Option<Scheme>, Option<RootId>), CrateNumber>,
    /// By package: the packages that a program of it can hold.
    reachable: HashMap<usize, Vec<usize>>,
    /// By name: how far downstream the graph's package of that name is.
    ranks: HashMap<NameId, Option<usize>>,
}

impl<'a> CrateTable<'a> {
    pub(super) fn new(
        graph: Option<&'a CrateGraph>,
        identities: Identities<'a>,
        roots: &'a Roots<'a>,
        census: &'a Census,
    ) -> Self {
        let special = |name: &str, kind| CrateEntry { name: name.to_owned(), kind, package: None, version: None };
        Self {
            graph,
            identities,
            roots,
            census,
            entries: vec![
                special("[native]", CrateKind::Native),
                special("[linker]", CrateKind::Linker),
                special("[unattributed]", CrateKind::Unattributed),
                special("[padding]", CrateKind::Linker),
            ],
            numbers: BTreeMap::new(),
            sought: vec![None; 4],
            reachable: HashMap::new(),
            known: HashMap::new(),
            ranks: HashMap::new(),
        }
    }

    pub(super) fn entries(&self) -> &[CrateEntry] {
        &self.entries
    }

    pub(super) fn identities(&self) -> Identities<'a> {
        self.identities
    }

    pub(super) fn roots(&self) -> &'a Roots<'a> {
        self.roots
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
    pub(super) fn of_unit(&mut self, unit: RootId) -> CrateNumber {
        self.of_root(unit, None, Some(unit))
    }

    /// The crate of a package that holds native code; [`NATIVE`] where the graph does not know it.
    pub(super) fn of_package(&mut self, id: &str) -> CrateNumber {
        let Some(graph) = self.graph else { return NATIVE };
        let Some(package) = graph.index_of(id) else { return NATIVE };
        let found = graph.package(package);
        let name = found.crate_names().next().unwrap_or(&found.name).to_owned();
        self.number(&name, Key::Package(package))
    }

    /// A crate of which a source path tells the name alone.
    pub(super) fn of_folder(&mut self, name: &str) -> CrateNumber {
        match self.graph.map(|graph| graph.packages_named(name)) {
            Some(&[package]) => self.number(name, Key::Package(package)),
            _ => self.number(name, Key::Named(name.to_owned(), None)),
        }
    }

    /// One of the standard library's crates, by name.
    pub(super) fn of_std(&mut self, name: &str) -> CrateNumber {
        self.number(name, Key::Std(name.to_owned()))
    }

    /// The crate that a symbol names. `unit` is the codegen unit that holds the symbol: a legacy name has no hash, but where
    /// the unit is of a crate of that name, it is of that very crate.
    pub(super) fn of_root(&mut self, root: RootId, scheme: Option<Scheme>, unit: Option<RootId>) -> CrateNumber {
        if let Some(&number) = self.known.get(&(root, scheme, unit)) {
            return number;
        }
        let key = self.key(self.roots.root(root), scheme, unit);
        let number = self.number(self.roots.name_of(root).text, key);
        self.known.insert((root, scheme, unit), number);
        number
    }

    /// The crate that a source path names: of the standard library, or a package with its version.
    pub(super) fn of_path(&mut self, name: &str, version: &str) -> CrateNumber {
        let named = self.graph.map(|graph| (graph, graph.packages_named(name)));
        let package = named.and_then(|(graph, packages)| {
            packages.iter().copied().find(|&package| graph.package(package).version == version)
        });
        match package {
            Some(package) => self.number(name, Key::Package(package)),
            None => self.number(name, Key::Versioned(name.to_owned(), version.to_owned())),
        }
    }

    /// The crate of the package whose folder holds a source file, as the graph knows it. Relative paths begin at the workspace.
    pub(super) fn package_of_source(&mut self, path: &str) -> Option<CrateNumber> {
        let graph = self.graph?;
        let package = graph.package_of_source(path)?;
        let found = graph.package(package);
        let name = found.crate_names().next().unwrap_or(&found.name).to_owned();
        Some(self.number(&name, Key::Package(package)))
    }

    /// The crate that brought an object along, by its text in the linker's map, where the build tells.
    pub(super) fn of_object(&mut self, object: &str) -> Option<CrateNumber> {
        let owner = self.identities.homes.owner_of_object(object);
        // Codegen units of incremental builds have opaque names that only their library's package tells.
        let owner = owner.or_else(|| self.identities.packages.package_of_unit(object).map(ObjectOwner::Package));
        Some(match owner? {
            ObjectOwner::Package(id) => self.of_package(id),
            ObjectOwner::Std(name) => self.of_std(name),
        })
    }

    /// The shipped packages that hold native code: those that say so with `links`, and those whose name ends in `-sys` or `-src`.
    pub(super) fn native_packages(&mut self) -> Vec<(String, CrateNumber)> {
        let Some(graph) = self.graph else { return Vec::new() };
        let mut native = Vec::new();
        for (number, package) in graph.packages().iter().enumerate() {
            let named = package.name.ends_with("-sys") || package.name.ends_with("-src");
            if graph.is_shipped(number) && (named || package.links.is_some()) {
                native.push((package.name.clone(), self.of_package(&package.id)));
            }
        }
        native
    }

    /// Writes the versions of the graph's packages down, so that rows are sorted and named by them.
    pub(super) fn name_versions(&mut self) {
        let Some(graph) = self.graph else { return };
        for entry in &mut self.entries {
            if let Some(package) = entry.package.and_then(|package| graph.packages().get(package)) {
                entry.version = Some(package.version.clone());
            }
        }
    }

    /// Gives crates that nothing else knows the version that source paths in the file name, where they name just one.
    pub(super) fn add_versions(&mut self, versions: &[(String, String)]) {
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind == CrateKind::Dependency) {
            *rows.entry(&entry.name).or_default() += 1;
        }
        let single: Vec<bool> =
            self.entries.iter().map(|entry| rows.get(entry.name.as_str()).copied() == Some(1)).collect();
        for (entry, single) in self.entries.iter_mut().zip(single) {
            let unknown = entry.kind == CrateKind::Dependency && entry.package.is_none() && entry.version.is_none();
            if !unknown || !single {
                continue;
            }
            let first = versions.partition_point(|(name, _)| *name < entry.name);
            let mut named = versions[first..].iter().take_while(|(name, _)| *name == entry.name);
            if let (Some((_, version)), None) = (named.next(), named.next()) {
                entry.version = Some(version.clone());
            }
        }
    }

    /// Whether nothing told a crate's version so far, and what could.
    pub(super) fn version_sought(&self, krate: CrateNumber) -> Option<VersionSought> {
        self.sought.get(krate as usize).copied().flatten()
    }

    /// True where a package (with its dashes) may be the one of a crate.
    pub(super) fn is_package_of(&self, krate: CrateNumber, package: &str) -> bool {
        let name = &self.entries[krate as usize].name;
        let same = package.len() == name.len()
            && package.bytes().zip(name.bytes()).all(|(a, b)| a == b || (a == b'-' && b == b'_'));
        let in_graph = || {
            let graph = self.graph?;
            Some(graph.packages_named(name).iter().any(|&number| graph.package(number).name == package))
        };
        same || in_graph().unwrap_or(false)
    }

    /// Notes the version that was found for a crate.
    pub(super) fn set_version(&mut self, krate: CrateNumber, version: &str) {
        let name = self.entries[krate as usize].name.clone();
        let package = self.graph.and_then(|graph| {
            graph.packages_named(&name).iter().copied().find(|&package| graph.package(package).version == version)
        });
        self.sought[krate as usize] = None;
        let entry = &mut self.entries[krate as usize];
        entry.version = Some(version.to_owned());
        entry.package = package;
        if let (Some(package), Some(graph)) = (package, self.graph) {
            let member = graph.package(package).workspace_member;
            entry.kind = if member { CrateKind::Workspace } else { CrateKind::Dependency };
        }
    }

    /// By crate, the number of the first entry that is the same crate: what was one hash and one path turned out to be one version.
    pub(super) fn same_crates(&self) -> Vec<CrateNumber> {
        /// What makes two entries one crate.
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        enum Same<'e> {
            Package(usize),
            Version(CrateKind, &'e str, &'e str),
        }
        let mut first: BTreeMap<Same<'_>, CrateNumber> = BTreeMap::new();
        let entries = self.entries.iter().enumerate();
        entries
            .map(|(number, entry)| {
                let own = CrateNumber::try_from(number).expect("a file has fewer than 2^32 crates");
                let same = match (entry.package, &entry.version) {
                    (Some(package), _) => Same::Package(package),
                    (None, Some(version)) => Same::Version(entry.kind, &entry.name, version),
                    (None, None) => return own,
                };
                *first.entry(same).or_insert(own)
            })
            .collect()
    }

    fn number(&mut self, name: &str, key: Key) -> CrateNumber {
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        let number = CrateNumber::try_from(self.entries.len()).expect("a file has fewer than 2^32 crates");
        self.entries.push(self.entry(name, &key));
        self.sought.push(match &key {
            Key::Named(_, Some(_)) => Some(VersionSought::OfCrate),
            Key::Named(_, None) => Some(VersionSought::OfItem),
            Key::Package(_) | Key::Std(_) | Key::Versioned(..) => None,
        });
        self.numbers.insert(key, number);
        number
    }

    /// Of several packages of one name, those that the package of a codegen unit can hold.
    fn within_reach(&mut self, packages: &[usize], unit: Option<RootId>) -> Vec<usize> {
        let of_unit = unit.map(|unit| self.of_unit(unit)).and_then(|unit| self.entries[unit as usize].package);
        let (Some(graph), Some(from)) = (self.graph, of_unit) else { return packages.to_vec() };
        let reachable = self.reachable.entry(from).or_insert_with(|| graph.reachable(from));
        packages.iter().copied().filter(|package| reachable.binary_search(package).is_ok()).collect()
    }

    fn key(&mut self, root: Root, scheme: Option<Scheme>, unit: Option<RootId>) -> Key {
        let text = self.roots.name_at(root.name).text;
        let (name, id) = if text == "__rustc" { ("std", self.roots.name_id("std")) } else { (text, Some(root.name)) };
        let of_unit = unit.map(|unit| self.roots.root(unit)).filter(|unit| Some(unit.name) == id);
        let hash = root.hash.or(of_unit.and_then(|unit| unit.hash)).or_else(|| self.census.single_hash(id?));
        if let Some(id) = hash.and_then(|hash| self.identities.packages.package_of(hash))
            && let Some(package) = self.graph.and_then(|graph| graph.index_of(id))
        {
            return Key::Package(package);
        }
        if hash.is_some_and(|hash| self.identities.std.package_of(hash).is_some()) {
            return Key::Std(name.to_owned());
        }
        let packages = self.graph.map(|graph| graph.packages_named(name)).unwrap_or_default();
        let root = Root { name: id.unwrap_or(root.name), hash };
        if self.census.is_std(self.roots, root, scheme, !packages.is_empty()) {
            return Key::Std(name.to_owned());
        }
        if let &[package] = packages {
            return Key::Package(package);
        }
        // Generic code of a crate is compiled by crates that depend on it, mostly on one version alone.
        let other = unit.filter(|&unit| self.roots.root(unit).name != root.name);
        if packages.len() > 1
            && hash.is_none()
            && let [package] = self.within_reach(packages, other)[..]
        {
            return Key::Package(package);
        }
        // Nothing tells which of two versions it is: the hash keeps them apart, without a version.
        Key::Named(name.to_owned(), hash)
    }

    fn entry(&self, name: &str, key: &Key) -> CrateEntry {
        let entry = |kind, package, version: Option<&String>| CrateEntry {
            name: name.to_owned(),
            kind,
            package,
            version: version.cloned(),
        };
        match (key, self.graph) {
            (Key::Package(package), Some(graph)) => {
                let member = graph.packages()[*package].workspace_member;
                let kind = if member { CrateKind::Workspace } else { CrateKind::Dependency };
                entry(kind, Some(*package), None)
            }
            (Key::Std(_), _) => entry(CrateKind::Std, None, None),
            (Key::Versioned(_, version), _) => entry(CrateKind::Dependency, None, Some(version)),
            (Key::Package(_) | Key::Named(..), _) => entry(CrateKind::Dependency, None, None),
        }
    }

    /// The most downstream of several crates: the one that depends on the others. The first, where nothing tells.
    pub(super) fn most_downstream(&mut self, roots: impl IntoIterator<Item = RootId>) -> Option<RootId> {
        let mut roots = roots.into_iter();
        let mut best = roots.next()?;
        for root in roots {
            if root != best && self.is_downstream(root, best) {
                best = root;
            }
        }
        Some(best)
    }

    fn is_downstream(&mut self, above: RootId, below: RootId) -> bool {
        let [above, below] = [above, below].map(|root| self.roots.root(root).name);
        match (self.rank(above), self.rank(below)) {
            (Some(above), Some(below)) => above > below,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.census.is_downstream(above, below),
        }
    }

    fn rank(&mut self, name: NameId) -> Option<usize> {
        let graph = self.graph?;
        let text = self.roots.name_at(name).text;
        let find = || graph.packages_named(text).iter().map(|&package| graph.topological_rank(package)).max();
        *self.ranks.entry(name).or_insert_with(find)
    }
}
