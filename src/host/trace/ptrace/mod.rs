//! Tracing through ptrace: one tracer for each program, and what watches with it.

mod arch;
mod boot;
mod breakpoints;
mod calls;
mod diary;
mod find_calls;
mod find_waits;
mod memory;
mod process;
mod raw;
mod remote;
mod system_calls;
mod text;
mod tracer;

pub(super) use find_calls::find_calls;
pub(super) use find_waits::find_waits;
