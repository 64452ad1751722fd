//! What a model was calibrated on, as the model file and the output tell it.

use serde::{Deserialize, Serialize};

use super::interval::Interval;

/// What a model was calibrated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// First and last day of the records, as YYYY-MM-DD; empty where they have no time.
    pub from: String,
    /// See `from`.
    pub through: String,
    /// Cold starts that were learnt from.
    pub cold_starts: u64,
    /// Invocations that were read, cold ones included.
    pub invocations: u64,
    /// Records that were read and not learnt from.
    pub set_apart: SetApart,
    /// How what was billed agrees with what is expected.
    pub billed: BilledOtherwise,
    /// Whether floor and slope of INIT moved, and by how many functions and versions.
    pub regression: Option<String>,
    /// The prior against the model on days that neither saw.
    pub accuracy: Vec<Accuracy>,
    /// Function by function.
    pub functions: Vec<FunctionSummary>,
}

/// Starts that are not cold starts as a caller of an on-demand function meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SetApart {
    /// For provisioned concurrency.
    pub provisioned_concurrency: u64,
    /// From a snapshot.
    pub snap_start: u64,
    /// Inits that failed or took too long, and second tries.
    pub failed_inits: u64,
    /// Traces in which a segment is missing.
    pub incomplete_traces: u64,
}

/// `billed = ceil(init + duration)`, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BilledOtherwise {
    /// Lines that were checked.
    pub checked: u64,
    /// Cold starts billed by their duration alone: managed runtimes in zips before 2025-08-01.
    pub without_init: u64,
    /// Billed in some other way.
    pub otherwise: u64,
    /// The first such lines.
    pub examples: Vec<String>,
}

/// What was learnt of one function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionSummary {
    /// Its name.
    pub name: String,
    /// Version that its model stands for.
    pub version: String,
    /// Invocations, all versions; CloudWatch's where no log tells them.
    pub invocations: u64,
    /// Cold starts, all versions.
    pub cold_starts: u64,
    /// Invocations that ended as errors, time-outs included; CloudWatch's where no log tells them.
    pub errors: u64,
    /// Invocations that ran into the time-out.
    pub timeouts: u64,
    /// Requests that were refused, where CloudWatch's `Throttles` were given.
    pub throttles: Option<u64>,
    /// Most environments that were busy at once, where CloudWatch's `ConcurrentExecutions` were given.
    pub concurrent_executions: Option<u64>,
    /// Cold traces that were waited for, and environments that Lambda started ahead of requests, as X-Ray shows them.
    pub cold_traces: u64,
    /// See `cold_traces`.
    pub traces_ahead: u64,
    /// What the prior predicts for its `Max Memory Used` or package, in ms.
    pub prior_init_ms: Option<f64>,
    /// Median of its `Init Duration`, in ms.
    pub init_ms: Option<f64>,
}

/// One function's INIT on days that were held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The function.
    pub function: String,
    /// Its version.
    pub version: String,
    /// Days that were held out.
    pub days: u64,
    /// Cold starts on them.
    pub cold_starts: u64,
    /// Median of `Init Duration` on them, in ms.
    pub observed_ms: f64,
    /// What the prior says of the function's `Max Memory Used`, in ms; `None` where that is not known.
    pub prior_ms: Option<Interval>,
    /// How far off its median is, in percent of what was observed.
    pub prior_error_percent: Option<f64>,
    /// What the model says that saw only the days before, in ms.
    pub calibrated_ms: Interval,
    /// How far off its median is, in percent of what was observed.
    pub calibrated_error_percent: f64,
    /// Share of held-out days whose median lies within the prior's 80 % interval.
    pub prior_covers: Option<f64>,
    /// The same for the calibrated model.
    pub calibrated_covers: f64,
}
