//! What logs taught a model of one function: sums that are known, to which the other terms add up.

use serde::{Deserialize, Serialize};

use super::inputs::{Inputs, ZippedSize};
use super::model::Coefficient;
use crate::units::ByteSize;

/// One function as its logs show it. What the logs did not tell is `None`, and stays as in the prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionModel {
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
