//! The proof, put to the test: real programs with one thing changed, which it has to name, and changes that mean nothing, which it has
//! to let pass. The places are found, and the harmless changes made, by code of the tests' own.

#[path = "../support/mod.rs"]
mod support;

mod code;
mod harmless;
mod headers;
mod merged;
mod merged_handlers;
mod merging;
mod relocations;
mod rounded;
mod rounded_sharing;
mod small;
mod subject;
mod unwind;
