//! Which functions a start calls, kept so that another build of the program can be laid out by it.
//!
//! The kernel reads a program from disk in groups of pages, so that functions that lie scattered bring their neighbours into memory with them.
//! An [`Order`] names the functions of some starts ([`StartCalls`]) in the order of their first call; it is written by demangled path, fit for a repository, and
//! [`place`]d on the functions of whatever program is built next: what a linker is told are today's symbols.
//!
//! Promises: the same functions and the same order give the same placement, wherever the linker has put the functions by now, so that a program
//! that was laid out asks for the layout that it has; each function is placed once. Refuses: text that is no order, with the line. Knows no linker.

mod calls;
mod constants;
mod error;
mod function;
mod order;
mod path;
mod place;
mod text;

pub use calls::StartCalls;
pub use constants::{constants, constants_script};
pub use error::OrderError;
pub use function::{Function, functions};
pub use order::{Hint, Order, OrderedFunction};
pub use place::{Placed, Placement, place};
