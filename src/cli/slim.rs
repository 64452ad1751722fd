//! `slim`.

use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::host;
use crate::package::PackageSource;
use crate::slim::{Level, Slimmed};

use super::args::{EffortArg, Global, LevelArg, Slim};
use super::configuration::Configuration;
use super::error::CliError;
use super::estimate::slimming;
use super::exit_code::ExitCode;
use super::output;
use super::subject::{Loaded, slim_options};
use super::terminal::Terminal;

/// Mode of a zip: `rw-r--r--`.
const ZIP_MODE: u32 = 0o644;

pub(super) fn run(flags: &Slim, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let goal = goal(flags, &loaded)?;
    let mut options = slim_options()?;
    options.level = match flags.level {
        LevelArg::Strict => Level::Strict,
        LevelArg::Default => Level::Default,
    };
    options.effort = match flags.effort {
        Some(EffortArg::Fast) => Effort::Fast,
        Some(EffortArg::Max) => Effort::Max,
        Some(EffortArg::Default) | None => Effort::Default,
    };
    options.without = flags.without.iter().copied().collect();

    let package = loaded.package()?;
    let slimmed = loaded.slim(&package, &options, terminal)?;
    let mut report = loaded.report_slimmed(&slimmed, Detail::Crates)?;
    let memory = Configuration::of(loaded.project.as_ref())?.memory_mb;
    report.estimate = slimming(&loaded, &slimmed, &report, memory)?;
    let printed = output::slim(&report, flags.format, &output::options(terminal, None, 0))?;
    match &goal {
        Goal::Nowhere => {}
        Goal::Zip(path) => write_zip(path, &slimmed, &loaded)?,
        Goal::Artifact => match package.source {
            PackageSource::Zip { .. } => host::replace(&loaded.path, &slimmed.zip, None)?,
            PackageSource::Elf => replace_files(&slimmed, |_| loaded.path.clone())?,
            PackageSource::Directory => replace_files(&slimmed, |file| loaded.path.join(file))?,
        },
    }
    for finding in report.findings.iter().filter(|finding| finding.severity == crate::package::Severity::Error) {
        terminal.note(&format!("warning: {} {}: {}", finding.code, finding.subject, finding.message));
    }
    terminal.result(&printed, None)?;
    if let Goal::Zip(path) = &goal {
        terminal.note(&format!("note: wrote {}", path.display()));
    }
    Ok(ExitCode::Done)
}

/// Where the result goes.
enum Goal {
    Nowhere,
    Zip(PathBuf),
    Artifact,
}

fn goal(flags: &Slim, loaded: &Loaded) -> Result<Goal, CliError> {
    match &flags.output {
        _ if flags.dry_run => Ok(Goal::Nowhere),
        Some(path) => Ok(Goal::Zip(path.clone())),
        None if flags.in_place && loaded.is_built() => {
            Err(CliError::Usage("--in-place needs an artifact: a fresh build has none to replace"))
        }
        None if flags.in_place => Ok(Goal::Artifact),
        None if loaded.is_built() => Ok(Goal::Zip(loaded.path.clone())),
        None => Err(CliError::Usage("say where the result goes: -o OUT.zip, --in-place, or --dry-run")),
    }
}

fn write_zip(path: &Path, slimmed: &Slimmed<'_>, loaded: &Loaded) -> Result<(), CliError> {
    if loaded.is_built() {
        host::create_parent(path)?;
    }
    Ok(host::replace(path, &slimmed.zip, Some(ZIP_MODE))?)
}

/// Replaces the programs that became smaller, each whole; all other files stay untouched.
fn replace_files(slimmed: &Slimmed<'_>, place: impl Fn(&str) -> PathBuf) -> Result<(), CliError> {
    for file in slimmed.files.iter().filter(|file| file.changed) {
        host::replace(&place(&file.path), &file.contents, None)?;
    }
    Ok(())
}
