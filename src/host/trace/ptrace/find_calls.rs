//! A start whose functions are looked for.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::super::super::HostError;
use super::super::super::boot_check::{BootLimits, Startable};
use super::super::super::launch::{LaunchOptions, Moment};
use super::super::start::{TraceTarget, TracedStart};
use super::boot::trace_boot;
use super::breakpoints::Breakpoints;
use super::calls::Calls;
use super::text::Text;

/// How long no function is called for the first time before a program counts as come to rest after its request or answer.
const QUIET: Duration = Duration::from_millis(20);

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts a package with a breakpoint at each function of `targets`.
pub(in super::super) fn find_calls(
    startable: &Startable<'_>,
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
    targets: &[TraceTarget<'_>],
) -> Result<TracedStart, HostError> {
    let files = startable.package().files;
    let texts = targets.iter().map(|target| Text::of(target, files)).collect::<Result<_, _>>()?;
    let calls = Arc::new(Calls::of(texts));
    let make = |root: &Path| {
        let (calls, root) = (Arc::clone(&calls), root.to_owned());
        move || Breakpoints::new(calls, &root)
    };
    let mut ready = None;
    let boot = trace_boot(startable, event, limits, launch, None, make, &mut |moment| match moment {
        Moment::Ready { at, .. } => {
            ready = Some(at);
            // It sends the request's rest and goes to wait: no event does without that, and without an event nothing else shows it.
            until_quiet(&calls);
        }
        Moment::Answered { .. } => until_quiet(&calls),
        Moment::Unpacked { .. } => {}
    })?;
    if let Some(why) = calls.failure() {
        return Err(HostError::CannotTrace { why });
    }
    // Where it never got ready, all that it did was init.
    let (init, first_event) = calls.around(ready.unwrap_or_else(Instant::now));
    Ok(TracedStart { init, first_event, outcome: boot.outcome, log: boot.log, isolated: boot.isolated })
}

/// What a program does once it has answered, until it waits for the next event, is part of every event.
fn until_quiet(calls: &Calls) {
    let until = Instant::now() + PATIENCE;
    while calls.quiet_for().is_some_and(|quiet| quiet < QUIET) && Instant::now() < until {
        thread::sleep(QUIET / 4);
    }
}
