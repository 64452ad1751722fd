//! A finding: something about the package that its author should know, with a stable code.

use serde::{Deserialize, Serialize};

use crate::units::ByteSize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Lambda will refuse the package, or it will not start.
    Error,
    /// It may not start, or it wastes what is easily saved.
    Warning,
    /// Worth knowing.
    Note,
}

/// One finding. Codes are stable: programs match on them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Stable kebab-case code, for example `bootstrap-missing`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found and what to do about it, in one sentence or two.
    pub message: String,
    /// The file, crate or library that it is about.
    pub subject: String,
    /// File bytes that following the advice saves, where that is known: exactly, or at most, see [`Finding::saves_at_most`].
    pub saves_bytes: Option<ByteSize>,
}

impl Finding {
    /// True where [`Finding::saves_bytes`] is an upper bound: of several versions of a crate, the one that stays may grow.
    #[must_use]
    pub fn saves_at_most(&self) -> bool {
        self.code == "duplicate-crate"
    }
}
