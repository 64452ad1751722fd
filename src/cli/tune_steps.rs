//! Which steps there are for a project on this machine.

use std::collections::BTreeSet;

use crate::cargo::{SourceKind, profile_settings};
use crate::elf::Architecture;
use crate::host::{self, BuildOptions, Project};
use crate::report::{Report, TuneRow, TuneStatus};
use crate::tune::{Availability, Circumstances, CrateBytes, Experiment, Linker, Step, hot_crates, steps};

use super::error::CliError;
use super::predictor::started;
use super::tune_results::row;

/// The steps by whether they can be tried.
pub(super) struct Steps {
    pub(super) here: Vec<Step>,
    /// What the project does already.
    already: Vec<Step>,
    elsewhere: Vec<(Step, String)>,
}

impl Steps {
    /// `answered` is the report of the baseline once the event was answered, or of its init; `None` until it was measured.
    pub(super) fn of(project: &Project, options: &BuildOptions, answered: Option<&Report>) -> Result<Self, CliError> {
        let hot = answered.map(|report| hot_crates(&crates(project, report)));
        let circumstances = circumstances(project, options, hot)?;
        let mut split = Self { here: Vec::new(), already: Vec::new(), elsewhere: Vec::new() };
        for (step, available) in steps(&circumstances) {
            match available {
                Availability::Here => split.here.push(step),
                Availability::AlreadySo => split.already.push(step),
                Availability::Not(why) => split.elsewhere.push((step, why)),
            }
        }
        Ok(split)
    }

    /// Rows for what cannot be tried, or is so already.
    pub(super) fn not_here(&self) -> Vec<TuneRow> {
        let why = |step: &Step, why: &str| TuneRow {
            status: TuneStatus::NotHere,
            reason: Some(why.to_owned()),
            ..row(&Experiment::single(step.clone()))
        };
        let already = self.already.iter().map(|step| why(step, "the project's profile is so already"));
        already.chain(self.elsewhere.iter().map(|(step, reason)| why(step, reason))).collect()
    }

    /// What can be set: what can be tried, and what is so already.
    pub(super) fn that_can_be_set(self) -> Vec<Step> {
        self.here.into_iter().chain(self.already).collect()
    }

    /// Every step, whether or not it can be tried.
    pub(super) fn all(self) -> Vec<Step> {
        let elsewhere = self.elsewhere.into_iter().map(|(step, _)| step);
        self.here.into_iter().chain(self.already).chain(elsewhere).collect()
    }
}

fn circumstances(
    project: &Project,
    options: &BuildOptions,
    hot: Option<Vec<String>>,
) -> Result<Circumstances, CliError> {
    let path = project.graph.workspace_root().join("Cargo.toml");
    let manifest = host::read_text(&path)?;
    let profile = options.profile_name().to_owned();
    let settings = profile_settings(&manifest, &profile).map_err(|source| CliError::Manifest { path, source })?;
    let packages = project.graph.packages();
    let registry = packages.iter().filter(|package| package.source == SourceKind::Registry);
    let folders: BTreeSet<String> =
        registry.filter_map(|package| Some(package.source_root.parent()?.to_string_lossy().into_owned())).collect();
    let names = host::installed_linkers(&Linker::ALL.map(Linker::name));
    Ok(Circumstances {
        profile,
        settings,
        architecture: architecture(project.platform()),
        members: packages.iter().filter(|package| package.workspace_member).count(),
        linkers: Linker::ALL.into_iter().filter(|linker| names.contains(&linker.name())).collect(),
        nightly: project.rustc_version.contains("-nightly") || project.rustc_version.contains("-dev"),
        source_folders: folders.into_iter().collect(),
        hot,
    })
}

fn architecture(triple: &str) -> Option<Architecture> {
    match triple.split('-').next() {
        Some("x86_64") => Some(Architecture::X86_64),
        Some("aarch64") => Some(Architecture::Arm64),
        _ => None,
    }
}

/// The packages of the program with their bytes.
pub(super) fn crates(project: &Project, report: &Report) -> Vec<CrateBytes> {
    let program = started(report);
    let rows = program.iter().flat_map(|program| &program.crates);
    rows.filter_map(|row| {
        let index = project.graph.index_of(row.package_id.as_deref()?)?;
        let package = project.graph.package(index);
        Some(CrateBytes {
            spec: project.graph.label(index),
            name: package.name.clone(),
            version: package.version.clone(),
            file: row.file_bytes,
            retained: row.retained_bytes,
            touched: row.touched_bytes,
        })
    })
    .collect()
}
