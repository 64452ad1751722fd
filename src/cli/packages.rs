//! Several packages in one run: which they are, and work on each, several at a time. One that fails does not stop the others.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cargo::{BinSelection, CrateGraph};
use crate::host::{self, BuildOptions, Project};
use crate::report::{PackageFailure, Report};

use super::args::{Build, Global, Several, Subject};
use super::build_options::build_options;
use super::configuration::Configuration;
use super::error::CliError;
use super::path::with_slashes;
use super::project::{load_members, pass_on};
use super::report_file::load_reports;
use super::subject::Loaded;
use super::terminal::Terminal;

/// A package of the run.
enum Candidate {
    /// Read already.
    Report(Box<Report>),
    Artifact(PathBuf),
    /// A program of the project, to be built or found.
    Program(Box<Project>),
}

/// What is at hand of a package once it is opened.
pub(super) enum Opened {
    Report(Box<Report>),
    Artifact(Box<Loaded>),
}

impl Opened {
    /// The package's path, as its report has it.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Report(report) => report.artifact.path.clone(),
            Self::Artifact(loaded) => with_slashes(&loaded.path),
        }
    }
}

/// The packages of a run.
pub(super) struct Packages {
    /// By name, in the order of the names.
    candidates: Vec<(String, Candidate)>,
    members: Option<CrateGraph>,
    /// Whether one package was meant, and nothing that could be several.
    pub(super) is_one: bool,
}

impl Packages {
    /// The packages that the flags mean: artifacts and reports that are named, or programs of the project.
    pub(super) fn of(
        subject: &Subject,
        several: &Several,
        global: &Global,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        let options = build_options(&subject.build, global);
        let build = &subject.build;
        let chooses = several.chooses(build);
        let mut is_one = several.more.is_empty() && !chooses;
        let mut candidates = Vec::new();
        for path in subject.artifact.iter().chain(&several.more) {
            if !host::looks_like_json(path) {
                candidates.push((with_slashes(path), Candidate::Artifact(path.clone())));
                continue;
            }
            let reports = load_reports(path)?;
            is_one &= reports.packages.len() == 1;
            let named = |report: Report| (report.artifact.path.clone(), Candidate::Report(Box::new(report)));
            candidates.extend(reports.packages.into_iter().map(named));
        }
        if candidates.is_empty() && subject.artifact.is_none() {
            let projects = if chooses {
                Project::load_several(&options, &selection(several, build), &mut |event| pass_on(event, terminal))?
            } else {
                vec![Project::load(&options, &mut |event| pass_on(event, terminal))?]
            };
            let named = |project: Project| (program_name(&project), Candidate::Program(Box::new(project)));
            candidates.extend(projects.into_iter().map(named));
        }
        if !is_one && (!subject.symbols.is_empty() || subject.link_map.is_some()) {
            return Err(CliError::Usage("--symbols and --link-map are of one program: give its package by itself"));
        }
        candidates.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(twice) = candidates.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(CliError::NamedTwice { path: twice[0].0.clone().into() });
        }
        if let Some(partition) = several.partition {
            let mut number = 0..;
            candidates.retain(|(name, _)| partition.takes(number.next().expect("numbers do not end"), name));
        }
        let programs = candidates.iter().any(|(_, candidate)| matches!(candidate, Candidate::Program(_)));
        let members = if programs { None } else { load_members(&options, terminal)? };
        Ok(Self { candidates, members, is_one })
    }

    /// Does `work` on each package, as many at a time as there are threads. Results are in the order of the packages.
    pub(super) fn each<T: Send>(
        self,
        subject: &Subject,
        global: &Global,
        terminal: Terminal,
        work: impl Fn(Opened, Configuration, Terminal) -> Result<T, CliError> + Sync,
    ) -> Vec<(String, Result<T, CliError>)> {
        let Self { candidates, members, is_one } = self;
        let options = build_options(&subject.build, global);
        let quiet = if is_one { terminal } else { terminal.silent() };
        let bar = terminal.count("packages", if is_one { 0 } else { candidates.len() as u64 });
        let mut results = Vec::with_capacity(candidates.len());
        let mut candidates = candidates.into_iter().peekable();
        while candidates.peek().is_some() {
            let wave: Vec<_> = candidates.by_ref().take(rayon::current_num_threads().max(1)).collect();
            // cargo builds one program after the other, whoever asks; what was built is then looked at side by side.
            let opened: Vec<_> = wave
                .into_iter()
                .map(|(name, candidate)| (name, open(candidate, members.as_ref(), subject, &options, quiet)))
                .collect();
            results.par_extend(opened.into_par_iter().map(|(name, opened)| {
                let done = opened.and_then(|(opened, configuration)| work(opened, configuration, quiet));
                bar.inc(1);
                (name, done)
            }));
        }
        bar.finish_and_clear();
        results
    }
}

/// The results that are there, and the failures, each said on stderr.
pub(super) fn sorted_out<T>(results: Vec<(String, Result<T, CliError>)>) -> (Vec<T>, Vec<PackageFailure>) {
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for (path, result) in results {
        match result {
            Ok(result) => done.push(result),
            Err(error) => {
                let failure = PackageFailure { path, error: error.to_string() };
                Terminal::failure(&failure);
                failures.push(failure);
            }
        }
    }
    (done, failures)
}

fn selection(several: &Several, build: &Build) -> BinSelection {
    BinSelection {
        workspace: several.workspace,
        exclude: several.exclude.clone(),
        packages: build.package.clone(),
        bins: build.bin.clone(),
    }
}

/// `target/lambda/api/bootstrap.zip`: what its report will call it, built or found.
fn program_name(project: &Project) -> String {
    with_slashes(&host::lambda_zip_path(project))
}

fn open(
    candidate: Candidate,
    members: Option<&CrateGraph>,
    subject: &Subject,
    options: &BuildOptions,
    terminal: Terminal,
) -> Result<(Opened, Configuration), CliError> {
    let named = |path: &Path| Configuration::of_artifact(members, Some(path), &subject.build);
    match candidate {
        Candidate::Report(report) => {
            let configuration = named(Path::new(&report.artifact.path))?;
            Ok((Opened::Report(report), configuration))
        }
        Candidate::Artifact(path) => {
            let configuration = named(&path)?;
            Ok((
                Opened::Artifact(Box::new(
                    Loaded::open(&path, subject, options, terminal)?.completed(subject, terminal)?,
                )),
                configuration,
            ))
        }
        Candidate::Program(project) => {
            let configuration = Configuration::of(Some(&project))?;
            let root = project.root_package();
            let options = BuildOptions {
                package: Some(format!("{}@{}", root.name, root.version)),
                bin: Some(project.bin.name.clone()),
                ..options.clone()
            };
            Ok((Opened::Artifact(Box::new(Loaded::of_project(*project, subject, &options, terminal)?)), configuration))
        }
    }
}
