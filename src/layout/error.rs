//! What is wrong with the text of an order.

/// Why a text is no order. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// It was written by a later version of this program.
    #[error("line {line}: an order of version {version}; this program reads version 1")]
    Version {
        /// The line.
        line: usize,
        /// What it says.
        version: String,
    },
    /// A function stands before the first marker.
    #[error("line {line}: a function before [init] or [first-event]")]
    NoMarker {
        /// The line.
        line: usize,
    },
    /// A marker that means nothing here.
    #[error("line {line}: {marker:?} is neither [init] nor [first-event]")]
    UnknownMarker {
        /// The line.
        line: usize,
        /// The line's text, cut short.
        marker: String,
    },
    /// What version control leaves where two orders were merged.
    #[error("line {line}: the mark of a merge conflict; take either side, or lay out again")]
    MergeConflict {
        /// The line.
        line: usize,
    },
    /// Not the path of a function, alone or with the size and hash of one copy.
    #[error(
        "line {line}: expected a path, or a path, a size and a hash of 8 hex digits with tabs between them: {text:?}"
    )]
    NotAFunction {
        /// The line.
        line: usize,
        /// The line's text, cut short.
        text: String,
    },
    /// More lines than any program has functions.
    #[error("more than {limit} lines")]
    TooLong {
        /// The most that is read.
        limit: usize,
    },
}
