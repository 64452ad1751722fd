//! Where nothing can be traced.

use super::super::HostError;
use super::super::boot_check::{BootLimits, Startable};
use super::super::launch::LaunchOptions;
use super::start::{TraceTarget, TracedStart};
use super::waits::Waits;

/// Says so.
pub(super) fn find_calls(
    _startable: &Startable<'_>,
    _event: Option<&[u8]>,
    _limits: BootLimits,
    _launch: &LaunchOptions,
    _targets: &[TraceTarget<'_>],
) -> Result<TracedStart, HostError> {
    Err(HostError::CannotTrace { why: format!("not on {}", std::env::consts::ARCH) })
}

/// Says so.
pub(super) fn find_waits(
    _startable: &Startable<'_>,
    _event: Option<&[u8]>,
    _limits: BootLimits,
    _launch: &LaunchOptions,
) -> Result<Waits, HostError> {
    Err(HostError::CannotTrace { why: format!("not on {}", std::env::consts::ARCH) })
}
