//! Instruction sets that Lambda runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Instruction sets that Lambda runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Lambda's `x86_64`.
    X86_64,
    /// Lambda's `arm64`, elsewhere called aarch64.
    Arm64,
}

impl Architecture {
    /// Lambda's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
