//! What init waits for.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::HostError;
use super::super::boot_check::BootLimits;
use super::super::launch::{BootOutcome, Isolated, LaunchFile, LaunchOptions};

/// One call that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// Which thread waited: 0 is the first thread of the first program, others follow in the order in which they were seen.
    pub thread: usize,
    /// From the start of the first program to the call.
    pub start: Duration,
    /// From the start of the first program to the call's return, or to the end of init where it did not return before.
    pub end: Duration,
    /// What it waited for.
    pub kind: WaitKind,
}

/// What a call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitKind {
    /// A connection, until it is there or refused.
    Connect {
        /// The peer.
        address: SocketAddr,
        /// The name that the address was looked up by, where it was seen.
        name: Option<String>,
        /// The system's word for how it ended, as `ECONNREFUSED`; `None` where it succeeded.
        error: Option<String>,
    },
    /// The question to a name server. It is asked in no time: what is waited for is the answer.
    LookUp {
        /// The name that is looked up.
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
    /// A process to end.
    Process,
}

/// What a start waited for until the end of its init.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// Connections and look-ups, and other calls that took longer than 1 ms; by start.
    pub items: Vec<Wait>,
    /// From the start of the first program to the end of init. Tracing makes it longer.
    pub wall: Duration,
    /// How the start ended.
    pub outcome: BootOutcome,
    /// The end of what the programs wrote, at most 64 KiB.
    pub log: String,
    /// Whether the programs had a network of their own.
    pub isolated: Isolated,
}

/// Starts a package, with `event` (JSON) or to the end of init, and says what its programs waited for during init.
///
/// # Errors
/// As [`trace_start`](crate::host::trace_start).
pub fn watch_waits(
    files: &[LaunchFile<'_>],
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
) -> Result<Waits, HostError> {
    let _ = (files, event, limits, launch);
    Err(HostError::CannotTrace { why: "not there yet".to_owned() })
}
