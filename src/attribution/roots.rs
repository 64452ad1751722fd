//! Crate roots by number. A file has a hundred thousand symbols and a hundred crates: names are compared once, numbers ever after.

use std::collections::HashMap;

use crate::cargo::CrateHash;
use crate::elf::mangling::CrateRef;

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

/// Number of a crate name.
pub(super) type NameId = u32;
/// Number of a crate root: a name, with a hash or without.
pub(super) type RootId = u32;

/// A crate name and what it alone tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Only std has a crate of this name.
    pub(super) is_std: bool,
    /// std has a copy of a crate of this name.
    pub(super) has_std_copy: bool,
}

impl Name<'_> {
    /// True for the crates whose generic items go to the crate of their type arguments.
    pub(super) fn is_generic_home(&self) -> bool {
        matches!(self.text, "core" | "alloc" | "std")
    }
}

/// A crate root as symbols and codegen units name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) name: NameId,
    pub(super) hash: Option<CrateHash>,
}

/// All crate roots that one file names.
#[derive(Debug, Default)]
pub(super) struct Roots<'a> {
    names: Vec<Name<'a>>,
    list: Vec<Root>,
    name_ids: HashMap<&'a str, NameId>,
    root_ids: HashMap<(NameId, Option<CrateHash>), RootId>,
}

pub(super) fn is_std_name(name: &str) -> bool {
    STD_CRATES.contains(&name)
}

pub(super) fn has_std_copy(name: &str) -> bool {
    STD_PRIVATE_COPIES.contains(&name)
}

impl<'a> Roots<'a> {
    pub(super) fn number(&mut self, root: &CrateRef<'a>) -> RootId {
        let name = self.name(root.name);
        let hash = root.hash.map(CrateHash::new);
        let next = RootId::try_from(self.list.len()).expect("a file has fewer than 2^32 names");
        let id = *self.root_ids.entry((name, hash)).or_insert(next);
        if id == next {
            self.list.push(Root { name, hash });
        }
        id
    }

    fn name(&mut self, text: &'a str) -> NameId {
        let next = NameId::try_from(self.names.len()).expect("a file has fewer than 2^32 names");
        let id = *self.name_ids.entry(text).or_insert(next);
        if id == next {
            self.names.push(Name { text, is_std: is_std_name(text), has_std_copy: has_std_copy(text) });
        }
        id
    }

    pub(super) fn root(&self, id: RootId) -> Root {
        self.list[id as usize]
    }

    pub(super) fn name_of(&self, id: RootId) -> &Name<'a> {
        self.name_at(self.root(id).name)
    }

    pub(super) fn name_at(&self, id: NameId) -> &Name<'a> {
        &self.names[id as usize]
    }

    pub(super) fn name_id(&self, text: &str) -> Option<NameId> {
        self.name_ids.get(text).copied()
    }

    pub(super) fn roots(&self) -> &[Root] {
        &self.list
    }

    pub(super) fn name_count(&self) -> usize {
        self.names.len()
    }
}
