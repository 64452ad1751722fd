//! A change of the lock file, as a verdict tells it.

use serde::{Deserialize, Serialize};

/// A change of the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockChange {
    /// The commit's name, all digits; `None` where the change is not committed yet.
    pub commit: Option<String>,
    /// The day it was committed in UTC, `2026-11-29`; empty where it is not.
    pub date: String,
    /// The first line of the commit's message; empty where it is not committed.
    pub subject: String,
}
