//! Unwind tables as an editor needs them: where each entry and each of its fields stands, so that it can be moved.
//!
//! `.eh_frame` holds CIEs (what functions share) and FDEs (one for each function); `.gcc_except_table` holds LSDAs (landing pads),
//! which FDEs point at; `.eh_frame_hdr` is a sorted index of FDEs by function.
//! Sources, read 2026-11-24: Linux Standard Base 5.0, "Exception Frames"; Itanium C++ ABI, "Exception Handling Tables"; DWARF 5,
//! section 6.4; and what GNU as, lld and LLVM write.
//!
//! Promises: a table is taken whole or not at all: one entry in an encoding that is not known here, and [`FrameTables::read`] says
//! which and why. Linear in the tables. Written without `gimli`, which proves what is written with it.
//! Refuses: 64-bit lengths, `DW_CFA_set_loc`, addresses that the loader relocates.

mod encoding;
mod entry;
mod error;
mod index;
mod instructions;
mod lsda;
mod read;
mod shares;
mod tables;

pub use encoding::PointerEncoding;
pub use entry::{Cie, Fde, LsdaPointer, Pointer};
pub use error::FramesError;
pub use index::{Index, IndexEntry};
pub use instructions::ProgramShape;
pub use lsda::{CallSite, Lsda, TypePointer};
pub(in crate::elf) use read::Reader;
pub use shares::{For, Share};
pub use tables::{FrameTables, TablePlace};
