//! `slim --boot-check`: the package is started before and after.

use std::path::Path;
use std::time::Duration;

use crate::archive::EntryKind;
use crate::host::{
    self, BootLimits, BootOutcome, BootVerdict, Compared, EMPTY_EVENT, HostError, LaunchFile, LaunchFileKind,
    LaunchOptions,
};
use crate::package::{DeploymentPackage, PackageFile, PackageSource, Role};
use crate::render::clean;
use crate::slim::{BootCheck, Slimmed};

use super::args;
use super::error::CliError;
use super::terminal::Terminal;

/// Modes for files of a zip that says none, as for zips made on Windows.
const PROGRAM_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

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
        let mut limits = BootLimits::default();
        if let Some(limit) = flags.boot_limit.map(u64::from).map(Duration::from_secs) {
            limits.init = limit;
            limits.answer = limit;
        }
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
    let mut options = LaunchOptions::default();
    options.starter = std::env::current_exe().ok();
    options
}

/// What came in, as Lambda would unpack it.
fn original<'a>(package: &'a DeploymentPackage<'_>) -> Result<Vec<LaunchFile<'a>>, HostError> {
    let files = package.files.iter().map(|file| {
        // A bare program is the bootstrap of the package that is made of it.
        let is_bare = package.source == PackageSource::Elf && file.role == Role::Bootstrap;
        let path = if is_bare { "bootstrap" } else { &file.path };
        let kind = kind(path, file.is_symlink, &file.contents)?;
        Ok(LaunchFile { path, unix_mode: mode(file), kind })
    });
    let folder = |path: &'a String| LaunchFile { path, unix_mode: PROGRAM_MODE, kind: LaunchFileKind::Folder };
    files.chain(package.empty_folders.iter().map(folder).map(Ok)).collect()
}

fn rewritten<'a>(slimmed: &'a Slimmed<'_>) -> Result<Vec<LaunchFile<'a>>, HostError> {
    let files = slimmed.files.iter().map(|file| {
        let kind = match file.kind {
            EntryKind::Directory => LaunchFileKind::Folder,
            EntryKind::File => kind(&file.path, false, &file.contents)?,
            EntryKind::Symlink => kind(&file.path, true, &file.contents)?,
        };
        Ok(LaunchFile { path: &file.path, unix_mode: file.mode, kind })
    });
    files.collect()
}

fn kind<'a>(path: &str, is_symlink: bool, contents: &'a [u8]) -> Result<LaunchFileKind<'a>, HostError> {
    if !is_symlink {
        return Ok(LaunchFileKind::File(contents));
    }
    match std::str::from_utf8(contents) {
        Ok(target) => Ok(LaunchFileKind::Symlink(target)),
        Err(_) => Err(HostError::NameNotUtf8 { path: path.into() }),
    }
}

fn mode(file: &PackageFile<'_>) -> u32 {
    let unmarked = if file.is_elf() || file.is_script() { PROGRAM_MODE } else { FILE_MODE };
    file.mode.unwrap_or(unmarked)
}

/// An outcome in one line.
fn shown(outcome: &BootOutcome) -> String {
    clean(&outcome.to_string()).into_owned()
}

/// A program's last lines, below an error, safe for a terminal.
fn quoted(log: &str) -> String {
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
