//! From a symbol to its three crates: owner, definition, instantiation.

use std::collections::HashMap;

use crate::elf::mangling::Scheme;

use super::census::Census;
use super::crate_table::{CrateNumber, CrateTable, NATIVE, UNATTRIBUTED};
use super::names::{NameCrates, Names};
use super::roots::RootId;

/// The crates of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Owners {
    /// The crate that defines the item; for a generic item of core, alloc or std the most downstream among its types.
    pub(super) owner: CrateNumber,
    /// The crate that defines the item.
    pub(super) definition: CrateNumber,
    /// The crate whose codegen unit holds the code.
    pub(super) instantiation: CrateNumber,
}

impl Owners {
    /// The same crate in every view.
    pub(super) const fn same(number: CrateNumber) -> Self {
        Self { owner: number, definition: number, instantiation: number }
    }

    /// Of a mangled name. `object` is the crate of the object that holds it, `unit` the root of that crate where it is a Rust crate.
    pub(super) fn of_name(
        crates: &NameCrates<'_>,
        unit: Option<RootId>,
        object: Option<CrateNumber>,
        table: &mut CrateTable<'_>,
    ) -> Self {
        let scheme = Some(crates.scheme);
        let defining = table.most_downstream(crates.defining.iter().copied()).expect("a name has a defining crate");
        let definition = table.of_root(defining, scheme, unit);
        let instantiation = object.or_else(|| crates.instantiating.map(|root| table.of_root(root, scheme, unit)));
        let instantiation = instantiation.unwrap_or_else(|| {
            // std's own objects hold names of std's scheme alone: whose object this one is of, nothing tells.
            let of_no_std_object = table.is_std(definition) && table.is_foreign_to_std(crates.scheme);
            if of_no_std_object { UNATTRIBUTED } else { definition }
        });
        let roots = table.roots();
        let owner = if roots.name_of(defining).is_generic_home() {
            // The crates outside the standard library among the types of the item.
            let types = crates.mentioned.iter().copied().filter(|&root| !roots.name_of(root).is_std);
            match table.most_downstream(types) {
                Some(root) => table.of_root(root, scheme, unit),
                // A legacy name hides the types of a generic item. std's own items stay in std's codegen units: what a
                // user's unit holds of them was instantiated there, with that crate's types as far as anyone can tell.
                None if crates.scheme == Scheme::Legacy && table.is_user(instantiation) => instantiation,
                None => definition,
            }
        } else {
            definition
        };
        Self { owner, definition, instantiation }
    }
}

/// Number of a triple in [`OwnerTable`].
pub(super) type OwnersId = u32;

/// Triples by number: a file has millions of bytes and a few thousand triples.
#[derive(Debug, Default)]
pub(super) struct OwnerTable {
    list: Vec<Owners>,
    ids: HashMap<Owners, OwnersId>,
}

impl OwnerTable {
    pub(super) fn number(&mut self, owners: Owners) -> OwnersId {
        let next = OwnersId::try_from(self.list.len()).expect("a file has fewer than 2^32 triples");
        let id = *self.ids.entry(owners).or_insert(next);
        if id == next {
            self.list.push(owners);
        }
        id
    }

    /// Puts other numbers in the place of crates.
    pub(super) fn rename(&mut self, numbers: &[CrateNumber]) {
        let renamed = |krate: CrateNumber| numbers.get(krate as usize).copied().unwrap_or(krate);
        for owners in &mut self.list {
            let Owners { owner, definition, instantiation } = *owners;
            *owners = Owners {
                owner: renamed(owner),
                definition: renamed(definition),
                instantiation: renamed(instantiation),
            };
        }
        // Two numbers may stand for one triple now, which does no harm: triples are only read from here on.
        self.ids.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Owners> {
        self.list.iter()
    }

    pub(super) fn get(&self, id: OwnersId) -> Owners {
        self.list[id as usize]
    }
}

/// The crate of the object that a symbol came from: `main`, `memcpy`, vtables and constants have no other.
pub(super) fn crate_of_object(names: &Names<'_>, symbol: usize, table: &mut CrateTable<'_>) -> CrateNumber {
    let symbol = &names.symbols[symbol];
    let package = table.identities().homes.native_package(symbol.name, symbol.file);
    package.map_or(NATIVE, |id| table.of_package(id))
}

/// True where the linker was given one object for many crates (fat LTO): its name tells nothing about who instantiated what.
pub(super) fn one_object_for_all(names: &Names<'_>, census: &Census) -> bool {
    let of_user = |unit: &RootId| !names.roots.name_of(*unit).is_std;
    let mut units = names.objects.list().iter().filter_map(|object| object.unit).filter(of_user);
    let Some(first) = units.next() else { return false };
    units.all(|unit| unit == first) && census.user_crates() > 1
}
