//! Values that are not exactly known, and how well they are supported.

use serde::{Deserialize, Serialize};

/// A value with its uncertainty: the 10th, 50th and 90th percentile. `p10 <= p50 <= p90` always holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// One in ten is below.
    pub p10: f64,
    /// The median.
    pub p50: f64,
    /// One in ten is above.
    pub p90: f64,
}

impl Interval {
    /// Stands in reports of versions that did not know it.
    pub(super) fn unknown() -> Self {
        Self { p10: 0.0, p50: 0.0, p90: 0.0 }
    }

    /// `count` times this.
    #[must_use]
    pub fn times(self, count: f64) -> Self {
        let of = |value: f64| (value * count * 1000.0).round() / 1000.0 + 0.0;
        Self { p10: of(self.p10), p50: of(self.p50), p90: of(self.p90) }
    }
}

/// How well a coefficient is supported, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EvidenceGrade {
    /// Thousands of independent measurements agree.
    Strong,
    /// Several independent sources agree.
    Good,
    /// Few sources, same direction.
    Moderate,
    /// One or two observations.
    Weak,
    /// Engineering judgement.
    Guess,
}
