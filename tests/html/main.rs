//! The page of `--format html`: its numbers are the report's, names cannot break out of it, and a browser that we did not write opens it.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod data;
mod laws;
mod trend;
