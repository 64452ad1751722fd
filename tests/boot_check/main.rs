//! `slim --boot-check`: packages are started before and after, and nothing is written that does not answer as before.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod alike;
mod failures;
mod library;
mod survivors;
