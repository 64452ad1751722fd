//! What a byte is labelled with, and what is claimed as a whole.

use super::owner::OwnersId;
use super::row::EvidenceSource;

/// What a byte is labelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) owners: OwnersId,
    pub(super) evidence: EvidenceSource,
    /// Number of the item (function or data object), where one covers the byte.
    pub(super) item: Option<u32>,
}

impl Claim {
    pub(super) const fn new(owners: OwnersId, evidence: EvidenceSource) -> Self {
        Self { owners, evidence, item: None }
    }
}

/// A function or data object: one or more symbols for one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Number of the symbol that names it.
    pub(super) symbol: usize,
    pub(super) owners: OwnersId,
    pub(super) is_function: bool,
}
