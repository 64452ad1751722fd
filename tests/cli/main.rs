//! The command line as a contract: exit codes, what goes to which stream, formats that parse, help that names every flag.

#[path = "../support/mod.rs"]
mod support;

mod analyze;
mod build;
mod estimate;
mod usage;
