//! The verdict: what the gate measured, what it found against the package, and who is to blame.

use serde::{Deserialize, Serialize};

use super::diff::Diff;
use super::lock_change::LockChange;
use crate::attribution::CrateKind;
use crate::package::Finding;
use crate::units::{ByteDelta, ByteSize, Millis};

/// Violation: the zip is larger than `max-zip`.
pub const ZIPPED_OVER_BUDGET: &str = "zipped-over-budget";
/// Violation: the files are larger than `max-unzipped`.
pub const UNZIPPED_OVER_BUDGET: &str = "unzipped-over-budget";
/// Violation: a program is larger than `max-file`.
pub const FILE_OVER_BUDGET: &str = "file-over-budget";
/// Violation: a crate is larger than its limit.
pub const CRATE_OVER_BUDGET: &str = "crate-over-budget";
/// Violation: a section is larger than its limit.
pub const SECTION_OVER_BUDGET: &str = "section-over-budget";
/// Violation: init touches more memory than `max-touched`.
pub const TOUCHED_OVER_BUDGET: &str = "touched-over-budget";
/// Violation: something grew by more than a limit lets it.
pub const GROWTH_OVER_BUDGET: &str = "growth-over-budget";
/// Violation: the predicted init takes longer than `max-init-ms`.
pub const INIT_OVER_BUDGET: &str = "init-over-budget";
/// Note: neither a budget nor a baseline was given, so that only findings could fail.
pub const NO_BUDGET: &str = "no-budget";
/// Note: one of the two is no zip, so that growth was compared unzipped only.
pub const ZIP_GROWTH_UNKNOWN: &str = "zip-growth-unknown";
/// Note: a limit names a crate or section that neither the artifact nor the baseline has.
pub const LIMIT_NAMES_NOTHING: &str = "limit-names-nothing";
/// Note: no crate can be named, because the files are stripped.
pub const CRATES_UNNAMED: &str = "crates-unnamed";

/// Which size or time a number is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Bytes of the zip as uploaded.
    Zipped,
    /// Bytes of the files.
    Unzipped,
    /// Bytes of one file, or of a part of the files.
    File,
    /// Bytes of memory that init touches.
    Touched,
    /// The predicted init, in ms: its median.
    Init,
}

/// What a limit is about, where it is not the package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A program of the package, by its path.
    Program(String),
    /// A crate by its name, all versions and programs together.
    Crate(String),
    /// A section by its name, all programs together.
    Section(String),
}

/// A limit and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amounts {
    /// Of a size.
    Bytes {
        /// The largest size that passes.
        limit_bytes: ByteSize,
        /// The size found.
        actual_bytes: ByteSize,
        /// The baseline's size; `None` where none was given.
        baseline_bytes: Option<ByteSize>,
    },
    /// Of a time.
    Time {
        /// The longest time that passes.
        limit_ms: Millis,
        /// The time found.
        actual_ms: Millis,
        /// The baseline's time; `None` where none was given.
        baseline_ms: Option<Millis>,
    },
}

/// One limit as it was applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// The key that set it: `max-zip`, `max-growth`, `crates.hyper`.
    pub budget: String,
    /// The limit as configured, in the form that a budget is read from: `540000 B`, `5%`.
    pub rule: String,
    /// What was measured.
    pub measure: Measure,
    /// Whether growth was limited, and not the size or time itself.
    #[serde(default)]
    pub of_growth: bool,
    /// The part of the package that it is about; `None` for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The limit, what was found, and the baseline.
    #[serde(flatten)]
    pub amounts: Amounts,
}

impl Gate {
    /// True where what was found keeps the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        match self.amounts {
            Amounts::Bytes { limit_bytes, actual_bytes, .. } => actual_bytes <= limit_bytes,
            Amounts::Time { limit_ms, actual_ms, .. } => actual_ms.get() <= limit_ms.get(),
        }
    }

    /// Bytes past the limit; 0 where it passed or is of a time.
    #[must_use]
    pub const fn over_by(&self) -> ByteSize {
        match self.amounts {
            Amounts::Bytes { limit_bytes, actual_bytes, .. } => actual_bytes.saturating_sub(limit_bytes),
            Amounts::Time { .. } => ByteSize::ZERO,
        }
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
    /// Its functions that grew most, where both sides list functions; at most [`FUNCTIONS_NAMED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<GrownFunction>,
    /// What brought this version into the lock file since the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_by: Option<LockChange>,
}

/// How many functions of a crate are named.
pub const FUNCTIONS_NAMED: usize = 3;

/// A function or data object that grew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrownFunction {
    /// Its name without what changes from build to build.
    pub name: String,
    /// Its size now, in file bytes.
    pub size_bytes: ByteSize,
    /// What it grew, in file bytes.
    pub grown_bytes: ByteDelta,
    /// True where the baseline does not have it.
    pub is_new: bool,
}

/// One reason to fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The artifact.
    pub subject: String,
    /// Reasons to fail: limits in their order, then rules, then findings.
    pub violations: Vec<Violation>,
    /// What would be reasons to fail, and is only said: rules whose level is `warn`, and everything where the check may not fail.
    #[serde(default)]
    pub warnings: Vec<Violation>,
    /// Every limit that was applied, kept or not.
    pub gates: Vec<Gate>,
    /// Worth knowing, and no reason to fail: warnings of the report, and what limits the comparison.
    pub notes: Vec<Finding>,
    /// What changed since the baseline; `None` without one.
    pub diff: Option<Diff>,
    /// What the project says to who fails; `None` where it says nothing or the check passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do where the growth is wanted; `None` where nothing grew too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
}

impl Verdict {
    /// The same verdict where the check may not fail: what is violated is a warning.
    #[must_use]
    pub fn as_warnings(mut self) -> Self {
        self.violations.append(&mut self.warnings);
        std::mem::swap(&mut self.violations, &mut self.warnings);
        self
    }

    /// True where nothing was violated.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }
}
