//! The cold-start prediction for people: never a number without its interval, evidence and source.

mod crates;
mod memory;
mod money;
mod start;
mod traffic;

pub(super) use start::document;
