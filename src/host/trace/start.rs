//! The functions of a start, in the order in which they are called first.

use super::super::HostError;
use super::super::boot_check::{BootLimits, Startable};
use super::super::launch::{BootOutcome, Isolated, LaunchFile, LaunchOptions};
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::ptrace::find_calls;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
use super::unsupported::find_calls;

/// A program of the package whose functions are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceTarget<'a> {
    /// Its path in the package. It is a file there, an ELF executable, and started by what is started.
    pub path: &'a str,
    /// Where its functions begin, as link-time addresses, sorted. Each must be the first byte of an instruction: what
    /// function symbols (`STT_FUNC`) say is. Addresses outside of executable segments are left out.
    pub functions: &'a [u64],
}

/// The first call of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionCall {
    /// Which of the targets holds the function, counted from 0.
    pub file: usize,
    /// Where the function begins, as link-time address.
    pub address: u64,
}

/// What a traced start called, each function once, in the order of first calls over all programs and threads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TracedStart {
    /// Called before the end of init: the first byte of the last program's first request for an event.
    pub init: Vec<FunctionCall>,
    /// Called first after that: while it waited for the event, handled it, and came to rest again.
    pub first_event: Vec<FunctionCall>,
    /// How the start ended.
    pub outcome: BootOutcome,
    /// The end of what the programs wrote, at most 64 KiB.
    pub log: String,
    /// Whether the programs had a network of their own.
    pub isolated: Isolated,
}

/// Starts a package, with `event` (JSON) or to the end of init, and says which functions of `targets` are called, in which order. A start that
/// fails is an outcome, with the functions called until then.
///
/// # Errors
/// As [`boot_check`](crate::host::boot_check); [`HostError::CannotTrace`] where there is no starter, or the system forbids ptrace;
/// [`HostError::NoSuchTarget`] where a target is no ELF file of the package.
pub fn trace_start(
    files: &[LaunchFile<'_>],
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
    targets: &[TraceTarget<'_>],
) -> Result<TracedStart, HostError> {
    if !cfg!(target_os = "linux") {
        return Err(HostError::BootNeedsLinux { os: std::env::consts::OS });
    }
    let startable = Startable::find(files, None)?;
    find_calls(&startable, event, limits, launch, targets)
}
