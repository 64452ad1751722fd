//! Who refers to which address: code to data, the linker's own notes of it, and data to data.
//!
//! Promises: linear time and memory in what is read; on hostile bytes fewer references, never a panic. Every table is in a fixed
//! order: references of code by the address of the instruction, those of the linker and of data by place.
//! Refuses: to say what a reference means, and to follow one through a register further than one page address.
//!
//! Three sources, which complete each other. [`code_references`] decodes instructions: it works on every program. Where the
//! linker was asked to keep its relocations, [`emitted_references`] has the reference of each instruction and of each table,
//! jump tables included. [`data_pointers`] has what the loader writes into data: vtables, tables of strings.

mod address_loads;
mod arm64;
mod call_ends;
mod code;
mod data;
mod emitted;
mod endings;
mod instruction_length;
mod neighbours;
mod targets;
mod x86_64;

pub(super) use address_loads::{AddressLoad, EnteredCode, address_loads};
pub use call_ends::call_ends;
pub use code::{CodeReference, code_references, code_references_at_fixed_addresses};
pub use data::{PointerInData, data_pointers};
pub use emitted::{EmittedReference, emitted_references};
pub use endings::ends_for_good;
pub(super) use neighbours::functions_within;
