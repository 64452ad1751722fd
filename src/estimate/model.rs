//! The coefficients of the cold start as values: interval, unit, evidence, source, date and range of validity.
//!
//! ```text
//! cold start = placement + download * zipped MB + unpack * unzipped MB                         before INIT
//!            + scatter * (floor + touched * (MB touched - baseline) + untouched * MB + libraries * MB)   INIT
//!            + first-call floor + slowdown(memory) * CPU of the first call                     first invocation
//! ```
//! The memory setting is absent from the INIT line on purpose: measured INIT does not depend on it. A MB is 10^6 bytes.
//! The values of the prior are in `prior`; a calibrated model is the same type, read with [`Model::from_json`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::coefficient::{Coefficient, PackageKind};
use super::error::EstimateError;
use super::function::FunctionModel;
use super::inputs::Inputs;
use super::interval::Interval;
use crate::elf::Architecture;

/// How far a percentile of `Init Duration` lies above its median: `base + per_touched_mb * (MB touched - baseline)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// Milliseconds at the baseline.
    pub base: Coefficient,
    /// Milliseconds for each touched MB above the baseline.
    pub per_touched_mb: Coefficient,
}

/// What depends on the kind of package and on the architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// P0: placement and sandbox, in ms.
    pub placement: Coefficient,
    /// D': ms before INIT for each zipped MB.
    pub download_per_zipped_mb: Coefficient,
    /// U': ms before INIT for each unzipped MB.
    pub unpack_per_unzipped_mb: Coefficient,
    /// I0: INIT of a Rust hello-world, in ms.
    pub init_floor: Coefficient,
    /// kt: ms of INIT for each MB that init touches above the baseline.
    pub init_per_touched_mb: Coefficient,
    /// ks: ms of INIT for each MB of the package that init does not touch.
    pub init_per_untouched_mb: Coefficient,
    /// kdso: ms of INIT for each MB of shared libraries in the package, besides what they touch.
    pub init_per_library_mb: Coefficient,
    /// W0: `Duration` of the first call of a trivial handler, in ms.
    pub first_call_floor: Coefficient,
    /// p90 of INIT over many cold starts, above the median.
    pub tail_p90: Tail,
    /// p99 of INIT over many cold starts, above the median.
    pub tail_p99: Tail,
    /// Most memory, in touched MB, of the functions behind `init_per_touched_mb`.
    pub touched_mb_observed: f64,
    /// `Max Memory Used` of the Rust hello-world, in MB: touched memory above the baseline is what lies above it.
    pub max_memory_used_baseline_mb: f64,
}

impl Platform {
    fn coefficients(&self) -> [(&'static str, &Coefficient); 12] {
        [
            ("placement", &self.placement),
            ("download_per_zipped_mb", &self.download_per_zipped_mb),
            ("unpack_per_unzipped_mb", &self.unpack_per_unzipped_mb),
            ("init_floor", &self.init_floor),
            ("init_per_touched_mb", &self.init_per_touched_mb),
            ("init_per_untouched_mb", &self.init_per_untouched_mb),
            ("init_per_library_mb", &self.init_per_library_mb),
            ("first_call_floor", &self.first_call_floor),
            ("tail_p90.base", &self.tail_p90.base),
            ("tail_p90.per_touched_mb", &self.tail_p90.per_touched_mb),
            ("tail_p99.base", &self.tail_p99.base),
            ("tail_p99.per_touched_mb", &self.tail_p99.per_touched_mb),
        ]
    }
}

/// What is the same for every kind of package and architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// s: factor on INIT that the other terms do not explain.
    pub init_scatter: Coefficient,
    /// MB that the Rust hello-world behind `init_floor` touches.
    pub touched_baseline_mb: Coefficient,
    /// File pages in MB that init touches = this * (loaded MB)^`touched_file_exponent`, at most what is loaded.
    pub touched_file: Coefficient,
    /// Exponent of loaded MB for file pages.
    pub touched_file_exponent: Coefficient,
    /// Anonymous MB at the end of init = this * (loaded MB)^`touched_anonymous_exponent`.
    pub touched_anonymous: Coefficient,
    /// Exponent of loaded MB for anonymous memory.
    pub touched_anonymous_exponent: Coefficient,
    /// Exponent of loaded MB between two builds of one program: 0 = what was removed was never touched.
    pub touched_change_exponent: Coefficient,
    /// W: CPU ms of a first call that was not measured, at one full vCPU.
    pub first_call_cpu: Coefficient,
    /// Slowdown of the first call = (1769 / memory MB)^this below 1769 MB.
    pub first_call_exponent: Coefficient,
    /// c: CPU ms on Lambda for each CPU ms where it was measured.
    pub cpu_ratio: Coefficient,
    /// INIT on arm64 relative to `x86_64`. For calibration; not applied here, each architecture has its own coefficients.
    pub arm_factor: Coefficient,
    /// K: minutes for which Lambda keeps an idle environment.
    pub keep_alive_minutes: Coefficient,
    /// phi: share of environments that Lambda starts ahead of a request, where traffic is dense.
    pub ahead_of_requests: Coefficient,
}

impl Shared {
    fn coefficients(&self) -> [(&'static str, &Coefficient); 13] {
        [
            ("init_scatter", &self.init_scatter),
            ("touched_baseline_mb", &self.touched_baseline_mb),
            ("touched_file", &self.touched_file),
            ("touched_file_exponent", &self.touched_file_exponent),
            ("touched_anonymous", &self.touched_anonymous),
            ("touched_anonymous_exponent", &self.touched_anonymous_exponent),
            ("touched_change_exponent", &self.touched_change_exponent),
            ("first_call_cpu", &self.first_call_cpu),
            ("first_call_exponent", &self.first_call_exponent),
            ("cpu_ratio", &self.cpu_ratio),
            ("arm_factor", &self.arm_factor),
            ("keep_alive_minutes", &self.keep_alive_minutes),
            ("ahead_of_requests", &self.ahead_of_requests),
        ]
    }
}

/// Data that the coefficients were derived from, with its licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSource {
    /// Name of the project.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The commit that was read.
    pub commit: String,
    /// SPDX identifier.
    pub licence: String,
    /// Who made it.
    pub author: String,
    /// What was taken, and how.
    pub note: String,
}

/// A cold-start model.
///
/// ```
/// let model = lambda_slim::estimate::Model::prior();
/// assert_eq!(model.id, "prior-2026-08");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Version of this layout: [`Model::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Name of the model, as reports give it.
    pub id: String,
    /// Data behind it, with attribution.
    pub data: Vec<DataSource>,
    /// Zip on `x86_64`.
    pub zip_x86_64: Platform,
    /// Zip on arm64.
    pub zip_arm64: Platform,
    /// Image on `x86_64`.
    pub image_x86_64: Platform,
    /// Image on arm64.
    pub image_arm64: Platform,
    /// Common to all four.
    pub shared: Shared,
    /// What logs taught, function by function.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, FunctionModel>,
    /// What it was calibrated on; `None` for the prior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The function that is asked about; see [`Model::select`].
    #[serde(skip)]
    pub(super) selected: Option<String>,
}

impl Model {
    /// Layout that this version reads and writes.
    pub const SCHEMA_VERSION: u32 = 1;

    /// Reads a model that was written as JSON, for example by a calibration.
    ///
    /// # Errors
    /// Where the text is not a model, has another schema version, or holds a coefficient that cannot be drawn from.
    pub fn from_json(text: &str) -> Result<Self, EstimateError> {
        let model: Self = serde_json::from_str(text)?;
        if model.schema_version != Self::SCHEMA_VERSION {
            return Err(EstimateError::SchemaVersion { found: model.schema_version, expected: Self::SCHEMA_VERSION });
        }
        for (name, coefficient) in model.coefficients() {
            if !coefficient.is_sound() {
                let Interval { p10, p50, p90 } = coefficient.value;
                return Err(EstimateError::Coefficient { model: model.id, name, p10, p50, p90 });
            }
        }
        for (function, learnt) in &model.functions {
            if let Some((name, value)) = learnt.unsound() {
                return Err(EstimateError::FunctionNumber { model: model.id, function: function.clone(), name, value });
            }
        }
        Ok(model)
    }

    /// The model of one of its functions. Without a name: of the only one there is, else of a function that it has not seen.
    ///
    /// # Errors
    /// Where the model does not know a function of that name; the error names those it knows.
    pub fn select(mut self, function: Option<&str>) -> Result<Self, EstimateError> {
        let only = self.functions.keys().next().filter(|_| self.functions.len() == 1).cloned();
        self.selected = match function {
            Some(name) if self.functions.contains_key(name) => Some(name.to_owned()),
            Some(name) => {
                let known = self.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(EstimateError::UnknownFunction { function: name.to_owned(), model: self.id, known });
            }
            None => only,
        };
        Ok(self)
    }

    /// What is known of the selected function.
    #[must_use]
    pub fn function(&self) -> Option<&FunctionModel> {
        self.functions.get(self.selected.as_ref()?)
    }

    /// What is known of the selected function, where it is packaged as `inputs` are.
    pub(super) fn function_of(&self, inputs: &Inputs) -> Option<&FunctionModel> {
        self.function()
            .filter(|function| function.package_kind == inputs.package && function.architecture == inputs.architecture)
    }

    /// Name of the selected function.
    #[must_use]
    pub fn function_name(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// The coefficients for one kind of package on one architecture.
    #[must_use]
    pub const fn platform(&self, package: PackageKind, architecture: Architecture) -> &Platform {
        match (package, architecture) {
            (PackageKind::Zip, Architecture::X86_64) => &self.zip_x86_64,
            (PackageKind::Zip, Architecture::Arm64) => &self.zip_arm64,
            (PackageKind::Image, Architecture::X86_64) => &self.image_x86_64,
            (PackageKind::Image, Architecture::Arm64) => &self.image_arm64,
        }
    }

    /// The same, to be moved.
    pub(super) const fn platform_mut(&mut self, package: PackageKind, architecture: Architecture) -> &mut Platform {
        match (package, architecture) {
            (PackageKind::Zip, Architecture::X86_64) => &mut self.zip_x86_64,
            (PackageKind::Zip, Architecture::Arm64) => &mut self.zip_arm64,
            (PackageKind::Image, Architecture::X86_64) => &mut self.image_x86_64,
            (PackageKind::Image, Architecture::Arm64) => &mut self.image_arm64,
        }
    }

    /// Every coefficient with its path inside the model, in a fixed order.
    #[must_use]
    pub fn coefficients(&self) -> Vec<(String, &Coefficient)> {
        let platforms = [
            ("zip_x86_64", &self.zip_x86_64),
            ("zip_arm64", &self.zip_arm64),
            ("image_x86_64", &self.image_x86_64),
            ("image_arm64", &self.image_arm64),
        ];
        let mut all = Vec::new();
        for (platform, coefficients) in platforms {
            for (name, coefficient) in coefficients.coefficients() {
                all.push((format!("{platform}.{name}"), coefficient));
            }
        }
        for (name, coefficient) in self.shared.coefficients() {
            all.push((format!("shared.{name}"), coefficient));
        }
        for (function, model) in &self.functions {
            all.extend(
                model.coefficients().into_iter().map(|(name, value)| (format!("functions.{function}.{name}"), value)),
            );
        }
        all
    }
}
