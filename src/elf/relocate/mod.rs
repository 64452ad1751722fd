//! Carrying out relocations otherwise than the loader does: packed, by a start stub; or in the file, at a fixed address.
//!
//! For programs that the dynamic linker of glibc starts at any address (PIE). Nothing in such a program depends on where it was
//! linked but for what the loader adds its address to: so what the loader adds it to is all that has to change.
//! Refuses whatever the loader does more than that, and every entry, tag and header whose meaning is not known here.

mod error;
mod fix_address;
mod headers;
mod loads;
mod pack;
mod patch;
mod program;
mod relocation_kind;
mod relr_table;
mod start_stub;

pub use error::CannotRelocate;
pub use fix_address::{FixedProgram, fix_address};
pub use pack::{PackedProgram, pack_relocations};
