//! The verdict: what the gate measured, what it found against the package, and who is to blame.

use serde::{Deserialize, Serialize};

use super::diff::Diff;
use crate::attribution::CrateKind;
use crate::package::Finding;
use crate::units::{ByteDelta, ByteSize};

/// Violation: the zip is larger than `max-zip`.
pub const ZIPPED_OVER_BUDGET: &str = "zipped-over-budget";
/// Violation: the files are larger than `max-unzipped`.
pub const UNZIPPED_OVER_BUDGET: &str = "unzipped-over-budget";
/// Violation: the zip or the files grew by more than `max-growth`.
pub const GROWTH_OVER_BUDGET: &str = "growth-over-budget";
/// Violation: the predicted init takes longer than `max-init-ms`.
pub const INIT_OVER_BUDGET: &str = "init-over-budget";
/// Note: neither a budget nor a baseline was given, so that only findings could fail.
pub const NO_BUDGET: &str = "no-budget";
/// Note: one of the two is no zip, so that growth was compared unzipped only.
pub const ZIP_GROWTH_UNKNOWN: &str = "zip-growth-unknown";
/// Note: the baseline is for another architecture.
pub const BASELINE_ARCHITECTURE_DIFFERS: &str = "baseline-architecture-differs";
/// Note: the baseline has other binaries.
pub const BASELINE_BINARIES_DIFFER: &str = "baseline-binaries-differ";
/// Note: the baseline was counted by another version of the tool.
pub const BASELINE_TOOL_DIFFERS: &str = "baseline-tool-differs";
/// Note: the baseline was made by another compiler or linker.
pub const BASELINE_TOOLCHAIN_DIFFERS: &str = "baseline-toolchain-differs";
/// Note: no crate can be named, because the files are stripped.
pub const CRATES_UNNAMED: &str = "crates-unnamed";

/// Which size a number is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Bytes of the zip as uploaded.
    Zipped,
    /// Bytes of the files.
    Unzipped,
}

/// One limit as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The key that set it: `max-zip`, `max-unzipped` or `max-growth`.
    pub budget: String,
    /// The limit as configured, in the form that a budget is read from: `540000 B`, `5%`.
    pub rule: String,
    /// What was measured.
    pub measure: Measure,
    /// The largest size that passes.
    pub limit_bytes: ByteSize,
    /// The size found.
    pub actual_bytes: ByteSize,
    /// The baseline's size; `None` where none was given.
    pub baseline_bytes: Option<ByteSize>,
}

impl Gate {
    /// True where the size found keeps the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.actual_bytes <= self.limit_bytes
    }

    /// Bytes past the limit; 0 where it passed.
    #[must_use]
    pub const fn over_by(&self) -> ByteSize {
        self.actual_bytes.saturating_sub(self.limit_bytes)
    }
}

/// A crate, or a file that is no program, that a violation is blamed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blame {
    /// The file of the package.
    pub path: String,
    /// The crate in it; `None` where the file is no program.
    #[serde(rename = "crate")]
    pub crate_name: Option<String>,
    /// The crate's kind.
    pub kind: Option<CrateKind>,
    /// The crate's version.
    pub version: Option<String>,
    /// The crate's version in the baseline, where it is another one.
    pub old_version: Option<String>,
    /// Its size now, in the violation's [`Violation::blamed_by`].
    pub size_bytes: ByteSize,
    /// What it grew since the baseline; `None` without one.
    pub grown_bytes: Option<ByteDelta>,
    /// Shortest dependency path from the root package.
    pub why: Vec<String>,
}

/// One reason to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Stable kebab-case code: one of this room's, or a finding's.
    pub code: String,
    /// What is wrong, with exact bytes, in one sentence.
    pub message: String,
    /// The artifact, or what the finding is about.
    pub subject: String,
    /// The limit that was not kept; `None` for a finding.
    #[serde(flatten)]
    pub gate: Option<Gate>,
    /// In which size the blamed are counted: zipped where both sides know it, else unzipped.
    pub blamed_by: Option<Measure>,
    /// Who grew, most first; without a baseline the largest, which is no proof of guilt.
    pub blamed: Vec<Blame>,
}

/// What the gate concluded. No violations is a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The artifact.
    pub subject: String,
    /// Reasons to fail: limits in the order max-zip, max-unzipped, max-growth, then findings.
    pub violations: Vec<Violation>,
    /// Every limit that was applied, kept or not.
    pub gates: Vec<Gate>,
    /// Worth knowing, and no reason to fail: warnings of the report, and what limits the comparison.
    pub notes: Vec<Finding>,
    /// What changed since the baseline; `None` without one.
    pub diff: Option<Diff>,
}

impl Verdict {
    /// True where nothing was violated.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }
}
