//! Logs: real lines and documents as goldens, laws over made-up ones, and what is hostile or cut.

#![expect(clippy::disallowed_macros, clippy::print_stdout, reason = "tests print the figures that they reached")]

#[path = "../support/golden.rs"]
mod golden;

mod goldens;
mod hostile;
mod laws;
mod made;
mod show;
mod throughput;
