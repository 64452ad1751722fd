//! What the caller asks of the rewriter.

use std::collections::BTreeSet;

use crate::archive::DosTimestamp;
use crate::deflate::Effort;

use super::outcome::Level;
use super::rewrite::Rewrite;

/// What the caller asks of the rewriter.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// How far it may go.
    pub level: Level,
    /// How hard Deflate tries.
    pub effort: Effort,
    /// Rewrites of the level that are left out.
    pub without: BTreeSet<Rewrite>,
    /// The date that every entry of the zip gets.
    pub timestamp: DosTimestamp,
}
