//! The proof: a second reader compares a program before and after, and believes nothing that the editors say.
//!
//! `goblin` reads the headers, `gimli` the frame descriptions, and what is left (language-specific data, packed relocations) is
//! decoded here from its specification. The editors use `object` and readers of their own, and this room imports none of them:
//! an error in a reader would otherwise hide the error that it made. That is why `gimli`, which belongs to `elf/`, is named here too.
//!
//! Promises: whatever is not declared in [`super::Changes`] is equal; whatever is declared has to be explained as well, as
//! unwind tables that say the same, relocations that come to the same, filling between functions, or dead code; time linear
//! in the size of the file (times a logarithm), whatever it holds.
//! Refuses: a difference that it cannot explain. It reads no instructions but single ones that were declared, and what could be
//! calls where call sites begin and end elsewhere: that nothing reaches dead code, that no code runs through zeroed filling outside
//! every described function, and that an instruction begins where one was declared are not proven here, but left to a start of
//! the program. For calls `iced_x86` is named here as well as by editors; every byte before is tried, so that nothing rests on where
//! instructions begin.

mod address_loads;
mod bytes;
mod calls;
mod code;
mod compare;
mod cursor;
mod error;
mod fixed;
mod frames;
mod headers;
mod index;
mod loaded;
mod lookups;
mod lsda;
mod merged;
mod merged_index;
mod merged_sites;
mod packed;
mod proof;
mod relocations;
mod rounded;
mod start_stub;
mod unwinding;
mod walk;
mod words;

pub use error::VerifyError;
pub use proof::same_program;
pub use words::proof_in_words;
