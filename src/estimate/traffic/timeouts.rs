//! Who gives up before a cold start is over.

use serde::{Deserialize, Serialize};

use super::latency::Quantiles;
use crate::estimate::draws::rounded_to;
use crate::estimate::sample::Sample;

/// Lambda ends an init after 10 s and runs it again within the first invocation. Source: AWS Lambda developer guide, 'Lambda
/// runtime environment', read 2026-11-23.
pub(super) const INIT_LIMIT_MS: f64 = 10_000.0;

/// Share of cold starts that pass a limit, as far as the model can tell: all that it does not know is averaged over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeoutRisk {
    /// `init`, `function` or `client`.
    pub limit: String,
    /// The limit, in ms.
    pub limit_ms: f64,
    /// What of a cold start counts against it.
    pub counts: String,
    /// Share of cold starts above it, 0 to 1.
    pub share_of_cold_starts: f64,
}

/// The limits that were asked for, and Lambda's own on init.
pub(super) fn timeout_risks(samples: &[Sample], function_ms: Option<f64>, client_ms: Option<f64>) -> Vec<TimeoutRisk> {
    let mut risks = vec![risk(
        samples,
        "init",
        INIT_LIMIT_MS,
        "init; above it init runs again, within the function's time-out",
        |sample| shifted(sample, sample.init()),
    )];
    if let Some(limit) = function_ms {
        risks.push(risk(samples, "function", limit, "the first call", |sample| Quantiles::constant(sample.first_call)));
    }
    if let Some(limit) = client_ms {
        risks.push(risk(samples, "client", limit, "everything from request to answer", Quantiles::of_cold_starts));
    }
    risks
}

/// The same tails around another part of the start.
fn shifted(sample: &Sample, part_ms: f64) -> Quantiles {
    let whole = Quantiles::of_cold_starts(sample);
    let less = sample.cold_total() - part_ms;
    Quantiles(whole.0.into_iter().map(|(share, ms)| (share, ms - less)).collect())
}

fn risk(
    samples: &[Sample],
    limit: &str,
    limit_ms: f64,
    counts: &str,
    of: impl Fn(&Sample) -> Quantiles,
) -> TimeoutRisk {
    let above: f64 = samples.iter().map(|sample| of(sample).share_above(limit_ms)).sum();
    TimeoutRisk {
        limit: limit.to_owned(),
        limit_ms,
        counts: counts.to_owned(),
        share_of_cold_starts: rounded_to(above / samples.len().max(1) as f64, 6),
    }
}
