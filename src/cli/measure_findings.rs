//! What a measurement gives its reader to think about.

use crate::host::BootOutcome;
use crate::measure::Measurement;
use crate::package::{Finding, Severity};
use crate::render::clean;
use crate::report::Report;
use crate::units::ByteSize;

/// Init that waits less than this is not worth a change.
const WAITING_MS: f64 = 20.0;

/// Relocated pages below this are not worth giving anything up.
const DIRTY: ByteSize = ByteSize::new(256 * 1024);
/// Code of the finding of an init that failed.
pub(super) const INIT_FAILED: &str = "init-failed";

/// Init did not end as it should.
pub(super) fn failed(outcome: &BootOutcome, isolated: bool) -> Finding {
    let advice = match outcome {
        BootOutcome::MissingLibrary { library, .. } => {
            format!("put {library} into lib/ of the package or of a layer, or link it statically")
        }
        BootOutcome::NewerGlibc { .. } => {
            "on Lambda it needs a runtime that has it: build for an older glibc (cargo lambda build, or cargo zigbuild \
             --target x86_64-unknown-linux-gnu.2.26), or for musl"
                .to_owned()
        }
        BootOutcome::NeverAsked { .. } => {
            "Lambda gives init 10 s, then starts it again at the first invocation, on the function's own time: do less \
             before lambda_runtime::run"
                .to_owned()
        }
        BootOutcome::NotStarted { .. } => "the file must be executable and for this machine".to_owned(),
        BootOutcome::NoAnswer { .. } | BootOutcome::ExitedDuringInvoke { .. } => {
            "it was ready, and failed with the event: is it the event that the function expects?".to_owned()
        }
        _ if isolated => {
            "what it wrote says why; it had no network but loopback: --network gives it this machine's".to_owned()
        }
        _ => "what it wrote says why".to_owned(),
    };
    Finding {
        code: INIT_FAILED.to_owned(),
        severity: Severity::Error,
        message: format!("{}: {advice}", clean(&outcome.to_string())),
        subject: program(outcome).to_owned(),
        saves_bytes: None,
    }
}

fn program(outcome: &BootOutcome) -> &str {
    match outcome {
        BootOutcome::NotStarted { program, .. }
        | BootOutcome::MissingLibrary { program, .. }
        | BootOutcome::NewerGlibc { program, .. }
        | BootOutcome::ExitedDuringInit { program, .. }
        | BootOutcome::InitError { program, .. }
        | BootOutcome::NeverAsked { program, .. }
        | BootOutcome::ExitedDuringInvoke { program, .. }
        | BootOutcome::NoAnswer { program, .. } => program,
        _ => "bootstrap",
    }
}

/// What a start that went well shows.
pub(super) fn findings(measurement: &Measurement, report: &Report, at_rest: bool) -> Vec<Finding> {
    let subject = measurement.files.first().map_or("bootstrap", |file| &file.path).to_owned();
    let finding = |severity, code: &str, message: String| Finding {
        code: code.to_owned(),
        severity,
        message,
        subject: subject.clone(),
        saves_bytes: None,
    };
    let mut findings = Vec::new();
    if let Some(emulator) = &measurement.emulator {
        let message = format!(
            "{emulator} ran it: pages of its files in memory are comparable with those of a start on its own processor; times, \
             faults and memory of no file are the emulator's as well, and the predicted init does not use them"
        );
        findings.push(finding(Severity::Note, "emulated", message));
        findings.extend(relocated(measurement, &subject));
        findings.extend(scattered(report, &subject));
        return findings;
    }
    if !at_rest {
        let message = "it still used the processor 200 ms after it asked for an event: threads that go on in the \
                       background make the numbers vary, and on Lambda they are frozen between events";
        findings.push(finding(Severity::Note, "busy-after-init", message.to_owned()));
    }
    let (waiting, ready) = (measurement.waiting_ms.get(), measurement.ready_ms.get());
    if waiting >= WAITING_MS && waiting * 4.0 >= ready {
        let message = format!(
            "init waits for {waiting:.0} of its {ready:.0} ms, with no thread running: connections, sleeps, other \
             processes. What is independent can run side by side, what no event needs can wait for the first event"
        );
        findings.push(finding(Severity::Warning, "init-waits", message));
    }
    findings.extend(relocated(measurement, &subject));
    findings.extend(scattered(report, &subject));
    findings
}

/// Pages that are copies for their relocations.
fn relocated(measurement: &Measurement, subject: &str) -> Option<Finding> {
    (measurement.relocated_dirty_bytes >= DIRTY && measurement.relocations > 0).then(|| Finding {
        code: "relocated-pages".to_owned(),
        severity: Severity::Note,
        message: format!(
            "{} KiB of its memory are copies that the dynamic linker makes to relocate {} addresses at each start. \
             A program linked for a fixed address has none: `cargo lambda-slim layout --static-relocations`, or `slim \
             --with no-aslr`; both give up the executable's random address",
            measurement.relocated_dirty_bytes.get() / 1024,
            measurement.relocations
        ),
        subject: subject.to_owned(),
        saves_bytes: None,
    })
}

/// Code in memory that is far more than what can have run.
fn scattered(report: &Report, subject: &str) -> Option<Finding> {
    let binary = report.binaries.iter().find(|binary| binary.path == subject)?;
    let text = binary.sections.iter().find(|section| section.name == ".text")?;
    let touched = text.touched_bytes?;
    // The kernel maps pages in groups of 64 KiB around the one that is asked for: a large program that touches a third of its code runs
    // functions from all over it.
    let is_large = text.file_bytes >= ByteSize::new(4 << 20);
    (is_large && touched.get().saturating_mul(4) >= text.file_bytes.get()).then(|| Finding {
        code: "scattered-code".to_owned(),
        severity: Severity::Note,
        message: format!(
            "init brings {} of {} KiB of code into memory, in groups of 16 pages around each function that runs. \
             `cargo lambda-slim layout` puts those functions side by side",
            touched.get() / 1024,
            text.file_bytes.get() / 1024
        ),
        subject: subject.to_owned(),
        saves_bytes: None,
    })
}
