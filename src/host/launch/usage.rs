//! What a process has used up.

use std::time::Duration;

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
        use nix::time::{clock_getcpuclockid, clock_gettime};
        use nix::unistd::Pid;

        let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold anything, brackets and spaces too: fields are counted from its end (proc_pid_stat(5)).
        let (_, fields) = line.rsplit_once(')')?;
        let field = |number: usize| fields.split_whitespace().nth(number)?.parse().ok();
        let (minor_faults, major_faults) = (field(7)?, field(9)?);
        let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
        Some(Self { minor_faults, major_faults, cpu: clock_gettime(clock).ok()?.into() })
    }
}
