//! Settings from Cargo.toml: `[package.metadata.lambda-slim]`, then `[workspace.metadata.lambda-slim]`. Flags and `LAMBDA_SLIM_*`
//! come first; clap has joined those already.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::cargo::{CrateGraph, Package};
use crate::deflate::Effort;
use crate::host::{HostError, Project};
use crate::policy::Budget;
use crate::slim;

use super::args::{Build, Global, Subject};
use super::build_options::build_options;
use super::error::CliError;
use super::project::load_members;
use super::subject::{Loaded, slim_options};
use super::terminal::Terminal;

/// What a project says of itself.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// Sizes that it must keep.
    pub(super) budget: Budget,
    /// The report to compare with, from the package's or workspace's folder.
    pub(super) baseline: Option<PathBuf>,
    /// The commit, branch or tag to compare with.
    pub(super) baseline_ref: Option<String>,
    /// Memory setting in MB.
    pub(super) memory_mb: Option<u32>,
    /// A calibrated model, from the package's or workspace's folder.
    pub(super) model: Option<PathBuf>,
    /// Name of the function in that model.
    pub(super) function: Option<String>,
    /// How hard Deflate tries.
    pub(super) effort: Option<Effort>,
    /// The workspace's packages: name and manifest.
    pub(super) members: Vec<(String, PathBuf)>,
    /// The workspace's folder, where its lock file is.
    pub(super) workspace_root: Option<PathBuf>,
}

/// The rewriter's options, as `slim` without flags has them for this project.
pub(super) fn slim_options_of(loaded: &Loaded) -> Result<slim::Options, CliError> {
    let mut options = slim_options()?;
    options.effort = Configuration::of(loaded.project.as_ref())?.effort.unwrap_or_default();
    Ok(options)
}

impl Configuration {
    /// The configuration of a project; empty without one.
    pub(super) fn of(project: Option<&Project>) -> Result<Self, CliError> {
        match project {
            Some(project) => Self::in_graph(&project.graph, Some((project.root_package(), &project.bin.name))),
            None => Ok(Self::default()),
        }
    }

    /// The configuration of the project at hand, else of the one that the current folder is in: a limit that Cargo.toml
    /// sets holds for an artifact that is named, too.
    pub(super) fn find(
        subject: &Subject,
        project: Option<&Project>,
        global: &Global,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        if project.is_some() {
            return Self::of(project);
        }
        let members = load_members(&build_options(&subject.build, global), terminal)?;
        Self::of_artifact(members.as_ref(), subject.artifact.as_deref(), &subject.build)
    }

    /// The configuration that holds for an artifact in a workspace with these members; empty without one.
    pub(super) fn of_artifact(
        members: Option<&CrateGraph>,
        artifact: Option<&Path>,
        build: &Build,
    ) -> Result<Self, CliError> {
        let Some(graph) = members else { return Ok(Self::default()) };
        let one = |names: &[String]| match names {
            [only] => Some(only.clone()),
            _ => None,
        };
        let (package, bin) = (one(&build.package), one(&build.bin));
        let of_folder = || Some(artifact?.parent()?.file_name()?.to_str()?.to_owned());
        let chosen = match (&package, &bin, of_folder()) {
            // target/lambda/<bin>/bootstrap.zip names its program.
            (None, None, Some(folder)) => {
                graph.select_bin(None, Some(&folder)).or_else(|_| graph.select_bin(None, None))
            }
            _ => graph.select_bin(package.as_deref(), bin.as_deref()),
        };
        let says_nothing = graph.packages().iter().all(|package| package.lambda_slim_metadata().is_null());
        match chosen {
            Ok(selected) => Self::in_graph(graph, Some((graph.package(selected.package), &selected.bin.name))),
            Err(_) if package.is_none() && bin.is_none() && says_nothing => Self::in_graph(graph, None),
            Err(error) => Err(HostError::from(error).into()),
        }
    }

    /// What the tables say: `[package.metadata.lambda-slim.bin.NAME]`, then `[package.metadata.lambda-slim]`, then the workspace's.
    fn in_graph(graph: &CrateGraph, program: Option<(&Package, &str)>) -> Result<Self, CliError> {
        let read = |(package, bin): (&Package, &str)| {
            let metadata = package.lambda_slim_metadata();
            known_programs(package, metadata)?;
            let own = metadata.get("bin").and_then(|bins| bins.get(bin)).unwrap_or(&Value::Null);
            let own = Self::read("package.metadata.lambda-slim.bin.*", own, &package.source_root)?;
            Ok::<_, CliError>(own.or(Self::read("package.metadata.lambda-slim", metadata, &package.source_root)?))
        };
        let own = program.map(read).transpose()?.unwrap_or_default();
        let shared = Self::read(
            "workspace.metadata.lambda-slim",
            graph.workspace_lambda_slim_metadata(),
            graph.workspace_root(),
        )?;
        let members = graph.packages().iter().filter(|package| package.workspace_member);
        let members = members.map(|package| (package.name.clone(), package.source_root.join("Cargo.toml"))).collect();
        Ok(Self { members, workspace_root: Some(graph.workspace_root().to_owned()), ..own.or(shared) })
    }

    /// This configuration, with `fallback` for what it leaves open.
    fn or(self, fallback: Self) -> Self {
        Self {
            budget: self.budget.or(fallback.budget),
            baseline: self.baseline.or(fallback.baseline),
            baseline_ref: self.baseline_ref.or(fallback.baseline_ref),
            memory_mb: self.memory_mb.or(fallback.memory_mb),
            model: self.model.or(fallback.model),
            function: self.function.or(fallback.function),
            effort: self.effort.or(fallback.effort),
            members: self.members,
            workspace_root: self.workspace_root,
        }
    }

    fn read(table: &'static str, metadata: &Value, folder: &Path) -> Result<Self, CliError> {
        if metadata.is_null() {
            return Ok(Self::default());
        }
        let expect =
            |key, value: &Value, expected| CliError::Configuration { table, key, value: value.to_string(), expected };
        let text = |key, expected| match metadata.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(expect(key, other, expected)),
        };
        let baseline = text("baseline", "the path of a report")?.map(|path| folder.join(path));
        let baseline_ref = text("baseline-ref", "a commit, branch or tag")?;
        let model = text("model", "the path of a calibrated model")?.map(|path| folder.join(path));
        let function = text("function", "the name of a function in the model")?;
        let memory_mb = match metadata.get("memory") {
            None => None,
            Some(value) => {
                let memory = value.as_u64().and_then(|memory| u32::try_from(memory).ok());
                Some(memory.ok_or_else(|| expect("memory", value, "a whole number of MB"))?)
            }
        };
        let effort = match metadata.get("effort") {
            None => None,
            Some(value) => {
                let effort = Effort::deserialize(value);
                Some(effort.map_err(|_| expect("effort", value, "\"fast\", \"default\" or \"max\""))?)
            }
        };
        let budget = Budget::from_metadata(metadata)?;
        Ok(Self { budget, baseline, baseline_ref, memory_mb, model, function, effort, ..Self::default() })
    }
}

/// A table for a program that there is not would limit nothing.
fn known_programs(package: &Package, metadata: &Value) -> Result<(), CliError> {
    let Some(bins) = metadata.get("bin") else { return Ok(()) };
    let wrong = |value: String| CliError::Configuration {
        table: "package.metadata.lambda-slim",
        key: "bin",
        value,
        expected: "a table for each program by its name, [package.metadata.lambda-slim.bin.NAME]",
    };
    let tables = bins.as_object().ok_or_else(|| wrong(bins.to_string()))?;
    match tables.keys().find(|name| package.bins.iter().all(|bin| bin.name != **name)) {
        Some(name) => Err(wrong(format!("{{ {name:?} }}"))),
        None => Ok(()),
    }
}
