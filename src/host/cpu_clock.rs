//! The CPU time of a process, in nanoseconds, threads that have ended included.

use std::time::Duration;

/// `None` where the process is gone, and on systems without such a clock.
#[cfg(target_os = "linux")]
pub(super) fn cpu_time(pid: u32) -> Option<Duration> {
    use nix::time::{clock_getcpuclockid, clock_gettime};
    use nix::unistd::Pid;

    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
    Some(clock_gettime(clock).ok()?.into())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn cpu_time(_pid: u32) -> Option<Duration> {
    None
}
