//! Why unwind tables cannot be taken apart.

/// What keeps unwind tables from being edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramesError {
    /// The program has no frame descriptions.
    #[error("it has no .eh_frame")]
    None,
    /// There is no index, or it is marked as omitted.
    #[error("it has no index of frame descriptions (.eh_frame_hdr)")]
    NoIndex,
    /// An entry is not as one of the known encodings has it.
    #[error("{what} at offset {offset:#x}: {why}")]
    Unknown {
        /// Which entry.
        what: &'static str,
        /// Where it starts in the file.
        offset: u64,
        /// What is not known.
        why: &'static str,
    },
    /// The loader writes into the tables.
    #[error("the loader relocates address {place:#x}, inside the unwind tables")]
    Relocated {
        /// The address.
        place: u64,
    },
}
