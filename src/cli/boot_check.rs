//! `slim --boot-check`: the package is started before and after.

use std::path::Path;
use std::time::Duration;

use crate::host::{self, BootLimits, BootOutcome, BootVerdict, Compared, EMPTY_EVENT, LaunchOptions};
use crate::package::DeploymentPackage;
use crate::render::clean;
use crate::slim::{BootCheck, Slimmed};

use super::args;
use super::error::CliError;
use super::launch_files::{original, rewritten};
use super::terminal::Terminal;

/// The most lines of a program's output that an error shows: its last ones.
const LOG_LINES: usize = 40;

/// A boot check as the flags ask for it.
pub(super) struct Asked {
    event: Vec<u8>,
    /// The event as the report names it.
    event_name: String,
    limits: BootLimits,
}

impl Asked {
    /// Reads the event, before anything is built.
    pub(super) fn of(flags: &args::Slim) -> Result<Option<Self>, CliError> {
        if !flags.boot_check {
            return Ok(None);
        }
        let limits = limits(flags.boot_limit);
        let (event, event_name) = match &flags.event {
            Some(path) => (host::read_event(path)?, path.display().to_string()),
            None => (EMPTY_EVENT.to_vec(), String::from_utf8_lossy(EMPTY_EVENT).into_owned()),
        };
        Ok(Some(Self { event, event_name, limits }))
    }

    /// Starts both packages. Anything but the same answer is an error.
    pub(super) fn carry_out(
        &self,
        path: &Path,
        package: &DeploymentPackage<'_>,
        slimmed: &Slimmed<'_>,
        terminal: Terminal,
    ) -> Result<BootCheck, CliError> {
        let spinner = terminal.spinner("starting the package before and after");
        let checked =
            host::boot_check(&original(package)?, &rewritten(slimmed)?, &self.event, self.limits, &launch_options());
        spinner.finish_and_clear();
        let checked = checked?;
        let before = shown(&checked.before);
        let (BootVerdict::Alike(compared), Some(after)) = (checked.verdict, &checked.after) else {
            let path = path.to_owned();
            return Err(match &checked.after {
                Some(after) => {
                    CliError::BootDiffers { path, before, after: shown(after), log: quoted(&checked.after_log) }
                }
                None => CliError::BootNotConclusive { path, before, log: quoted(&checked.before_log) },
            });
        };
        Ok(BootCheck {
            event: self.event_name.clone(),
            before: checked.before.code().to_owned(),
            after: after.code().to_owned(),
            alike: true,
            compared: match compared {
                Compared::Everything => "everything",
                Compared::StableValues => "stable-values",
                Compared::KindOnly => "kind-only",
            }
            .to_owned(),
            isolated: checked.isolated.is_yes(),
        })
    }
}

/// Programs are started by this executable.
pub(super) fn launch_options() -> LaunchOptions {
    LaunchOptions { starter: std::env::current_exe().ok(), ..LaunchOptions::default() }
}

/// The limits of a start: one for init and for the answer, where it is given in seconds.
pub(super) fn limits(seconds: Option<u16>) -> BootLimits {
    let mut limits = BootLimits::default();
    if let Some(limit) = seconds.map(u64::from).map(Duration::from_secs) {
        limits.init = limit;
        limits.answer = limit;
    }
    limits
}

/// An outcome in one line.
pub(super) fn shown(outcome: &BootOutcome) -> String {
    clean(&outcome.to_string()).into_owned()
}

/// A program's last lines, below an error, safe for a terminal.
pub(super) fn quoted(log: &str) -> String {
    let lines: Vec<&str> = log.trim_end().lines().collect();
    let left_out = lines.len().saturating_sub(LOG_LINES);
    let mut quoted = String::new();
    if !lines.is_empty() {
        quoted.push_str("\nit wrote:");
    }
    if left_out > 0 {
        quoted.push_str(&format!("\n  ... ({left_out} lines before)"));
    }
    for line in lines.iter().skip(left_out) {
        let line = anstream::adapter::strip_str(line).to_string();
        quoted.push_str(&format!("\n  | {}", clean(&line)));
    }
    quoted
}
