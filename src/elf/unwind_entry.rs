//! Pieces of unwind tables.

use std::ops::Range;

/// One piece of unwind data and the function that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwindEntry {
    /// Bytes of the file.
    pub range: Range<u64>,
    /// Address of the function; `None` for what all functions share: CIEs, headers, terminators.
    pub function: Option<u64>,
}

/// A frame description that was read.
pub(super) struct Described {
    /// Where it stands in the section.
    pub(super) offset: usize,
    /// Addresses of the functions that it is for.
    pub(super) code: Range<u64>,
    /// Its bytes in the file.
    pub(super) description: Option<Range<u64>>,
    /// Those of its LSDA.
    pub(super) lsda: Option<Range<u64>>,
}
