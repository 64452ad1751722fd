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
    /// Rewrites that the level leaves out and that are done all the same.
    pub with: BTreeSet<Rewrite>,
    /// Rewrites of the level that are left out.
    pub without: BTreeSet<Rewrite>,
    /// The date that every entry of the zip gets.
    pub timestamp: DosTimestamp,
}

impl Options {
    /// True where `rewrite` is asked for: by the level or by name, and not left out.
    #[must_use]
    pub fn asks_for(&self, rewrite: Rewrite) -> bool {
        let by_level = rewrite.level().is_some_and(|level| level <= self.level);
        (by_level || self.with.contains(&rewrite)) && !self.without.contains(&rewrite)
    }
}
