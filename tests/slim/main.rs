//! `slim` from end to end: real packages in, packages out, judged by tools that are not ours.

#[path = "../support/mod.rs"]
mod support;

mod aborts;
mod laws;
mod places;
mod project;
mod shapes;
mod starts;
mod unwinding;
