//! Reports as inputs of the cold-start model, and the model that is asked.

use std::path::Path;

use crate::elf::Architecture;
use crate::estimate::{Change, Estimate, Inputs, Model, PackageKind, ZippedSize, compare, predict};
use crate::host;
use crate::package::Role;
use crate::report::Report;
use crate::units::ByteSize;

use super::configuration::Configuration;
use super::error::CliError;

/// Memory setting where none is said. Source: Lambda API reference, `MemorySize`, "The default value is 128 MB"; read 2026-11-23.
const DEFAULT_MEMORY_MB: u32 = 128;
/// Path of a calibrated model, as `estimate --model` has it.
const MODEL_VARIABLE: &str = "LAMBDA_SLIM_MODEL";

/// What a function is, beside its package: enough to ask the model.
#[derive(Debug, Clone)]
pub(super) struct Predictor {
    pub(super) memory_mb: u32,
    pub(super) kind: PackageKind,
    pub(super) architecture: Option<Architecture>,
    pub(super) model: Model,
}

impl Predictor {
    /// A zip; memory as `flag` says, else as the project is configured; the model of the environment, else of the project, else the
    /// prior.
    pub(super) fn of(flag: Option<u32>, configured: Option<&Configuration>) -> Result<Self, CliError> {
        let path = std::env::var_os(MODEL_VARIABLE).filter(|path| !path.is_empty()).map(std::path::PathBuf::from);
        let path = path.or_else(|| configured?.model.clone());
        Self::with_model(flag, configured, path.as_deref(), configured.and_then(|known| known.function.as_deref()))
    }

    pub(super) fn with_model(
        memory: Option<u32>,
        configured: Option<&Configuration>,
        model: Option<&Path>,
        function: Option<&str>,
    ) -> Result<Self, CliError> {
        let memory_mb = memory.or_else(|| configured?.memory_mb).unwrap_or(DEFAULT_MEMORY_MB);
        let model = match model {
            Some(path) => load_model(path)?,
            None => Model::prior(),
        };
        let model = model.select(function)?;
        Ok(Self { memory_mb, kind: PackageKind::Zip, architecture: None, model })
    }

    /// What the model asks about a report; `None` where it holds no program. `assumed` stands for a zip that does not exist yet.
    pub(super) fn inputs(&self, report: &Report, assumed: Option<ByteSize>) -> Result<Option<Inputs>, CliError> {
        let role = |path: &str| report.artifact.entries.iter().find(|entry| entry.path == path).map(|entry| entry.role);
        let Some(program) = started(report) else { return Ok(None) };
        let libraries = report.binaries.iter().filter(|b| role(&b.path) == Some(Role::Library));
        let zip = match (report.artifact.zip_bytes, assumed) {
            (Some(zip), _) => ZippedSize::Known(zip),
            // A report of an ELF file or folder, without the file: its bytes as they are bound the zip from above.
            (None, assumed) => ZippedSize::Assumed(assumed.unwrap_or(report.artifact.unzipped_bytes)),
        };
        let architecture = self.architecture.unwrap_or(program.architecture);
        let inputs = Inputs::new(self.kind, architecture, self.memory_mb)?
            .with_zip(zip)
            .with_unzipped(report.artifact.unzipped_bytes)
            .with_loaded(program.loaded_bytes)
            .with_bundled_libraries(libraries.map(|library| library.file_bytes).sum());
        // What was measured is not guessed; what an emulator has in memory, and the time that it takes, are not the program's.
        let measured = report.measurement.as_ref().filter(|measurement| measurement.emulator.is_none());
        let Some(measurement) = measured else { return Ok(Some(inputs)) };
        let inputs = inputs.with_touched(measurement.touched_bytes);
        Ok(Some(match &measurement.first_event {
            Some(event) => inputs.with_first_call_cpu(event.cpu_ms)?,
            None => inputs,
        }))
    }

    /// The prediction for a report; `None` where it holds no program.
    pub(super) fn predict(&self, report: &Report) -> Result<Option<Estimate>, CliError> {
        Ok(self.inputs(report, None)?.map(|inputs| predict(&inputs, &self.model)))
    }

    /// What replacing one package by the other is worth; `None` where either holds no program.
    pub(super) fn change(&self, before: &Report, after: &Report) -> Result<Option<Change>, CliError> {
        let (Some(before), Some(after)) = (self.inputs(before, None)?, self.inputs(after, None)?) else {
            return Ok(None);
        };
        Ok(Some(compare(&before, &after, &self.model)))
    }
}

/// The program that Lambda starts: the bootstrap, else an extension.
pub(super) fn started(report: &Report) -> Option<&crate::report::Binary> {
    let role = |path: &str| report.artifact.entries.iter().find(|entry| entry.path == path).map(|entry| entry.role);
    let of = |wanted: Role| report.binaries.iter().find(|binary| role(&binary.path) == Some(wanted));
    of(Role::Bootstrap).or_else(|| of(Role::Extension))
}

pub(super) fn load_model(path: &Path) -> Result<Model, CliError> {
    Model::from_json(&host::read_text(path)?).map_err(|source| CliError::Model { path: path.to_owned(), source })
}
