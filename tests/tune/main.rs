//! `tune` on small real projects: what the table says is what the files say, failures are rows, a stopped run goes on, and nothing of the project changes but
//! what `--apply` was asked to write.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod apply;
mod dependencies;
mod function;
mod rows;
mod stopped;
