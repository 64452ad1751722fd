//! What can be wrong with an ELF file.

/// What is wrong with an ELF file, with the values that prove it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// The magic number is missing.
    #[error("not an ELF file: it does not start with 7f 45 4c 46")]
    NotElf,
    /// Shorter than an ELF header.
    #[error("ELF file is cut short: {size} bytes, the header alone takes 64")]
    HeaderCutShort {
        /// Size of the file.
        size: u64,
    },
    /// 32-bit ELF.
    #[error("32-bit ELF file; Lambda runs 64-bit programs: build for x86_64 or aarch64")]
    Elf32,
    /// Big-endian ELF.
    #[error("big-endian ELF file; Lambda runs little-endian programs: build for x86_64 or aarch64")]
    BigEndian,
    /// Another instruction set.
    #[error("ELF machine {machine} is neither x86_64 (62) nor aarch64 (183), which are what Lambda runs")]
    UnsupportedMachine {
        /// `e_machine`.
        machine: u16,
    },
    /// An object file, a core dump, or something unknown.
    #[error("ELF type {e_type} is neither an executable (2) nor a shared object (3): {what}")]
    NotLinked {
        /// `e_type`.
        e_type: u16,
        /// What that type is.
        what: &'static str,
    },
    /// Entry size of a header table is not the one that ELF64 has.
    #[error("{table} entries of {entry_size} bytes; ELF64 has {expected}")]
    EntrySize {
        /// Which table.
        table: &'static str,
        /// Size stated.
        entry_size: u64,
        /// Size that ELF64 has.
        expected: u64,
    },
    /// A header table leaves the file.
    #[error("{table} at {offset:#x} ends at {end:#x}, past the end of the file ({file_size:#x})")]
    TablePastEnd {
        /// Which table.
        table: &'static str,
        /// Where it starts.
        offset: u64,
        /// Where it ends.
        end: u128,
        /// Size of the file.
        file_size: u64,
    },
    /// More sections or segments than any loader or linker takes.
    #[error("{table} has {count} entries, the limit is {limit}")]
    TooManyEntries {
        /// Which table.
        table: &'static str,
        /// How many it says it has.
        count: u64,
        /// The most that are read.
        limit: u64,
    },
    /// A section takes more memory than a machine has.
    #[error("section {name:?} (number {index}) takes {size} bytes of memory, the limit is {limit}")]
    SectionTooLarge {
        /// Its name.
        name: String,
        /// Its number.
        index: usize,
        /// Memory that it takes once loaded, in bytes.
        size: u64,
        /// The most that is believed, in bytes.
        limit: u64,
    },
    /// A section leaves the file.
    #[error("section {name:?} (number {index}) ends at {end:#x}, past the end of the file ({file_size:#x})")]
    SectionPastEnd {
        /// Its name.
        name: String,
        /// Its number.
        index: usize,
        /// Where it ends.
        end: u128,
        /// Size of the file.
        file_size: u64,
    },
    /// Two sections claim the same bytes.
    #[error("sections {first:?} and {second:?} overlap at offset {at:#x}")]
    SectionsOverlap {
        /// The one that starts first.
        first: String,
        /// The other.
        second: String,
        /// First byte that both claim.
        at: u64,
    },
    /// A segment leaves the file.
    #[error("segment {index} ends at {end:#x}, past the end of the file ({file_size:#x}): the file is cut short")]
    SegmentPastEnd {
        /// Its number.
        index: usize,
        /// Where it ends.
        end: u128,
        /// Size of the file.
        file_size: u64,
    },
    /// An executable that the loader has nothing to map from.
    #[error("no loadable segment: the file holds no program")]
    NothingToLoad,
    /// A table inside a section or segment is malformed.
    #[error("{what} at offset {offset:#x} is malformed: {why}")]
    Malformed {
        /// What it is.
        what: &'static str,
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        why: &'static str,
    },
}
