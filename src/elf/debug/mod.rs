//! DWARF: which compilation unit holds which code, which unit each byte of debug information is there for, and which source
//! file an address came from.
//!
//! Promises: debug information never fails an analysis. A unit that cannot be read leaves its bytes without an owner, and the
//! units behind one whose length cannot be read stay unread. Work and memory are linear in the bytes of the file, and in what
//! [`section`] allows compressed sections to unpack to.
//! Refuses: split DWARF (`.dwo`, `.dwp`): a skeleton unit is read for what it says itself.

mod charge;
mod form;
mod info;
mod line;
mod pieces;
mod reference;
mod section;
mod unit;

pub use info::{DebugBytes, DebugInfo, DebugUnit, debug_info};
pub use line::{SourceFiles, source_files};
