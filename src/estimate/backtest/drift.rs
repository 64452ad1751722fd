//! Half a year ahead: what a model that was calibrated on one half year says of the next.

use serde::Serialize;

use super::data::{PLATFORMS, drift};
use super::{median, p90, percent};
use crate::estimate::calibrate::a_month_ahead;

/// INIT of the same function in the following half year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftTest {
    /// `zip` or `image`.
    pub package: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Pairs of half years.
    pub pairs: u32,
    /// Median error of p50, in percent of what was observed.
    pub p50_error_median_percent: f64,
    /// The error that one pair in ten exceeds.
    pub p50_error_p90_percent: f64,
    /// Median error of p90 over starts.
    pub p90_error_median_percent: f64,
    /// Share of pairs within the calibrated 80 % interval, in percent. The interval is meant for one month, not for six.
    pub covered_percent: f64,
}

pub(super) fn test() -> Vec<DriftTest> {
    let functions = drift();
    PLATFORMS
        .into_iter()
        .map(|(package, architecture)| {
            let pairs: Vec<([f64; 2], [f64; 2])> = functions
                .iter()
                .filter(|function| (function.1, function.2) == (package, architecture))
                .flat_map(|function| {
                    let halves: Vec<[f64; 2]> = function.3.values().copied().collect();
                    halves.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
                })
                .collect();
            let error = |at: usize| pairs.iter().map(|(before, after)| (before[at] / after[at] - 1.0).abs()).collect();
            let covered = pairs.iter().filter(|(before, after)| {
                let interval = a_month_ahead(before[0], package);
                (interval.p10..=interval.p90).contains(&after[0])
            });
            DriftTest {
                package: package.to_string(),
                architecture: architecture.to_string(),
                pairs: pairs.len() as u32,
                p50_error_median_percent: percent(median(error(0))),
                p50_error_p90_percent: percent(p90(error(0))),
                p90_error_median_percent: percent(median(error(1))),
                covered_percent: percent(covered.count() as f64 / pairs.len() as f64),
            }
        })
        .collect()
}
