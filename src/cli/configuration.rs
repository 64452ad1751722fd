//! Settings from Cargo.toml: `[package.metadata.lambda-slim]`, then `[workspace.metadata.lambda-slim]`. Flags and `LAMBDA_SLIM_*`
//! come first; clap has joined those already.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::cargo::{CrateGraph, Package};
use crate::deflate::Effort;
use crate::host::{HostError, Project};
use crate::policy::Budget;
use crate::slim;

use super::args::{Global, Subject};
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
            Some(project) => Self::in_graph(&project.graph, Some(project.root_package())),
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
        let Some(graph) = load_members(&build_options(&subject.build, global), terminal)? else {
            return Ok(Self::default());
        };
        let (package, bin) = (subject.build.package.as_deref(), subject.build.bin.as_deref());
        let of_folder = || Some(subject.artifact.as_deref()?.parent()?.file_name()?.to_str()?.to_owned());
        let chosen = match (package, bin, of_folder()) {
            // target/lambda/<bin>/bootstrap.zip names its program.
            (None, None, Some(folder)) => {
                graph.select_bin(None, Some(&folder)).or_else(|_| graph.select_bin(None, None))
            }
            _ => graph.select_bin(package, bin),
        };
        let says_nothing = graph.packages().iter().all(|package| package.lambda_slim_metadata().is_null());
        match chosen {
            Ok(selected) => Self::in_graph(&graph, Some(graph.package(selected.package))),
            Err(_) if package.is_none() && bin.is_none() && says_nothing => Self::in_graph(&graph, None),
            Err(error) => Err(HostError::from(error).into()),
        }
    }

    fn in_graph(graph: &CrateGraph, package: Option<&Package>) -> Result<Self, CliError> {
        let own = package.map(|package| {
            Self::read("package.metadata.lambda-slim", package.lambda_slim_metadata(), &package.source_root)
        });
        let own = own.transpose()?.unwrap_or_default();
        let shared = Self::read(
            "workspace.metadata.lambda-slim",
            graph.workspace_lambda_slim_metadata(),
            graph.workspace_root(),
        )?;
        let members = graph.packages().iter().filter(|package| package.workspace_member);
        Ok(Self {
            members: members.map(|package| (package.name.clone(), package.source_root.join("Cargo.toml"))).collect(),
            budget: own.budget.or(shared.budget),
            baseline: own.baseline.or(shared.baseline),
            memory_mb: own.memory_mb.or(shared.memory_mb),
            model: own.model.or(shared.model),
            function: own.function.or(shared.function),
            effort: own.effort.or(shared.effort),
        })
    }

    fn read(table: &'static str, metadata: &Value, folder: &std::path::Path) -> Result<Self, CliError> {
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
        Ok(Self { budget, baseline, memory_mb, model, function, effort, members: Vec::new() })
    }
}
