//! What a package is compared with: a file of one or of several reports, an artifact, or the project as another commit has it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::attribution::Detail;
use crate::cargo::CargoError;
use crate::host::{self, BuildOptions, Checkout, Commit, HostError, Project};
use crate::policy::{BASELINE_MISSING, Budget, Level};
use crate::render::json;
use crate::report::{Report, Reports};

use super::args::{Global, Subject};
use super::build_options::build_options;
use super::check_args::{Baseline, StartToMeasure};
use super::configuration::Configuration;
use super::error::CliError;
use super::measure::{Asked, measure};
use super::measure_args::StartFlags;
use super::path::with_slashes;
use super::project::load_project;
use super::report_file::load_reports;
use super::subject::Loaded;
use super::terminal::Terminal;

/// Mode of a baseline: `rw-r--r--`.
const BASELINE_MODE: u32 = 0o644;

/// A baseline, with what is known of its age.
pub(super) struct Base {
    pub(super) report: Report,
    /// The commit that it is of.
    pub(super) commit: Option<String>,
}

/// The baselines of a run. A file is read once, a commit checked out once.
pub(super) struct Baselines<'a> {
    flags: &'a Baseline,
    start: &'a StartToMeasure,
    subject: &'a Subject,
    global: &'a Global,
    files: Mutex<BTreeMap<PathBuf, Arc<Reports>>>,
    checkout: Mutex<Option<(Commit, Checkout)>>,
}

impl<'a> Baselines<'a> {
    pub(super) fn new(
        flags: &'a Baseline,
        start: &'a StartToMeasure,
        subject: &'a Subject,
        global: &'a Global,
    ) -> Self {
        Self { flags, start, subject, global, files: Mutex::default(), checkout: Mutex::default() }
    }

    /// The baseline's file, of the flag or the project.
    pub(super) fn file(&self, configuration: &Configuration) -> Option<PathBuf> {
        self.flags.file.clone().or_else(|| configuration.baseline.clone())
    }

    /// The baseline of the package whose report is called `path`; `None` where none is asked for, or where it is missing and may be.
    pub(super) fn find(
        &self,
        path: &str,
        project: Option<&Project>,
        configuration: &Configuration,
        budget: &Budget,
        terminal: Terminal,
    ) -> Result<Option<Base>, CliError> {
        let may_be_missing = budget.rules.own(BASELINE_MISSING) != Level::Deny;
        let reference = self.flags.git_ref.as_ref().filter(|_| self.flags.file.is_none());
        let configured = configuration.baseline_ref.as_ref().filter(|_| self.file(configuration).is_none());
        // An artifact that is named may have been made in any way: what the project builds is no measure of it.
        let configured = configured.filter(|_| project.is_some() && !self.subject.build.no_build);
        if let Some(reference) = reference.or(configured) {
            let project = project.ok_or(CliError::Usage(
                "--baseline-ref builds the project as it was, and compares what both builds make: name no artifact",
            ))?;
            let found = self.at_commit(reference, path, project, budget, terminal)?;
            return match found {
                None if !may_be_missing => {
                    Err(CliError::NotInBaseline { baseline: reference.clone(), package: project.bin.name.clone() })
                }
                found => Ok(found),
            };
        }
        let Some(file) = self.file(configuration) else { return Ok(None) };
        if !file.exists() {
            return if may_be_missing { Ok(None) } else { Err(CliError::NoBaseline { path: file }) };
        }
        if !host::looks_like_json(&file) {
            let read = || report_of(&Loaded::named(&file)?, budget, self.start, Detail::Functions, terminal);
            return Ok(Some(Base { report: terminal.timed("read the baseline", read)?, commit: None }));
        }
        let reports = terminal.timed("read the baseline", || self.read(&file))?;
        let report = match reports.packages.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|report| report.artifact.path == path),
        };
        match report {
            Some(report) => {
                let commit = report.build.as_ref().and_then(|build| build.commit.clone());
                Ok(Some(Base { commit: commit.or_else(|| host::last_change(&file)), report: report.clone() }))
            }
            None if may_be_missing => Ok(None),
            None => Err(CliError::NotInBaseline { baseline: file.display().to_string(), package: path.to_owned() }),
        }
    }

    fn read(&self, file: &Path) -> Result<Arc<Reports>, CliError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reports) = files.get(file) {
            return Ok(Arc::clone(reports));
        }
        let reports = Arc::new(load_reports(file)?);
        files.insert(file.to_owned(), Arc::clone(&reports));
        Ok(reports)
    }

    /// The package as a commit makes it: from the cache, else built there. `None` where the commit does not have the program.
    fn at_commit(
        &self,
        reference: &str,
        path: &str,
        project: &Project,
        budget: &Budget,
        terminal: Terminal,
    ) -> Result<Option<Base>, CliError> {
        // Packages of one run are compared with one commit, one after the other: cargo builds one program at a time anyway.
        let mut checkout = self.checkout.lock().unwrap_or_else(PoisonError::into_inner);
        let commit = match &*checkout {
            Some((commit, _)) => commit.clone(),
            None => Commit::find(reference, project.graph.workspace_root())?,
        };
        let base = |report| Base { report, commit: Some(commit.name.clone()) };
        let lock = untracked_lock(&commit, project);
        let cached = self.cache_path(&commit, project, budget, lock.as_ref())?;
        let name = format!("{path} at {reference} ({})", commit.short());
        if let Some(mut report) = host::read_text(&cached).ok().and_then(|text| Report::from_json(&text).ok()) {
            terminal.note(&format!("note: comparing with {reference} ({}), built before", commit.short()));
            report.artifact.path = name;
            return Ok(Some(base(report)));
        }
        terminal.note(&format!("note: building {reference} ({}) to compare with", commit.short()));
        if checkout.is_none() {
            let made = commit.check_out(&target_dir(project))?;
            if let Some((place, text)) = &lock {
                made.complete(place, text)?;
            }
            *checkout = Some((commit.clone(), made));
        }
        let (_, made) = checkout.as_ref().expect("it was checked out");
        let options = self.options_at(made, project)?;
        // A package that came later has no manifest there.
        if options.manifest_path.as_deref().is_some_and(|manifest| !manifest.is_file()) {
            return Ok(None);
        }
        host::share_dependencies(project, &options, &target_dir(project))?;
        let there = match load_project(&options, terminal) {
            Err(CliError::Host(HostError::Cargo(
                CargoError::UnknownBin { .. } | CargoError::UnknownPackage { .. },
            ))) => {
                return Ok(None);
            }
            loaded => loaded?,
        };
        let loaded = Loaded::of_project(there, self.subject, &options, terminal)?;
        let mut report = report_of(&loaded, budget, self.start, Detail::Functions, terminal.silent())?;
        if let Some(build) = &mut report.build {
            build.commit = Some(commit.name.clone());
        }
        host::create_parent(&cached)?;
        host::replace(&cached, json::report(&report).as_bytes(), Some(BASELINE_MODE))?;
        report.artifact.path = name;
        Ok(Some(base(report)))
    }

    /// The flags of this run, in the checkout, and in a target folder of its own.
    fn options_at(&self, checkout: &Checkout, project: &Project) -> Result<BuildOptions, CliError> {
        let outside = CliError::Usage(
            "--baseline-ref: the project's Cargo.toml is not in the git repository around its workspace",
        );
        let manifest = checkout.place_of(&project.root_package().source_root.join("Cargo.toml")).ok_or(outside)?;
        // cargo reads its configuration from the folder that it runs in upwards.
        let here = std::env::current_dir().ok().and_then(|here| checkout.place_of(&here)).filter(|here| here.is_dir());
        let root = || checkout.place_of(project.graph.workspace_root());
        Ok(BuildOptions {
            directory: here.or_else(root),
            manifest_path: Some(manifest),
            package: Some(project.root_package().name.clone()),
            bin: Some(project.bin.name.clone()),
            target_dir: Some(target_dir(project)),
            ..build_options(&self.subject.build, self.global)
        })
    }

    /// Where the report of a commit is kept: under all that it depends on.
    fn cache_path(
        &self,
        commit: &Commit,
        project: &Project,
        budget: &Budget,
        lock: Option<&(PathBuf, String)>,
    ) -> Result<PathBuf, CliError> {
        let options = BuildOptions {
            verbose: 0,
            quiet: false,
            color: None,
            jobs: None,
            ..build_options(&self.subject.build, self.global)
        };
        let measured = budget.limits_memory().then(|| (self.start.runs, self.event().ok()));
        let build = &self.subject.build;
        let inputs = (
            (
                env!("CARGO_PKG_VERSION"),
                &project.rustc_version,
                &project.target,
                options,
                &build.include,
                &build.no_order,
            ),
            (lock, measured, super::subject::source_date()?, std::env::var_os("RUSTFLAGS")),
        );
        let hash = crc32fast::hash(format!("{inputs:?}").as_bytes());
        let name = format!("{}-{}-{hash:08x}.json", project.bin.name, commit.name);
        Ok(project.graph.target_directory().join("lambda-slim").join("baselines").join(name))
    }

    fn event(&self) -> Result<Option<Vec<u8>>, CliError> {
        Ok(self.start.event.as_deref().map(host::read_event).transpose()?)
    }
}

/// Where other commits are built: cargo would take one checkout's crates for the other's if they shared a folder.
fn target_dir(project: &Project) -> PathBuf {
    project.graph.target_directory().join("lambda-slim").join("baseline")
}

/// The project's lock file, where the commit has none: its place in the repository, and its text.
fn untracked_lock(commit: &Commit, project: &Project) -> Option<(PathBuf, String)> {
    let lock = project.graph.workspace_root().join("Cargo.lock");
    let place = host::path_below(&lock, &commit.root)?;
    if commit.file(&place).is_some() {
        return None;
    }
    Some((place, host::read_text(&lock).ok()?))
}

/// The report of a package; measured where memory has a limit.
pub(super) fn report_of(
    loaded: &Loaded,
    budget: &Budget,
    start: &StartToMeasure,
    detail: Detail,
    terminal: Terminal,
) -> Result<Report, CliError> {
    if !budget.limits_memory() {
        return loaded.report(detail, &super::configuration::slim_options_of(loaded)?, terminal);
    }
    let flags = StartFlags { runs: start.runs, network: false, boot_limit: None, memory: None };
    let asked = Asked::of(&flags, start.event.as_deref())?;
    let measured = measure(loaded, &asked, detail, terminal)?;
    match measured.failure {
        None => Ok(measured.report),
        Some(ref log) => {
            let why = measured.why_failed();
            let message = format!("{}: max-touched cannot be applied: {why}", with_slashes(&loaded.path));
            Err(CliError::InitFailed { message, log: log.clone() })
        }
    }
}

/// Writes baselines, each file with the reports of its packages.
pub(super) fn write(reports: BTreeMap<PathBuf, Vec<Report>>, terminal: Terminal) -> Result<(), CliError> {
    for (path, mut reports) in reports {
        if path.exists() && !host::looks_like_json(&path) {
            return Err(CliError::BaselineIsNoReport { path });
        }
        let text = match reports.as_slice() {
            [_] => json::report(&reports.remove(0)),
            _ => json::reports(&Reports::new(reports, Vec::new())?),
        };
        host::replace(&path, text.as_bytes(), Some(BASELINE_MODE))?;
        terminal.note(&format!("note: wrote {}", path.display()));
    }
    Ok(())
}
