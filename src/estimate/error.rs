//! What can be wrong with a question to the model, or with a model that was read from a file.

use thiserror::Error;

/// Why there is no estimate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// Lambda has no such memory setting.
    #[error("memory setting of {memory_mb} MB is outside Lambda's range of 128 to 10240 MB")]
    MemoryOutOfRange {
        /// What was asked for, in MB.
        memory_mb: u32,
    },
    /// A CPU time that no measurement gives.
    #[error("first call of {ms} ms of CPU time: expected a finite number of at least 0")]
    FirstCallCpu {
        /// What was given, in milliseconds.
        ms: f64,
    },
    /// The list of prices does not know the region.
    #[error("no prices for region {region:?}: give --price, or one of {known}")]
    UnknownRegion {
        /// What was asked for.
        region: String,
        /// The regions of the list.
        known: String,
    },
    /// The model was not calibrated on that function.
    #[error("model {model:?} does not know function {function:?}: it knows {known}", known = if known.is_empty() { "none" } else { known })]
    UnknownFunction {
        /// What was asked for.
        function: String,
        /// The model's id.
        model: String,
        /// The functions that it knows.
        known: String,
    },
    /// A price that nobody charges.
    #[error("price of {usd} USD per GB-second: expected a finite number of at least 0")]
    Price {
        /// What was given.
        usd: f64,
    },
    /// No traffic.
    #[error("{requests} requests per month: expected a finite number above 0")]
    Requests {
        /// What was given.
        requests: f64,
    },
    /// A number of the traffic that cannot be.
    #[error("{name} of {value}: expected a finite number of at least {least}")]
    TrafficNumber {
        /// What it is.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The least that can be.
        least: f64,
    },
    /// A function of a model whose numbers cannot be.
    #[error("function {function:?} of model {model:?} has {name} {value}: expected a finite number of at least 0")]
    FunctionNumber {
        /// The model's id.
        model: String,
        /// The function.
        function: String,
        /// What it is.
        name: &'static str,
        /// As read.
        value: f64,
    },
    /// A trace from which no rate follows.
    #[error("the trace holds fewer than two requests at different times: nothing to simulate")]
    EmptyTrace,
    /// Records that teach nothing.
    #[error(
        "no usable record: looked for REPORT lines or platform.report events with an init duration, cold traces of X-Ray, and \
         metrics of CloudWatch{}",
        if *provisioned > 0 { format!(" ({provisioned} starts of provisioned concurrency were set apart)") } else { String::new() }
    )]
    NoSample {
        /// Starts that were set apart.
        provisioned: u64,
    },
    /// The text is not a model.
    #[error("not a cold-start model: {0}")]
    NotAModel(#[from] serde_json::Error),
    /// The model was written by another version of this program.
    #[error("cold-start model has schema version {found}, this program reads {expected}")]
    SchemaVersion {
        /// As the model says.
        found: u32,
        /// As this program writes.
        expected: u32,
    },
    /// A coefficient that cannot be drawn from.
    #[error(
        "coefficient {name:?} of model {model:?} has p10 {p10}, p50 {p50}, p90 {p90}: expected 0 <= p10 <= p50 <= p90, \
         and p10 > 0 for a lognormal one"
    )]
    Coefficient {
        /// The model's id.
        model: String,
        /// Path of the coefficient inside the model.
        name: String,
        /// As read.
        p10: f64,
        /// As read.
        p50: f64,
        /// As read.
        p90: f64,
    },
}
