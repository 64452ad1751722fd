//! Which process a thread belongs to.

use std::fs;

use nix::unistd::Pid;

/// The process that a thread belongs to; `None` where it is gone.
pub(super) fn process_of(thread: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let number = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
    number.trim().parse().ok().map(Pid::from_raw)
}
