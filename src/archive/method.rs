//! How an entry's bytes are held.

use serde::{Deserialize, Serialize};

/// How an entry's bytes are held. Lambda reads these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Method 8.
    Deflate,
    /// Method 0: as they are.
    Stored,
}
