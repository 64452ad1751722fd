//! Which functions a start calls, and what it waits for, found by tracing it through ptrace: x86_64 and arm64 Linux, without root.
//!
//! A tracer sees what a program does from its first instruction on, in all its threads and in all that it starts: a watcher that sets breakpoints
//! at functions, or one that looks at system calls.
//!
//! Promises: what is traced does what it does untraced, only slower (for what a breakpoint changes, see `breakpoints`); nothing of it stays when
//! the tracer is gone. Refuses: to trace without a starter, and where the system forbids ptrace. Not traced: functions of shared libraries of the
//! package, and of a program that is started through a dynamic linker by name.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod ptrace;
mod start;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod unsupported;
mod wait_findings;
mod waits;

pub use start::{FunctionCall, TraceTarget, TracedStart, trace_start};
pub use wait_findings::WaitFinding;
pub use waits::{Wait, WaitKind, Waits, watch_waits};
