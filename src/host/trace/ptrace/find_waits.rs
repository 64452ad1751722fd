//! A start whose system calls are watched.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::super::super::HostError;
use super::super::super::boot_check::{BootLimits, Startable};
use super::super::super::launch::{LaunchOptions, Moment, Names};
use super::super::waits::Waits;
use super::boot::trace_boot;
use super::diary::Diary;
use super::system_calls::SystemCalls;

/// Starts a package, and watches every system call of its programs.
pub(in super::super) fn find_waits(
    startable: &Startable<'_>,
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
) -> Result<Waits, HostError> {
    let names = Arc::new(Names::default());
    let diary = Arc::new(Diary::default());
    let make = |_: &Path| {
        let (diary, names) = (Arc::clone(&diary), Arc::clone(&names));
        move || SystemCalls::new(diary, names)
    };
    let mut ready = None;
    let boot = trace_boot(startable, event, limits, launch, Some(Arc::clone(&names)), make, &mut |moment| {
        if let Moment::Ready { at, .. } = moment {
            ready = Some(at);
        }
    })?;
    // Where it never got ready, all that it did was init.
    let told = diary.until(ready.unwrap_or_else(Instant::now));
    Ok(Waits {
        items: told.items,
        left_out: told.left_out,
        wall: told.wall,
        idle: told.idle,
        outcome: boot.outcome,
        log: boot.log,
        isolated: boot.isolated,
    })
}
