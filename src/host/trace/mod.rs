//! Which functions a start calls, and what it waits for, found by tracing it through ptrace: x86_64 and arm64 Linux, without root.
//!
//! Promises: what is traced is not harmed. Refuses: to trace without a starter, and where the system forbids ptrace.

mod start;
mod waits;

pub use start::{FunctionCall, TraceTarget, TracedStart, trace_start};
pub use waits::{Wait, WaitKind, Waits, watch_waits};
