//! The prediction, as the report shows it.

use serde::{Deserialize, Serialize};

use super::interval::{EvidenceGrade, Interval};
use super::memory::MemoryAdvice;
use super::price::Cost;
use super::traffic::Traffic;
use super::worth::{CrateWorth, PerMegabyte};

/// One term of the cold start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Term {
    /// `placement`, `download`, `unpack`, `init_floor`, `init_touched`, `init_untouched`, `bundled_libraries`,
    /// `init_unexplained` or `first_call`.
    pub name: String,
    /// Milliseconds. Only `init_unexplained` can be negative: it is what the other terms of INIT over- or under-estimate.
    pub ms: Interval,
    /// How well it is supported.
    pub evidence: EvidenceGrade,
    /// Where the coefficient comes from, with date and range of validity.
    pub source: String,
}

/// What changing one package into another does to the cold start, with the same draw of every unknown on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Change of what happens before INIT (not in REPORT lines), in ms; negative is faster.
    pub before_init_ms: Interval,
    /// Change of `Init Duration`, in ms.
    pub init_ms: Interval,
    /// Change of the whole cold start, in ms.
    pub cold_total_ms: Interval,
    /// The conclusion in words, part by part: 'faster' or 'slower' where the interval leaves no doubt, 'may be faster' where it
    /// reaches 0, 'no measurable change expected' where the median is too small to be measured.
    pub conclusion: String,
}

/// Where a number comes from that is no term of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// `tails` (how far single starts lie above the median), `ahead_of_requests` or `limits` (of Lambda).
    pub of: String,
    /// How well it is supported.
    pub evidence: EvidenceGrade,
    /// Where it comes from, with date and range of validity.
    pub source: String,
}

/// A change from another package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Against {
    /// The other package or report.
    pub path: String,
    /// What it is worth.
    pub change: Change,
}

/// A cold-start prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimate {
    /// `zip` or `image`.
    pub package: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Memory setting in MB.
    pub memory_mb: u32,
    /// The model's id: `prior-2026-08` or a calibrated one.
    pub model: String,
    /// The function of the model that it is for, where the model was calibrated on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// True where an input lies outside the range that the model was fitted on.
    pub extrapolated: bool,
    /// What was outside its range, in words; empty where nothing was.
    pub extrapolated_why: Vec<String>,
    /// MB of memory (10^6 bytes) that init is taken to touch.
    pub touched_mb: Interval,
    /// True where `touched_mb` was measured, false where it was guessed from sizes.
    pub touched_measured: bool,
    /// True where `touched_mb` is taken from `Max Memory Used` in the logs that the model was calibrated on.
    #[serde(default)]
    pub touched_logged: bool,
    /// The terms, in the order in which they happen.
    pub terms: Vec<Term>,
    /// Placement, download, unpacking: not in REPORT lines, not billed.
    pub before_init_ms: Interval,
    /// Median of `Init Duration` over many cold starts, as REPORT lines show it. The interval is what is not known.
    pub init_ms: Interval,
    /// 90th percentile of `Init Duration` over many cold starts.
    pub init_p90_ms: Interval,
    /// 99th percentile of `Init Duration` over many cold starts.
    pub init_p99_ms: Interval,
    /// First invocation: the handler's first call.
    pub first_call_ms: Interval,
    /// Everything from the request to the first answer.
    pub cold_total_ms: Interval,
    /// 90th percentile of the same over many cold starts, as far as it comes from INIT's tail.
    #[serde(default = "Interval::unknown")]
    pub cold_total_p90_ms: Interval,
    /// 99th percentile of the same over many cold starts, as far as it comes from INIT's tail.
    #[serde(default = "Interval::unknown")]
    pub cold_total_p99_ms: Interval,
    /// Sources of what is no term.
    #[serde(default)]
    pub further_sources: Vec<Provenance>,
    /// Slopes.
    pub per_megabyte: PerMegabyte,
    /// What slimming the artifact would change; `None` where it was not tried.
    pub slimming: Option<Change>,
    /// What the change from another package to this one is worth; `None` where that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// What removing a crate would save, most first; empty where nothing is known of crates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crates: Vec<CrateWorth>,
    /// Other memory settings; `None` where they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryAdvice>,
    /// Money; `None` where it was not asked for.
    pub cost: Option<Cost>,
    /// Traffic; `None` where it was not asked for.
    pub traffic: Option<Traffic>,
}
