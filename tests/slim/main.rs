//! `slim` from end to end: real packages in, packages out, judged by tools that are not ours.

#[path = "../support/mod.rs"]
mod support;

mod aborts;
mod junk;
mod laws;
mod modules;
mod neighbours;
mod places;
mod project;
mod relocations;
mod rounding;
mod several;
mod shapes;
mod starts;
mod unwinding;
