//! The functions of a start, found by tracing it: judged by the compiler's own instrumentation, by valgrind, and by the traced programs
//! themselves, which must do what they do when nobody traces them.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod program;
mod survivors;
mod unharmed;
mod waits;
