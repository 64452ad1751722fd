//! What init waits for.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use super::super::HostError;
use super::super::boot_check::{BootLimits, Startable};
use super::super::launch::{BootOutcome, Isolated, LaunchFile, LaunchOptions};
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::ptrace::find_waits;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
use super::unsupported::find_waits;

/// One call that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// Which thread waited: 0 is the first thread of the first program, others follow in the order in which they were seen, over all
    /// programs and what they started.
    pub thread: usize,
    /// From the start of the first program to the call.
    pub start: Duration,
    /// From the start of the first program to the call's return, or to the end of init where it did not return before.
    pub end: Duration,
    /// What it waited for.
    pub kind: WaitKind,
}

impl Wait {
    /// How long it waited.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// What a call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitKind {
    /// A connection over TCP, until it is there or refused. Those to the Runtime API are left out.
    Connect {
        /// The peer.
        address: SocketAddr,
        /// The name that the address was looked up by, where it is known: in a network of the programs' own.
        name: Option<String>,
        /// The system's word for how it ended, as `ECONNREFUSED`; `None` where it succeeded.
        error: Option<String>,
    },
    /// The question to a name server. It is asked in no time: what is waited for is the answer.
    LookUp {
        /// The name that is looked up, in lower case.
        name: String,
    },
    /// Time to pass.
    Sleep,
    /// Something to happen on a socket, pipe or timer (poll, select, epoll).
    Poll,
    /// Another thread (futex).
    Thread,
    /// Bytes from a socket or pipe.
    Receive,
    /// Bytes of a file: the disk, or a slow answer of the system's.
    File {
        /// Its path, as the system tells it.
        path: String,
    },
    /// A signal, or somebody who connects.
    Other,
    /// A process to end.
    Process,
}

/// What a start waited for until the end of its init.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// Connections and look-ups, and other calls that took longer than 1 ms; by start, then thread.
    pub items: Vec<Wait>,
    /// Calls that are not among them, because there were too many.
    pub left_out: u64,
    /// From the start of the first program to the end of init. Tracing makes it longer.
    pub wall: Duration,
    /// When no thread did anything: all waited. In order, without overlap.
    pub idle: Vec<Range<Duration>>,
    /// How the start ended.
    pub outcome: BootOutcome,
    /// The end of what the programs wrote, at most 64 KiB.
    pub log: String,
    /// Whether the programs had a network of their own. There, names are found, every connection is refused at once, and how long it would take
    /// elsewhere is not known.
    pub isolated: Isolated,
}

/// Starts a package, with `event` (JSON) or to the end of init, and says what its programs waited for during init. A start that fails is an
/// outcome, with the waits until then.
///
/// # Errors
/// As [`trace_start`](crate::host::trace_start).
pub fn watch_waits(
    files: &[LaunchFile<'_>],
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
) -> Result<Waits, HostError> {
    if !cfg!(target_os = "linux") {
        return Err(HostError::BootNeedsLinux { os: std::env::consts::OS });
    }
    find_waits(&Startable::find(files, None)?, event, limits, launch)
}
