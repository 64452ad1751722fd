//! Whether a package still starts and answers as it did before it was rewritten.

use std::time::Duration;

use super::HostError;
use super::alike::{Compared, alike};
use super::launch::{Boot, BootOutcome, Emulator, Isolated, LaunchFile, LaunchFileKind, LaunchOptions, Package, boot};
use crate::elf::{Architecture, Image, is_elf};

/// How often the original is started once more where the answers differ, before its answers count as always the same.
const REPEATS: usize = 3;

/// How long a start may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootLimits {
    /// From the start of the first program to the last one's asking for an event.
    pub init: Duration,
    /// From the event to the answer.
    pub answer: Duration,
}

impl Default for BootLimits {
    /// 10 s for init, as Lambda has it (developer guide, "Understanding the Lambda execution environment lifecycle", read 2026-11-24);
    /// 30 s for the answer.
    fn default() -> Self {
        Self { init: Duration::from_secs(10), answer: Duration::from_secs(30) }
    }
}

/// What two packages did when they were started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootCheck {
    /// What became of the original.
    pub before: BootOutcome,
    /// The end of what the original's programs wrote, at most 64 KiB.
    pub before_log: String,
    /// What became of the other; `None` where the original gave nothing to compare with.
    pub after: Option<BootOutcome>,
    /// The end of what the other's programs wrote, at most 64 KiB.
    pub after_log: String,
    /// What it comes to.
    pub verdict: BootVerdict,
    /// Whether the programs had a network of their own; where one start had it and another had not, why not.
    pub isolated: Isolated,
}

/// What a boot check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootVerdict {
    /// They did the same, as far as was compared.
    Alike(Compared),
    /// They did not.
    Different,
    /// The original did not start, or did not answer: there is nothing to compare with.
    NotConclusive,
}

/// Starts `before` and `after`, hands both `event` (JSON), and compares what they do. Where their answers differ, the original is started
/// again: what differs between two of its own answers is not compared.
///
/// # Errors
/// [`HostError::BootNeedsLinux`] and [`HostError::OtherArchitecture`] where this machine cannot run them; [`HostError::NothingToStart`]; or where files
/// cannot be unpacked.
pub fn boot_check(
    before: &[LaunchFile<'_>],
    after: &[LaunchFile<'_>],
    event: &[u8],
    limits: BootLimits,
    launch: &LaunchOptions,
) -> Result<BootCheck, HostError> {
    if !cfg!(target_os = "linux") {
        return Err(HostError::BootNeedsLinux { os: std::env::consts::OS });
    }
    let original = Startable::find(before, launch.emulator.as_ref())?;
    let rewritten = Startable::find(after, launch.emulator.as_ref())?;
    let start = |startable: &Startable<'_>| {
        boot(startable.package(), Some(event), limits.init, limits.answer, launch, &mut |_| ())
    };

    let first = start(&original)?;
    if !first.outcome.is_answer() {
        return Ok(check(first, None, BootVerdict::NotConclusive));
    }
    let other = start(&rewritten)?;
    let mut repeats = Vec::new();
    // The original again after the other: what follows the clock has had its time to change.
    while alike(&first.outcome, &repeats, &other.outcome).is_none() && repeats.len() < REPEATS {
        if first.outcome.code() != other.outcome.code() {
            break;
        }
        let repeated = start(&original)?;
        if repeated.outcome.code() != first.outcome.code() {
            return Ok(check(repeated, None, BootVerdict::NotConclusive));
        }
        repeats.push(repeated.outcome);
    }
    let verdict = alike(&first.outcome, &repeats, &other.outcome).map_or(BootVerdict::Different, BootVerdict::Alike);
    Ok(check(first, Some(other), verdict))
}

fn check(before: Boot, after: Option<Boot>, verdict: BootVerdict) -> BootCheck {
    let mut isolated = before.isolated;
    let (after, after_log) = match after {
        Some(Boot { outcome, log, isolated: other }) => {
            if isolated.is_yes() {
                isolated = other;
            }
            (Some(outcome), log)
        }
        None => (None, String::new()),
    };
    BootCheck { before: before.outcome, before_log: before.log, after, after_log, verdict, isolated }
}

/// What of a package is started.
pub(super) struct Startable<'a> {
    files: &'a [LaunchFile<'a>],
    bootstrap: Option<&'a str>,
    extensions: Vec<&'a str>,
    emulated: Vec<&'a str>,
    emulator: Option<&'a Emulator>,
}

impl<'a> Startable<'a> {
    /// Programs for another processor are for the emulator.
    pub(super) fn find(files: &'a [LaunchFile<'a>], emulator: Option<&'a Emulator>) -> Result<Self, HostError> {
        let is_folder = |file: &&LaunchFile<'_>| file.kind == LaunchFileKind::Folder;
        let paths = || files.iter().filter(|file| !is_folder(file)).map(|file| file.path);
        let bootstrap = paths().find(|path| *path == "bootstrap");
        let in_folder = |path: &&str| path.strip_prefix("extensions/").is_some_and(|name| !name.contains('/'));
        let mut extensions: Vec<&str> = paths().filter(in_folder).collect();
        extensions.sort_unstable();
        if bootstrap.is_none() && extensions.is_empty() {
            return Err(HostError::NothingToStart);
        }
        let mut emulated = Vec::new();
        for path in bootstrap.iter().chain(&extensions) {
            match runs_here(files, path) {
                Ok(()) => {}
                Err(_) if emulator.is_some() => emulated.push(*path),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { files, bootstrap, extensions, emulated, emulator })
    }

    pub(super) fn package(&self) -> Package<'_> {
        Package {
            files: self.files,
            bootstrap: self.bootstrap,
            extensions: &self.extensions,
            emulated: &self.emulated,
            emulator: self.emulator,
        }
    }

    /// Whether an emulator runs a program of it.
    pub(super) fn is_emulated(&self) -> bool {
        !self.emulated.is_empty()
    }
}

/// Refuses a program for another processor. One that is malformed is for the system to refuse.
fn runs_here(files: &[LaunchFile<'_>], path: &str) -> Result<(), HostError> {
    let file = files.iter().find(|file| file.path == path);
    let Some(LaunchFileKind::File(bytes)) = file.map(|file| file.kind) else { return Ok(()) };
    if !is_elf(bytes) {
        return Ok(());
    }
    let Ok(image) = Image::parse(bytes) else { return Ok(()) };
    let here = std::env::consts::ARCH;
    let architecture = image.architecture();
    let rust_name = match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "aarch64",
    };
    if rust_name == here {
        return Ok(());
    }
    Err(HostError::OtherArchitecture { path: path.to_owned(), architecture, here })
}
