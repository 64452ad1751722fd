//! What a process has used up.

use std::time::Duration;

#[cfg(target_os = "linux")]
use super::super::counters;

/// What a process has used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::host) struct Usage {
    /// Page faults that needed no disk.
    pub(in crate::host) minor_faults: u64,
    /// Page faults that waited for the disk.
    pub(in crate::host) major_faults: u64,
    /// Processor time, of all threads.
    pub(in crate::host) cpu: Duration,
}

#[cfg(target_os = "linux")]
impl Usage {
    /// Of process `pid` now; `None` where it is gone.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let stat = counters::stat(pid)?;
        let cpu = counters::cpu_time(pid)?;
        Some(Self { minor_faults: stat.minor_faults, major_faults: stat.major_faults, cpu })
    }
}
