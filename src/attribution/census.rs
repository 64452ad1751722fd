//! What all symbols of a file together say about its crates, before any one of them is judged.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::cargo::{CodegenUnit, CrateHash};
use crate::elf::mangling::{CrateRef, Scheme, SymbolCrates};

/// Crates that only the standard library has.
const STD_CRATES: [&str; 14] = [
    "__rustc",
    "alloc",
    "compiler_builtins",
    "core",
    "panic_abort",
    "panic_unwind",
    "proc_macro",
    "rustc_std_workspace_alloc",
    "rustc_std_workspace_core",
    "rustc_std_workspace_std",
    "std",
    "std_detect",
    "test",
    "unwind",
];

/// Crates of crates.io of which std ships a copy of its own. Source: `library/Cargo.lock` of rust-lang/rust, seen in the symbols
/// of programs built with rustc 1.95 on 2026-11-23, older names kept.
const STD_PRIVATE_COPIES: [&str; 14] = [
    "addr2line",
    "adler",
    "adler2",
    "cfg_if",
    "getopts",
    "gimli",
    "hashbrown",
    "libc",
    "memchr",
    "miniz_oxide",
    "object",
    "rustc_demangle",
    "rustc_literal_escaper",
    "unicode_width",
];

/// One symbol's crates and the object file that it came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) crates: Option<&'a SymbolCrates<'a>>,
    pub(super) unit: Option<&'a CodegenUnit<'a>>,
    /// Id of the package that compiled it, where it is native code and the libraries tell.
    pub(super) native_package: Option<&'a str>,
}

/// What the symbols say together.
#[derive(Debug, Default)]
pub(super) struct Census<'a> {
    /// Hashes seen for a crate name; two mean two versions, or std's copy and the user's.
    hashes: BTreeMap<&'a str, BTreeSet<CrateHash>>,
    /// Hashes of codegen units by crate name.
    units: BTreeMap<&'a str, BTreeSet<CrateHash>>,
    /// Hashes that are std's own copies.
    std_copies: HashSet<CrateHash>,
    /// The two schemes, where std and the user's crates were mangled differently: then the scheme tells whose copy a crate is.
    std_scheme: Option<Scheme>,
    schemes_differ: bool,
    /// Crate name to the crates whose items it instantiates: it depends on those.
    depends: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Names of crates outside std that define something here.
    defining: BTreeSet<&'a str>,
}

pub(super) fn is_std_name(name: &str) -> bool {
    STD_CRATES.contains(&name)
}

/// True for the crates whose generic items go to the crate of their type arguments.
pub(super) fn is_generic_home(name: &str) -> bool {
    matches!(name, "core" | "alloc" | "std")
}

impl<'a> Census<'a> {
    pub(super) fn take(symbols: &[Named<'a>]) -> Self {
        let mut census = Self::default();
        census.compare_schemes(symbols);
        for symbol in symbols {
            census.note(symbol);
        }
        census
    }

    /// std is prebuilt: which scheme it uses is the toolchain's choice, which one the user's crates use the user's.
    fn compare_schemes(&mut self, symbols: &[Named<'a>]) {
        let mut std_votes = [0_usize; 2];
        let mut user_votes = [0_usize; 2];
        for symbol in symbols {
            let (Some(crates), Some(unit)) = (symbol.crates, symbol.unit) else {
                continue;
            };
            let votes = if is_std_name(unit.crate_name) {
                &mut std_votes
            } else if STD_PRIVATE_COPIES.contains(&unit.crate_name) {
                continue;
            } else {
                &mut user_votes
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

    fn note(&mut self, symbol: &Named<'a>) {
        if let Some(unit) = symbol.unit {
            self.hashes.entry(unit.crate_name).or_default().insert(unit.hash);
            self.units.entry(unit.crate_name).or_default().insert(unit.hash);
            let scheme_of_std = symbol.crates.is_some_and(|c| Some(c.scheme) == self.std_scheme);
            // A codegen unit of such a name that holds symbols in std's scheme, of that very crate, is std's copy.
            let own = symbol.crates.is_some_and(|c| c.defining.iter().any(|d| d.name == unit.crate_name));
            if self.schemes_differ && scheme_of_std && own && STD_PRIVATE_COPIES.contains(&unit.crate_name) {
                self.std_copies.insert(unit.hash);
            }
        }
        let Some(crates) = symbol.crates else { return };
        let roots = crates.defining.iter().chain(&crates.mentioned).chain(&crates.instantiating);
        for root in roots {
            if let Some(hash) = root.hash.map(CrateHash::new) {
                self.hashes.entry(root.name).or_default().insert(hash);
                if self.schemes_differ
                    && Some(crates.scheme) == self.std_scheme
                    && STD_PRIVATE_COPIES.contains(&root.name)
                {
                    self.std_copies.insert(hash);
                }
            }
        }
        self.defining.extend(
            crates
                .defining
                .iter()
                .map(|root| root.name)
                .filter(|name| !is_std_name(name) && !STD_PRIVATE_COPIES.contains(name)),
        );
        let user = symbol.unit.map(|u| u.crate_name).or(crates.instantiating.as_ref().map(|c| c.name));
        if let Some(user) = user {
            for used in crates.defining.iter().chain(&crates.mentioned).filter(|used| used.name != user) {
                self.depends.entry(user).or_default().insert(used.name);
            }
        }
    }

    /// True where a crate is std's: by its name, or as one of std's private copies.
    pub(super) fn is_std(&self, name: &str, hash: Option<CrateHash>, scheme: Option<Scheme>, in_graph: bool) -> bool {
        if is_std_name(name) || hash.is_some_and(|hash| self.std_copies.contains(&hash)) {
            return true;
        }
        if !STD_PRIVATE_COPIES.contains(&name) {
            return false;
        }
        // std's own code is in std's scheme. Code of such a crate in the user's scheme is the user's only where the user has
        // that crate: generic code of std's copy is instantiated, and mangled, by the user's crates.
        let in_std_scheme = self.schemes_differ && scheme.is_some() && scheme == self.std_scheme;
        in_std_scheme || !(in_graph || self.user_has_unit(name))
    }

    /// True where a codegen unit of a crate of this name is in the file and is not of std's copy.
    fn user_has_unit(&self, name: &str) -> bool {
        self.schemes_differ
            && self.units.get(name).is_some_and(|hashes| hashes.iter().any(|h| !self.std_copies.contains(h)))
    }

    /// The only hash that the user's crate of this name has in this file.
    pub(super) fn single_hash(&self, name: &str) -> Option<CrateHash> {
        let mut hashes = self.hashes.get(name)?.iter().filter(|hash| !self.std_copies.contains(hash));
        let first = hashes.next()?;
        hashes.next().is_none().then_some(*first)
    }

    /// True where std was mangled in another scheme than this one.
    pub(super) fn is_foreign_to_std(&self, scheme: Scheme) -> bool {
        self.schemes_differ && self.std_scheme != Some(scheme)
    }

    /// How many crates outside the standard library define something here.
    pub(super) fn user_crates(&self) -> usize {
        self.defining.len()
    }

    /// True where the symbols show that `above` depends on `below`, and not the other way round.
    pub(super) fn is_downstream(&self, above: &CrateRef<'_>, below: &CrateRef<'_>) -> bool {
        let uses = |a: &str, b: &str| self.depends.get(a).is_some_and(|used| used.contains(b));
        uses(above.name, below.name) && !uses(below.name, above.name)
    }
}
