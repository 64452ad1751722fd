//! What logs taught a model of one function: sums that are known, to which the other terms add up.

use serde::{Deserialize, Serialize};

use super::coefficient::{Coefficient, PackageKind};
use super::inputs::{Inputs, ZippedSize};
use crate::elf::Architecture;
use crate::units::ByteSize;

/// One function as its logs show it. What the logs did not tell is `None`, and stays as in the prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionModel {
    /// How it was packaged, and for which instruction set: for another one, nothing of this holds.
    pub package_kind: PackageKind,
    /// See `package_kind`.
    pub architecture: Architecture,
    /// Median of `Init Duration`, in ms.
    pub init: Option<Coefficient>,
    /// How far its p90 and p99 lie above the median.
    pub tails: Option<Tails>,
    /// Median of what happens before INIT, in ms; from X-Ray.
    pub before_init: Option<Coefficient>,
    /// CPU ms of the first call at one full vCPU.
    pub first_call_cpu: Option<Coefficient>,
    /// Mean `Duration` of warm invocations, in ms.
    pub warm_ms: Option<f64>,
    /// Minutes for which idle environments were seen to live.
    pub keep_alive_minutes: Option<Coefficient>,
    /// Median minutes from an environment's first invocation to its last, by log stream; those that still live count as far as they came.
    pub lifetime_minutes: Option<f64>,
    /// Invocations in a month, at the rate of the logs.
    pub requests_per_month: Option<f64>,
    /// Median `Max Memory Used` of cold starts, in MB.
    pub max_memory_used_mb: Option<f64>,
    /// The package that the logs ran, where it was given.
    pub package: Option<PackageSizes>,
    /// Cold starts behind `init`.
    pub cold_starts: u64,
    /// Days with cold starts behind `init`.
    pub days: u64,
}

/// Percentiles of `Init Duration` above its median.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tails {
    /// 90th percentile less the median, in ms.
    pub p90: Coefficient,
    /// 99th percentile less the median, in ms.
    pub p99: Coefficient,
}

/// Sizes of a deployed package.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PackageSizes {
    /// The zip.
    pub zip_bytes: ByteSize,
    /// Its files.
    pub unzipped_bytes: ByteSize,
    /// Bytes of the program that are mapped.
    pub loaded_bytes: ByteSize,
    /// Shared libraries in the package.
    pub library_bytes: ByteSize,
    /// Measured memory at the end of init.
    pub touched_bytes: Option<ByteSize>,
}

/// What the Rust hello-world uses, in MB.
#[derive(Debug, Clone, Copy)]
pub(super) struct BaselineMb {
    /// `Max Memory Used`.
    pub(super) max_memory_used: f64,
    /// Touched memory.
    pub(super) touched: f64,
}

impl PackageSizes {
    /// The sizes that a prediction is made from.
    #[must_use]
    pub const fn of(inputs: &Inputs) -> Self {
        Self {
            zip_bytes: inputs.zip.size(),
            unzipped_bytes: inputs.unzipped,
            loaded_bytes: inputs.loaded,
            library_bytes: inputs.bundled_libraries,
            touched_bytes: inputs.touched,
        }
    }
}

impl FunctionModel {
    /// The package that the logs ran: as it was given, else taken to be `otherwise`.
    pub(super) fn deployed(&self, otherwise: &Inputs) -> Inputs {
        let Some(package) = &self.package else { return *otherwise };
        let mut deployed = *otherwise;
        deployed.zip = ZippedSize::Known(package.zip_bytes);
        deployed.unzipped = package.unzipped_bytes;
        deployed.loaded = package.loaded_bytes;
        deployed.bundled_libraries = package.library_bytes;
        // Measured and guessed memory are not compared with each other.
        deployed.touched = match (package.touched_bytes, otherwise.touched) {
            (Some(touched), Some(_)) => Some(touched),
            (None, Some(touched)) if deployed.loaded == otherwise.loaded => Some(touched),
            (_, touched) => touched,
        };
        deployed
    }

    /// The package with touched memory as the logs have it, where it was not measured and nothing says which package they ran:
    /// `Max Memory Used` above that of the Rust hello-world, plus what that touches.
    /// `baseline_mb`: both of the Rust hello-world.
    pub(super) fn with_logged_memory(&self, inputs: &Inputs, baseline_mb: BaselineMb) -> Inputs {
        let Some(used_mb) = self.max_memory_used_mb.filter(|_| inputs.touched.is_none() && self.package.is_none())
        else {
            return *inputs;
        };
        let touched_mb = (used_mb - baseline_mb.max_memory_used).max(0.0) + baseline_mb.touched;
        inputs.with_touched(ByteSize::new((touched_mb * 1e6) as u64))
    }

    /// A number that cannot be, in a model from a file.
    pub(super) fn unsound(&self) -> Option<(&'static str, f64)> {
        let numbers = [
            ("warm_ms", self.warm_ms),
            ("requests_per_month", self.requests_per_month),
            ("max_memory_used_mb", self.max_memory_used_mb),
            ("lifetime_minutes", self.lifetime_minutes),
        ];
        numbers
            .into_iter()
            .find_map(|(name, value)| Some((name, value.filter(|value| !value.is_finite() || *value < 0.0)?)))
    }

    /// Every coefficient with its name.
    pub(super) fn coefficients(&self) -> Vec<(&'static str, &Coefficient)> {
        let tails = self.tails.iter().flat_map(|tails| [("tails.p90", &tails.p90), ("tails.p99", &tails.p99)]);
        let others = [
            ("init", &self.init),
            ("before_init", &self.before_init),
            ("first_call_cpu", &self.first_call_cpu),
            ("keep_alive_minutes", &self.keep_alive_minutes),
        ];
        tails.chain(others.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))).collect()
    }
}
