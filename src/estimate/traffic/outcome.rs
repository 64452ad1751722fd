//! The traffic's part of a prediction, as the report shows it.

use serde::{Deserialize, Serialize};

use super::timeouts::TimeoutRisk;
use crate::estimate::interval::Interval;

/// How cold starts were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A formula for requests at random at a constant rate.
    ClosedForm,
    /// The same, simulated: so many environments are busy at once that the formula is known to be too low.
    Simulation,
    /// Simulated on the timestamps that were given.
    Trace,
}

/// What the requests of a month meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Traffic {
    /// How it was counted.
    pub method: Method,
    /// Requests per month; of a trace, its rate over a month.
    pub requests_per_month: f64,
    /// How long a warm environment is busy with a request, in ms: its mean.
    pub warm_ms: f64,
    /// Where `warm_ms` comes from.
    pub warm_source: String,
    /// Minutes for which Lambda keeps an idle environment.
    pub keep_alive_minutes: Interval,
    /// Where that comes from.
    pub keep_alive_source: String,
    /// Share of requests that start an environment, 0 to 1; its interval is the keep-alive's.
    pub cold_share: Interval,
    /// Cold starts in a month, those after deployments included.
    pub cold_starts_per_month: Interval,
    /// Share of cold starts that Lambda is thought to run ahead of a request, where traffic is dense: nobody waits for those.
    pub ahead_of_requests: Interval,
    /// Environments.
    pub concurrency: Concurrency,
    /// What callers wait, over all requests.
    pub latency_ms: Latency,
    /// Who gives up before a cold start is over.
    pub timeouts: Vec<TimeoutRisk>,
    /// The month in CloudWatch's metrics.
    pub cloudwatch: CloudWatch,
}

/// How many environments are busy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Concurrency {
    /// On average.
    pub mean: f64,
    /// Most at once: of a trace as it was, else what is exceeded for 0.1 % of requests.
    pub peak: f64,
    /// Limit that throttles: the account's or the function's own.
    pub limit: u32,
    /// Share of requests that are throttled, 0 to 1.
    pub throttled_share: f64,
    /// Requests per second that the account takes of synchronous invocations: ten times the limit.
    pub requests_per_second_limit: u32,
}

/// Percentiles over all requests, in ms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// Median.
    pub p50: Interval,
    /// 99th percentile.
    pub p99: Interval,
    /// 99.9th percentile.
    pub p999: Interval,
}

/// Sums over the month, as CloudWatch shows them (namespace `AWS/Lambda`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloudWatch {
    /// `Invocations`, Sum: throttled requests are not counted.
    pub invocations: f64,
    /// `Errors`, Sum: invocations that exceed the function's time-out. Other errors are not predicted.
    pub errors: f64,
    /// `Throttles`, Sum.
    pub throttles: f64,
    /// `Duration`, Average, in ms: without init.
    pub duration_ms: f64,
    /// `ConcurrentExecutions`, Maximum.
    pub concurrent_executions: f64,
}
