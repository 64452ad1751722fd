//! Unwind tables as rewrites need them: what they say, wherever it stands, and the order in which it is written.
//!
//! [`UnwindModel`] is read from a program's tables, may be changed, and is written back in one order, that in which Deflate finds most.
//! Promises: what is written depends on what the model says and not on where it stood, so that doing it twice is doing it once; no
//! table grows; linear in the tables, but for sorting.

mod call_sites;
mod layout;
mod model;
mod neighbours;
mod program;
mod registered;
mod rounding;

pub(super) use layout::write;
pub(super) use model::UnwindModel;
pub(super) use neighbours::merge_neighbours;
pub(super) use rounding::{Reach, are_rounded, round_call_sites};
