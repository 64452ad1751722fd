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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// The limits that were asked for, and Lambda's own on init. A first call takes at least `warm_ms`.
pub(super) fn timeout_risks(
    samples: &[Sample],
    warm_ms: f64,
    function_ms: Option<f64>,
    client_ms: Option<f64>,
) -> Vec<TimeoutRisk> {
    let init = "init; above it init runs again, within the function's time-out";
    let mut risks = vec![risk(samples, "init", INIT_LIMIT_MS, init, Quantiles::of_init)];
    if let Some(limit) = function_ms {
        risks.push(risk(samples, "function", limit, "the first call", |sample| {
            Quantiles::constant(sample.first_call.max(warm_ms))
        }));
    }
    if let Some(limit) = client_ms {
        risks.push(risk(samples, "client", limit, "everything from request to answer", |sample| {
            Quantiles::of_cold_starts(sample, warm_ms)
        }));
    }
    risks
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
