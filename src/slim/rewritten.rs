//! What a rewrite hands back.

use super::changes::Changes;

/// What became of one rewrite of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rewritten {
    /// The new program, and what differs in its loaded part.
    Applied(Vec<u8>, Changes),
    /// Tried, and not smaller.
    NoGain(String),
    /// Not tried.
    NotApplicable(String),
}
