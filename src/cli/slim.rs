//! `slim`.

use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::host;
use crate::package::{BUILD_ID_MISSING, DeploymentPackage, Finding, PackageSource, Severity};
use crate::report::Report;
use crate::slim::{Level, Options, Rewrite, Slimmed, free_aborts};

use super::args::{EffortArg, Global, LevelArg, Slim};
use super::boot_check::Asked;
use super::configuration::Configuration;
use super::debug_file::DebugFiles;
use super::error::CliError;
use super::estimate::slimming;
use super::exit_code::ExitCode;
use super::output;
use super::predictor::Predictor;
use super::subject::{Loaded, slim_options};
use super::terminal::Terminal;

/// Mode of a zip: `rw-r--r--`.
pub(super) const ZIP_MODE: u32 = 0o644;

pub(super) fn run(flags: &Slim, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    refuse_what_cannot_be(flags)?;
    let boot_check = Asked::of(flags)?;
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let goal = goal(flags, &loaded);
    let done = carry_out(flags, &loaded, &goal, boot_check.as_ref(), flags.debug_file.as_deref(), terminal)?;
    for warning in &done.warnings {
        terminal.note(warning);
    }
    let options = output::options(terminal, None, 0);
    let printed = terminal.timed("render", || output::slim(&done.report, flags.format, &options));
    terminal.result(&printed, None)?;
    for note in &done.notes {
        terminal.note(note);
    }
    Ok(ExitCode::Done)
}

/// A package slimmed and written, with what is to be said of it.
pub(super) struct Done {
    pub(super) report: Report,
    /// What the result is not to be read without.
    pub(super) warnings: Vec<String>,
    /// What was written, or why nothing was.
    pub(super) notes: Vec<String>,
}

/// Slims one package and writes what becomes of it.
pub(super) fn carry_out(
    flags: &Slim,
    loaded: &Loaded,
    goal: &Goal,
    boot_check: Option<&Asked>,
    debug_file: Option<&Path>,
    terminal: Terminal,
) -> Result<Done, CliError> {
    let configured = Configuration::of(loaded.project.as_ref())?;
    let options = options(flags, &configured)?;
    let mut package = loaded.package()?;
    if flags.drop_junk && flags.in_place && package.source == PackageSource::Directory {
        return Err(CliError::Usage(
            "--drop-junk would delete files of the folder: say -o OUT.zip, or delete them yourself",
        ));
    }
    let dropped = flags.drop_junk.then(|| package.drop_junk());
    let spared = || -> Vec<PathBuf> {
        let metadata = &flags.subject.metadata;
        loaded.files_read().chain(metadata.clone()).chain(goal.path().map(Path::to_owned)).collect()
    };
    let debug_files = debug_file.map(|to| DebugFiles::of(to, &package, loaded, &spared())).transpose()?;
    let mut slimmed = loaded.slim(&package, &options, terminal)?;
    if let Some(dropped) = &dropped {
        slimmed.outcome.add_dropped_junk(dropped);
    }
    if let Some(asked) = boot_check {
        let check = || asked.carry_out(&loaded.path, &package, &slimmed, terminal);
        let checked = terminal.timed("boot check", check)?;
        slimmed.outcome.boot_check = Some(checked);
    }
    let mut report = loaded.report_slimmed(&package, &slimmed, Detail::Crates)?;
    report.estimate = slimming(loaded, &slimmed, &report, &Predictor::of(None, Some(&configured))?)?;
    let offers = free_aborts(&slimmed.files);
    report.add_findings(offers.iter().cloned());
    report.add_findings(debug_files.iter().flat_map(|files| files.findings.iter().cloned()));
    // The symbols first: what replaces the only copy of them comes after.
    let mut written = match &debug_files {
        Some(files) if !flags.dry_run => files.write()?,
        _ => Vec::new(),
    };
    let debug_files_written = written.len();
    written.extend(terminal.timed("write", || write(goal, &package, &slimmed, loaded))?);
    let told = |finding: &&Finding| finding.severity == Severity::Error || finding.code == BUILD_ID_MISSING;
    let warning = |finding: &Finding| format!("warning: {} {}: {}", finding.code, finding.subject, finding.message);
    let warnings = report.findings.iter().filter(told).map(warning).collect();
    let mut notes: Vec<String> = written.iter().map(|path| format!("note: wrote {}", path.display())).collect();
    notes.extend(offers.iter().map(|offer| format!("note: {} ({}): {}", offer.code, offer.subject, offer.message)));
    if written.len() == debug_files_written {
        let why = if flags.dry_run { "a dry run" } else { "no file becomes smaller" };
        let what = if debug_files_written > 0 { "the package stays as it is" } else { "nothing was written" };
        notes.push(format!("note: {why}: {what}"));
    }
    Ok(Done { report, warnings, notes })
}

fn options(flags: &Slim, configured: &Configuration) -> Result<Options, CliError> {
    let mut options = slim_options()?;
    options.level = match flags.level {
        LevelArg::Strict => Level::Strict,
        LevelArg::Default => Level::Default,
    };
    options.effort = flags.effort.map(effort).or(configured.effort).unwrap_or_default();
    options.with = flags.with.iter().copied().collect();
    options.without = flags.without.iter().copied().collect();
    Ok(options)
}

/// Where the result goes.
pub(super) enum Goal {
    Nowhere,
    Zip(PathBuf),
    /// A zip whose folder is made with it.
    ZipInFolder(PathBuf),
    Artifact,
}

impl Goal {
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Zip(path) | Self::ZipInFolder(path) => Some(path),
            Self::Nowhere | Self::Artifact => None,
        }
    }
}

/// What clap cannot see, told before anything is built or read.
pub(super) fn refuse_what_cannot_be(flags: &Slim) -> Result<(), CliError> {
    if let Some(&rewrite) = flags.with.iter().find(|rewrite| flags.without.contains(rewrite)) {
        return Err(CliError::WithAndWithout { rewrite });
    }
    // What cannot be proven has to be booted; a dry run writes nothing that could fail to start.
    if flags.with.contains(&Rewrite::DropDeadCode) && !flags.boot_check && !flags.dry_run {
        return Err(CliError::Usage("drop-dead-code cannot be proven without running the program: add --boot-check"));
    }
    let is_built = flags.subject.artifact.is_none() && !flags.subject.build.no_build;
    if flags.in_place && is_built {
        return Err(CliError::Usage("--in-place needs an artifact: a fresh build has none to replace"));
    }
    let says_where = flags.dry_run || flags.in_place || flags.output.is_some();
    if !says_where && !is_built {
        return Err(CliError::Usage("say where the result goes: -o OUT.zip, --in-place, or --dry-run"));
    }
    Ok(())
}

fn goal(flags: &Slim, loaded: &Loaded) -> Goal {
    match &flags.output {
        _ if flags.dry_run => Goal::Nowhere,
        _ if flags.in_place => Goal::Artifact,
        Some(path) => Goal::Zip(path.clone()),
        None => Goal::Zip(loaded.path.clone()),
    }
}

/// Writes the result, and says which files it wrote.
fn write(
    goal: &Goal,
    package: &DeploymentPackage<'_>,
    slimmed: &Slimmed<'_>,
    loaded: &Loaded,
) -> Result<Vec<PathBuf>, CliError> {
    let path = match goal {
        Goal::Nowhere => return Ok(Vec::new()),
        Goal::Zip(path) | Goal::ZipInFolder(path) => {
            if loaded.is_built() || matches!(goal, Goal::ZipInFolder(_)) {
                host::create_parent(path)?;
            }
            host::replace(path, &slimmed.zip, Some(ZIP_MODE))?;
            return Ok(vec![path.clone()]);
        }
        Goal::Artifact => &loaded.path,
    };
    // What is as small as it gets keeps its time: no file is written for nothing.
    match package.source {
        PackageSource::Zip { .. } if loaded.is_same_zip(&slimmed.zip) => Ok(Vec::new()),
        PackageSource::Zip { .. } => {
            host::replace(path, &slimmed.zip, None)?;
            Ok(vec![path.clone()])
        }
        PackageSource::Elf => replace_files(slimmed, |_| path.clone()),
        PackageSource::Directory => replace_files(slimmed, |file| path.join(file)),
    }
}

/// Replaces the programs that became smaller, each whole; all other files stay untouched.
fn replace_files(slimmed: &Slimmed<'_>, place: impl Fn(&str) -> PathBuf) -> Result<Vec<PathBuf>, CliError> {
    let mut written = Vec::new();
    for file in slimmed.files.iter().filter(|file| file.changed) {
        let path = place(&file.path);
        host::replace(&path, &file.contents, None)?;
        written.push(path);
    }
    Ok(written)
}

fn effort(flag: EffortArg) -> Effort {
    match flag {
        EffortArg::Fast => Effort::Fast,
        EffortArg::Default => Effort::Default,
        EffortArg::Max => Effort::Max,
    }
}
