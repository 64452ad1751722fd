//! What the proof found different, with the values that prove it.

/// What the second reader found different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It cannot read one of the files.
    #[error("goblin cannot read the {which} file: {why}")]
    Unreadable {
        /// `original` or `slimmed`.
        which: &'static str,
        /// goblin's words.
        why: String,
    },
    /// Something that decides how the program is loaded differs.
    #[error("{what} differs between the original and the slimmed file")]
    Differs {
        /// What differs.
        what: String,
    },
    /// A loaded byte differs that no rewrite declared.
    #[error("the loaded byte at address {address:#x} differs between the original and the slimmed file")]
    LoadedByte {
        /// Its address.
        address: u64,
    },
    /// A declared range lies outside the loaded part of the file.
    #[error("bytes {start:#x} to {end:#x} are declared as changed, but no segment loads them")]
    NotLoaded {
        /// Where the range begins in the file.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// A loaded byte differs as declared, but it belongs to nothing that a rewrite may change.
    #[error("the loaded byte at address {address:#x} was changed as declared, but {why}")]
    Unexplained {
        /// Its address.
        address: u64,
        /// What it would have to be.
        why: &'static str,
    },
    /// The unwind tables of one of the files cannot be read.
    #[error("the unwind tables of the {which} file cannot be read at address {address:#x}: {why}")]
    UnwindUnreadable {
        /// `original` or `slimmed`.
        which: &'static str,
        /// Where.
        address: u64,
        /// gimli's words, or ours.
        why: String,
    },
    /// A function has lost a frame description.
    #[error("the frame description of {begin:#x} to {end:#x} is missing in the slimmed file")]
    FrameMissing {
        /// First address that it describes.
        begin: u64,
        /// Past the last.
        end: u64,
    },
    /// There is a frame description that was not there before.
    #[error("the slimmed file describes the frame of {begin:#x} to {end:#x}, the original does not")]
    FrameAdded {
        /// First address that it describes.
        begin: u64,
        /// Past the last.
        end: u64,
    },
    /// A frame description says something else.
    #[error("the frame description of {begin:#x} to {end:#x} differs in its {what}")]
    Frame {
        /// First address that it describes.
        begin: u64,
        /// Past the last.
        end: u64,
        /// Which part of it.
        what: &'static str,
    },
    /// The index of the frame descriptions differs as a whole.
    #[error("the index of the frame descriptions {what}")]
    Index {
        /// In which way.
        what: &'static str,
    },
    /// An entry of the index leads elsewhere.
    #[error("the index entry for address {address:#x} {what}")]
    IndexEntry {
        /// The address that it is for.
        address: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An unwinder finds something else for an address.
    #[error("an unwinder at address {address:#x} would find another {what} than before")]
    Lookup {
        /// The address looked up.
        address: u64,
        /// Frame description, or row.
        what: &'static str,
    },
    /// A relocation is missing, new, or comes to another value.
    #[error("the relocation of the word at address {address:#x} {what}")]
    Relocation {
        /// The word's address, in the original.
        address: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What was declared as dead code can be reached.
    #[error("code at address {address:#x} was declared dead, but {what}")]
    NotDead {
        /// An address in it.
        address: u64,
        /// What leads there.
        what: &'static str,
    },
}
