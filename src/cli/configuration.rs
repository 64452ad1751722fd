//! Settings from Cargo.toml: `[package.metadata.lambda-slim]`, then `[workspace.metadata.lambda-slim]`. Flags and `LAMBDA_SLIM_*`
//! come first; clap has joined those already.

use std::path::PathBuf;

use serde_json::Value;

use crate::host::Project;
use crate::policy::Budget;

use super::error::CliError;

/// What a project says of itself.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// Sizes that it must keep.
    pub(super) budget: Budget,
    /// The report to compare with, from the package's or workspace's folder.
    pub(super) baseline: Option<PathBuf>,
    /// Memory setting in MB.
    pub(super) memory_mb: Option<u32>,
}

impl Configuration {
    /// The configuration of a project; empty without one.
    pub(super) fn of(project: Option<&Project>) -> Result<Self, CliError> {
        let Some(project) = project else { return Ok(Self::default()) };
        let package = project.root_package();
        let own = Self::read("package.metadata.lambda-slim", package.lambda_slim_metadata(), &package.source_root)?;
        let graph = &project.graph;
        let shared = Self::read(
            "workspace.metadata.lambda-slim",
            graph.workspace_lambda_slim_metadata(),
            graph.workspace_root(),
        )?;
        Ok(Self {
            budget: own.budget.or(shared.budget),
            baseline: own.baseline.or(shared.baseline),
            memory_mb: own.memory_mb.or(shared.memory_mb),
        })
    }

    fn read(table: &'static str, metadata: &Value, folder: &std::path::Path) -> Result<Self, CliError> {
        if metadata.is_null() {
            return Ok(Self::default());
        }
        let expect =
            |key, value: &Value, expected| CliError::Configuration { table, key, value: value.to_string(), expected };
        let baseline = match metadata.get("baseline") {
            None => None,
            Some(Value::String(path)) => Some(folder.join(path)),
            Some(other) => return Err(expect("baseline", other, "the path of a report")),
        };
        let memory_mb = match metadata.get("memory") {
            None => None,
            Some(value) => {
                let memory = value.as_u64().and_then(|memory| u32::try_from(memory).ok());
                Some(memory.ok_or_else(|| expect("memory", value, "a whole number of MB"))?)
            }
        };
        Ok(Self { budget: Budget::from_metadata(metadata)?, baseline, memory_mb })
    }
}
