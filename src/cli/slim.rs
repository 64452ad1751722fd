//! `slim`.

use std::path::PathBuf;

use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::host;
use crate::package::{DeploymentPackage, PackageSource};
use crate::slim::{Level, Slimmed, free_aborts};

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
    refuse_what_cannot_be(flags)?;
    let mut options = slim_options()?;
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let goal = goal(flags, &loaded);
    let configured = Configuration::of(loaded.project.as_ref())?;
    options.level = match flags.level {
        LevelArg::Strict => Level::Strict,
        LevelArg::Default => Level::Default,
    };
    options.effort = flags.effort.map(effort).or(configured.effort).unwrap_or_default();
    options.with = flags.with.iter().copied().collect();
    options.without = flags.without.iter().copied().collect();

    let package = loaded.package()?;
    let slimmed = loaded.slim(&package, &options, terminal)?;
    let mut report = loaded.report_slimmed(&package, &slimmed, Detail::Crates)?;
    let offers = free_aborts(&slimmed.files);
    report.findings.extend(offers.iter().cloned());
    report.estimate = slimming(&loaded, &slimmed, &report, configured.memory_mb)?;
    let printed = output::slim(&report, flags.format, &output::options(terminal, None, 0));
    let written = write(&goal, &package, &slimmed, &loaded)?;
    for finding in report.findings.iter().filter(|finding| finding.severity == crate::package::Severity::Error) {
        terminal.note(&format!("warning: {} {}: {}", finding.code, finding.subject, finding.message));
    }
    terminal.result(&printed, None)?;
    for path in &written {
        terminal.note(&format!("note: wrote {}", path.display()));
    }
    for offer in &offers {
        terminal.note(&format!("note: {} ({}): {}", offer.code, offer.subject, offer.message));
    }
    if written.is_empty() {
        let why = if flags.dry_run { "a dry run" } else { "no file becomes smaller" };
        terminal.note(&format!("note: {why}: nothing was written"));
    }
    Ok(ExitCode::Done)
}

/// Where the result goes.
enum Goal {
    Nowhere,
    Zip(PathBuf),
    Artifact,
}

/// What clap cannot see, told before anything is built or read.
fn refuse_what_cannot_be(flags: &Slim) -> Result<(), CliError> {
    if let Some(&rewrite) = flags.with.iter().find(|rewrite| flags.without.contains(rewrite)) {
        return Err(CliError::WithAndWithout { rewrite });
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
        Goal::Zip(path) => {
            if loaded.is_built() {
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
