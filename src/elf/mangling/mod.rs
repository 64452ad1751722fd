//! Symbol names read for the crates in them. Both of rustc's schemes; one file may hold both (std is prebuilt with v0).
//!
//! rustc-demangle turns a name into text for people. Attribution needs more: which crate defines the item, which crates
//! its type arguments come from, which crate instantiated it. A name that cannot be read gives `None`, never a guess.

mod generic;
mod legacy;
mod name;
mod v0;

pub use generic::{stable_name, without_arguments};
pub use name::{CrateRef, Scheme, SymbolCrates, crates_of, demangle};
