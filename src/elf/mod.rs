//! ELF, read and edited: x86_64 and arm64, executables and shared objects.
//!
//! Promises: every range handed out lies inside the data; on hostile bytes one [`ElfError`], never a panic.
//! Refuses: object files, core dumps, 32-bit and big-endian files. The only room that names `object`, `gimli`
//! and `iced_x86`.

mod architecture;
mod comment;
mod control_flow;
mod debug;
mod debug_file;
mod dynamic;
mod edit;
mod error;
mod frames;
mod image;
pub mod mangling;
mod references;
mod relocate;
mod relocation;
mod section;
mod segment;
mod shared_frames;
mod strings;
mod symbol;
mod twin;
mod unwind;
mod unwind_entry;

pub use architecture::Architecture;
pub use comment::Toolchain;
pub use control_flow::{CannotFollow, DeadCode, dead_without_handlers, is_only_filling};
pub use debug::{DebugBytes, DebugInfo, DebugUnit, SourceFiles, debug_info, source_files};
pub use debug_file::{NoDebugFile, debug_file};
pub use dynamic::{Dynamic, GlibcVersion};
pub use edit::{CannotEdit, Droppable, without_section_headers, without_sections};
pub use error::ElfError;
pub use frames::{
    CallSite, Cie, Fde, For, FrameTables, FramesError, Index, IndexEntry, Lsda, LsdaPointer, Pointer, PointerEncoding,
    ProgramShape, Share, TablePlace, TypePointer,
};
pub use image::{Image, is_elf};
pub use references::{
    CodeReference, EmittedReference, PointerInData, call_ends, code_references, code_references_at_fixed_addresses,
    data_pointers, emitted_references, ends_for_good,
};
pub use relocate::{CannotRelocate, FixedProgram, PackedProgram, fix_address, pack_relocations};
pub use relocation::{RelocationEntry, RelrEntry, relocation_entries, relr_entries};
pub use section::{Section, SectionKind};
pub use segment::Segment;
pub use symbol::{SYMBOL_ENTRY_SIZE, Symbol, SymbolKind};
pub use twin::{NotATwin, TwinMatch, check_twin};
pub use unwind::{Unwind, unwind};
pub use unwind_entry::UnwindEntry;
