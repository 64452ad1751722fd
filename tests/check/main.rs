//! `check` from end to end: three exit codes on real cases, the crate that grew by name, and whose limit holds.

#[path = "../support/mod.rs"]
mod support;

mod action;
mod configuration;
mod formats;
mod growth;
mod history;
mod limits;
mod pull_request;
mod several;
