//! `measure`: packages are started, and what is said of their memory is what the system says.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod emulator;
mod failures;
mod network;
mod numbers;
