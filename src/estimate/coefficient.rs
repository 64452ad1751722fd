//! One number of the model, with everything that is known about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::arithmetic::{Z90, exp, ln};
use super::interval::{EvidenceGrade, Interval};

/// How a function is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    /// A zip, uploaded directly or through S3.
    Zip,
    /// A container image.
    Image,
}

impl PackageKind {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Image => "image",
        }
    }
}

impl fmt::Display for PackageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a coefficient is spread between and beyond its three percentiles. Split at the median; never drawn below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Half a normal distribution on each side of the median.
    SplitNormal,
    /// Half a lognormal distribution on each side of the median: for factors.
    SplitLognormal,
}

/// One number of the model, with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// 10th, 50th and 90th percentile of what the number may be, in `unit`.
    pub value: Interval,
    /// Unit, in words.
    pub unit: String,
    /// Shape of the uncertainty.
    pub distribution: Distribution,
    /// How well it is supported.
    pub evidence: EvidenceGrade,
    /// Where it comes from.
    pub source: String,
    /// Day on which the source was read, as YYYY-MM-DD.
    pub read: String,
    /// What it was observed on; beyond that it is extrapolated.
    pub valid_for: String,
}

impl Coefficient {
    /// The value that lies `score` standard deviations from the median.
    pub(super) fn at(&self, score: f64) -> f64 {
        let Interval { p10, p50, p90 } = self.value;
        let value = match self.distribution {
            Distribution::SplitNormal => Self::spread(self.value, score),
            Distribution::SplitLognormal if score < 0.0 => p50 * exp(score / Z90 * ln(p50 / p10)),
            Distribution::SplitLognormal => p50 * exp(score / Z90 * ln(p90 / p50)),
        };
        value.max(0.0)
    }

    /// Half a normal distribution on each side of the median.
    pub(super) fn spread(value: Interval, score: f64) -> f64 {
        let Interval { p10, p50, p90 } = value;
        let side = if score < 0.0 { p50 - p10 } else { p90 - p50 };
        p50 + score / Z90 * side
    }

    /// Source, date and range of validity in one line.
    #[must_use]
    pub fn provenance(&self) -> String {
        format!("{}; read {}; valid for {}", self.source, self.read, self.valid_for)
    }

    pub(super) fn is_sound(&self) -> bool {
        let Interval { p10, p50, p90 } = self.value;
        let ordered = 0.0 <= p10 && p10 <= p50 && p50 <= p90 && p90.is_finite();
        ordered && (self.distribution == Distribution::SplitNormal || p10 > 0.0)
    }
}
