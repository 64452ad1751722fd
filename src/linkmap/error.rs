//! What can be wrong with the text of a linker's map. Lines count from 1.

use thiserror::Error;

use super::format::MapFormat;

/// What can be wrong with the text of a linker's map. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkMapError {
    /// None of the headings that a map begins with.
    #[error(
        "not a linker's map: expected a line \"VMA … Size Align Out In Symbol\" (lld, zig, mold), \
         \"Linker script and memory map\" (GNU ld) or \"Memory map\" (gold), but the text begins {start:?}"
    )]
    UnknownFormat {
        /// How the text begins.
        start: String,
    },
    /// A heading, and nothing after it.
    #[error("the map of {format} has its heading in line {line}, but no output section after it")]
    NoSections {
        /// Whose heading it is.
        format: MapFormat,
        /// The line of the heading.
        line: usize,
    },
    /// The maps of several links, one after the other.
    #[error("the text holds more than one linker's map: a second one begins in line {line}")]
    SeveralMaps {
        /// The line of the second heading.
        line: usize,
    },
    /// A section or object that is not text.
    #[error("line {line} of the map names a section or object that is not UTF-8")]
    NotUtf8 {
        /// The line.
        line: usize,
    },
    /// More text than the indices can count.
    #[error("the map has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// Length of the text in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}
