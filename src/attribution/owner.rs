//! From a symbol to its three crates: owner, definition, instantiation.

use crate::cargo::CodegenUnit;
use crate::elf::mangling::{CrateRef, Scheme, SymbolCrates};

use super::census::{Census, Named, is_generic_home, is_std_name};
use super::crate_table::{CrateNumber, CrateTable, NATIVE, UNATTRIBUTED};

/// The crates of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// Judges one symbol.
    pub(super) fn of(symbol: &Named<'_>, table: &mut CrateTable<'_>) -> Self {
        let unit = symbol.unit;
        let of_unit = unit.map(|unit| table.of_unit(unit));
        let Some(crates) = symbol.crates else {
            // `main`, `memcpy`, vtables and constants: the object file that holds them is all that is known.
            let native = symbol.native_package.map(|id| table.of_package(id));
            return Self::same(of_unit.or(native).unwrap_or(NATIVE));
        };
        let scheme = Some(crates.scheme);
        let defining = table.most_downstream(&crates.defining).expect("a readable name has a defining crate").clone();
        let definition = table.of_root(&defining, scheme, unit);
        let named = crates.instantiating.as_ref().map(|root| table.of_root(root, scheme, unit));
        let instantiation = of_unit.or(named).unwrap_or_else(|| {
            // std's own objects hold names of std's scheme alone: whose object this one is of, nothing tells.
            let of_no_std_object = table.is_std(definition) && table.is_foreign_to_std(crates.scheme);
            if of_no_std_object { UNATTRIBUTED } else { definition }
        });
        let owner = if is_generic_home(defining.name) {
            let types = user_types(crates);
            match table.most_downstream(&types).cloned() {
                Some(root) => table.of_root(&root, scheme, unit),
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

/// The crates outside the standard library among the types of an item.
fn user_types<'n>(crates: &SymbolCrates<'n>) -> Vec<CrateRef<'n>> {
    crates.mentioned.iter().filter(|root| !is_std_name(root.name)).cloned().collect()
}

/// True where the linker was given one object for many crates (fat LTO): its name tells nothing about who instantiated what.
pub(super) fn one_object_for_all(symbols: &[Named<'_>], census: &Census<'_>) -> bool {
    let mut units: Vec<_> = symbols.iter().filter_map(|s| user_unit(s.unit)).map(|unit| unit.hash).collect();
    units.sort_unstable();
    units.dedup();
    units.len() == 1 && census.user_crates() > 1
}

fn user_unit<'a>(unit: Option<&'a CodegenUnit<'a>>) -> Option<&'a CodegenUnit<'a>> {
    unit.filter(|unit| !is_std_name(unit.crate_name))
}
