//! What all symbols of a file together say about its crates, before any one of them is judged.

use std::collections::HashSet;

use crate::cargo::CrateHash;
use crate::elf::mangling::Scheme;

use super::names::{NameCrates, Names};
use super::roots::{NameId, Root, RootId, Roots};

/// What the symbols say together.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// By name: the only hash that the user's crate of this name has. Two mean two versions.
    single_hash: Vec<Option<CrateHash>>,
    /// By name: whether a codegen unit of a crate of this name is in the file and is not of std's copy.
    user_has_unit: Vec<bool>,
    /// Hashes that are std's own copies.
    std_copies: HashSet<CrateHash>,
    /// The two schemes, where std and the user's crates were mangled differently: then the scheme tells whose copy a crate is.
    std_scheme: Option<Scheme>,
    schemes_differ: bool,
    /// The order of the link tells std's copies from the user's.
    told_by_link: bool,
    /// Crate name with a name whose items it instantiates: it depends on that.
    depends: HashSet<(NameId, NameId)>,
    /// By name: whether it is of a crate outside std that defines something here.
    defining: Vec<bool>,
}

impl Census {
    pub(super) fn take(names: &Names<'_>) -> Self {
        let roots = &names.roots;
        let mut census = Self {
            user_has_unit: vec![false; roots.name_count()],
            defining: vec![false; roots.name_count()],
            ..Self::default()
        };
        census.compare_schemes(names);
        census.find_std_copies_by_link(names);
        for symbol in 0..names.symbols.len() {
            let unit = names.unit(symbol);
            if let Some(crates) = names.crates(symbol) {
                census.note(roots, unit, &crates);
            }
        }
        census.count_hashes(names);
        census
    }

    /// std is prebuilt: which scheme it uses is the toolchain's choice, which one the user's crates use the user's.
    fn compare_schemes(&mut self, names: &Names<'_>) {
        let mut std_votes = [0_usize; 2];
        let mut user_votes = [0_usize; 2];
        for symbol in 0..names.symbols.len() {
            let (Some(crates), Some(unit)) = (names.crates(symbol), names.unit(symbol)) else { continue };
            let name = names.roots.name_of(unit);
            let votes = match (name.is_std, name.has_std_copy) {
                (true, _) => &mut std_votes,
                (false, true) => continue,
                (false, false) => &mut user_votes,
            };
            votes[usize::from(crates.scheme == Scheme::V0)] += 1;
        }
        let winner = |votes: [usize; 2]| match votes {
            [0, 0] => None,
            [legacy, v0] if v0 > legacy => Some(Scheme::V0),
            _ => Some(Scheme::Legacy),
        };
        self.std_scheme = winner(std_votes);
        self.schemes_differ = matches!((self.std_scheme, winner(user_votes)), (Some(std), Some(user)) if std != user);
    }

    /// rustc links the standard library behind all other crates, from a folder of its own: a unit of a crate of which std has a copy is
    /// std's where it comes behind std itself, or from that folder.
    fn find_std_copies_by_link(&mut self, names: &Names<'_>) {
        let roots = &names.roots;
        let mut behind_std = false;
        let mut before_std: HashSet<CrateHash> = HashSet::new();
        for (number, object) in names.objects.list().iter().enumerate() {
            let Some(unit) = object.unit else { continue };
            let name = roots.name_of(unit);
            // The map names files, the symbol table units alone.
            let is_file = object.text.contains('/');
            let in_order = number < names.objects_in_table && !is_file;
            behind_std |= in_order && name.text == "std";
            let Some(hash) = roots.root(unit).hash.filter(|_| name.has_std_copy) else { continue };
            if in_order && !behind_std {
                before_std.insert(hash);
            }
            if object.text.contains("/rustlib/") || (in_order && behind_std && !before_std.contains(&hash)) {
                self.std_copies.insert(hash);
                self.told_by_link = true;
            }
        }
    }

    fn note(&mut self, roots: &Roots<'_>, unit: Option<RootId>, crates: &NameCrates<'_>) {
        let in_std_scheme = self.schemes_differ && Some(crates.scheme) == self.std_scheme;
        if in_std_scheme {
            // A codegen unit of such a name that holds symbols in std's scheme, of that very crate, is std's copy.
            let own = |unit: &RootId| {
                let name = roots.root(*unit).name;
                crates.defining.iter().any(|&root| roots.root(root).name == name)
            };
            let named = crates.defining.iter().chain(crates.mentioned).chain(&crates.instantiating).copied();
            for root in named.chain(unit.filter(own)) {
                if let Some(hash) = roots.root(root).hash
                    && roots.name_of(root).has_std_copy
                {
                    self.std_copies.insert(hash);
                }
            }
        }
        for &root in crates.defining {
            let name = roots.name_of(root);
            self.defining[roots.root(root).name as usize] |= !name.is_std && !name.has_std_copy;
        }
        if let Some(user) = unit.or(crates.instantiating).map(|user| roots.root(user).name) {
            for &used in crates.defining.iter().chain(crates.mentioned) {
                let used = roots.root(used).name;
                if used != user {
                    self.depends.insert((user, used));
                }
            }
        }
    }

    fn count_hashes(&mut self, names: &Names<'_>) {
        let roots = &names.roots;
        let is_user = |hash: &CrateHash| !self.std_copies.contains(hash);
        for unit in names.objects.list().iter().filter_map(|object| object.unit) {
            let unit = roots.root(unit);
            let told = self.schemes_differ || self.told_by_link;
            self.user_has_unit[unit.name as usize] |= told && unit.hash.as_ref().is_some_and(is_user);
        }
        let mut counted = vec![0_u8; roots.name_count()];
        let mut single = vec![None; roots.name_count()];
        for root in roots.roots() {
            if let Some(hash) = root.hash.filter(is_user) {
                let name = root.name as usize;
                counted[name] = counted[name].saturating_add(1);
                single[name] = Some(hash).filter(|_| counted[name] == 1);
            }
        }
        self.single_hash = single;
    }

    /// True where a crate is std's: by its name, or as one of std's private copies.
    pub(super) fn is_std(&self, roots: &Roots<'_>, root: Root, scheme: Option<Scheme>, in_graph: bool) -> bool {
        let name = roots.name_at(root.name);
        if name.is_std || root.hash.is_some_and(|hash| self.std_copies.contains(&hash)) {
            return true;
        }
        if !name.has_std_copy {
            return false;
        }
        // std's own code is in std's scheme. Code of such a crate in the user's scheme is the user's only where the user has
        // that crate: generic code of std's copy is instantiated, and mangled, by the user's crates.
        let in_std_scheme = self.schemes_differ && scheme.is_some() && scheme == self.std_scheme;
        in_std_scheme || !(in_graph || self.user_has_unit[root.name as usize])
    }

    /// The only hash that the user's crate of this name has in this file.
    pub(super) fn single_hash(&self, name: NameId) -> Option<CrateHash> {
        self.single_hash.get(name as usize).copied().flatten()
    }

    /// True where std was mangled in another scheme than this one.
    pub(super) fn is_foreign_to_std(&self, scheme: Scheme) -> bool {
        self.schemes_differ && self.std_scheme != Some(scheme)
    }

    /// How many crates outside the standard library define something here.
    pub(super) fn user_crates(&self) -> usize {
        self.defining.iter().filter(|&&defines| defines).count()
    }

    /// True where the symbols show that `above` depends on `below`, and not the other way round.
    pub(super) fn is_downstream(&self, above: NameId, below: NameId) -> bool {
        self.depends.contains(&(above, below)) && !self.depends.contains(&(below, above))
    }
}
