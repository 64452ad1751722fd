//! What init waits for, from one more start that is watched through ptrace.

use std::time::Duration;

use crate::host::{self, BootLimits, HostError, LaunchFile, LaunchOptions, WaitKind, Waits};
use crate::measure::Wait;
use crate::package::{Finding, Severity};
use crate::units::Millis;

use super::terminal::Terminal;

/// The most rows that a report has of them.
const ROWS: usize = 100;

/// Waits in less time than a whole init can be said to take are not worth a finding.
const WORTH: Duration = Duration::from_millis(20);

/// Watches one start; `None` where the system does not let it, which is said.
pub(super) fn watch(
    files: &[LaunchFile<'_>],
    limits: BootLimits,
    launch: &LaunchOptions,
    terminal: Terminal,
) -> Option<Waits> {
    match host::watch_waits(files, None, limits, launch) {
        Ok(waits) => Some(waits),
        // Whoever is not let to is told once; a start that fails has its own finding.
        Err(HostError::CannotTrace { why }) => {
            terminal.note(&format!("note: what init waits for is not known: {why}"));
            None
        }
        Err(_) => None,
    }
}

/// The waits as rows of the report.
pub(super) fn rows(waits: &Waits) -> Vec<Wait> {
    let row = |wait: &host::Wait| Wait::new(what(&wait.kind), millis(wait.start), millis(wait.took()));
    waits.items.iter().filter(|wait| is_told(wait)).take(ROWS).map(row).collect()
}

/// The main thread of an asynchronous runtime waits for its workers, and they for it: that says nothing.
fn is_told(wait: &host::Wait) -> bool {
    !matches!(wait.kind, WaitKind::Thread | WaitKind::Poll | WaitKind::Other) || wait.took() >= WORTH
}

/// Connections and look-ups always; other waits where they are worth it.
pub(super) fn findings(waits: &Waits, subject: &str) -> Vec<Finding> {
    let finding = |found: host::WaitFinding| {
        let (code, severity) = match &found {
            host::WaitFinding::Connects { .. } => ("init-connects", Severity::Warning),
            host::WaitFinding::LooksUp { .. } => ("init-looks-up-names", Severity::Note),
            host::WaitFinding::Sleeps { took, .. } if *took >= WORTH => ("init-sleeps", Severity::Warning),
            host::WaitFinding::WaitsForProcesses { took, .. } if *took >= WORTH => {
                ("init-waits-for-processes", Severity::Warning)
            }
            _ => return None,
        };
        let (subject, message) = (subject.to_owned(), found.to_string());
        Some(Finding { code: code.to_owned(), severity, message, subject, saves_bytes: None })
    };
    waits.findings().into_iter().filter_map(finding).collect()
}

fn what(kind: &WaitKind) -> String {
    match kind {
        WaitKind::Connect { address, name, error } => {
            let peer = name.as_ref().map_or_else(|| address.to_string(), |name| format!("{name}:{}", address.port()));
            let ended = error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
            format!("connect to {peer}{ended}")
        }
        WaitKind::LookUp { name } => format!("look up {name}"),
        WaitKind::Sleep => "sleep".to_owned(),
        WaitKind::Poll => "poll".to_owned(),
        WaitKind::Thread => "another thread".to_owned(),
        WaitKind::Receive => "bytes from a socket or pipe".to_owned(),
        WaitKind::File { path } => format!("bytes of {path}"),
        WaitKind::Process => "a process to end".to_owned(),
        _ => "something else".to_owned(),
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::new((duration.as_secs_f64() * 1e6).round() / 1e3)
}
