//! Which code a program can still reach once its functions have no handlers: `x86_64`, position-independent programs.
//!
//! A landing pad is code that only the unwinder jumps to. Without handlers it is dead, with all that only it leads to: blocks
//! of its function, then functions that nothing else refers to. Dead is only what was reachable before and is not after; what is
//! reached neither way is kept, since something that is not known here may lead to it.
//!
//! Inside a function with landing pads, flow is followed from its start and from whatever outside points into it, over the
//! targets of its jump tables. Between functions, any reference counts: from code (code without a frame description included,
//! which is swept), from words that the loader relocates, symbols, tables of distances. A function that cannot be followed to its last byte is kept whole, with all that it refers to.
//!
//! What comes out is then checked by [`check`](check::check), which reads the code that stays another way.
//!
//! Promises: linear in the code, but for sorting; on hostile bytes an error or less dead code, never a panic.
//! Refuses: other architectures; programs of fixed addresses, where any number may be an address; overlapping functions; and
//! programs in which many functions are unreached before anything is taken: there something is not understood.

mod check;
mod code;
mod dead;
mod error;
mod flow;
mod graph;
mod roots;
mod sweep;
mod tables;

pub use dead::{DeadCode, dead_without_handlers};
pub use error::CannotFollow;
pub use sweep::is_only_filling;
