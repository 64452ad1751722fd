//! `slim --debug-file`: what it keeps, who finds it, and what it refuses. Judged by gdb, addr2line, nm, readelf and elfutils.

#[path = "../support/mod.rs"]
mod support;

mod command;
mod debuggers;
mod file;
mod subjects;
