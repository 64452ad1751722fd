//! Why an input could not be read to its end. What it says is never an error: records that cannot be read are counted.

use std::io;

use thiserror::Error;

/// Why an input could not be read to its end. Samples before that point were handed over.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogsError {
    /// The source failed.
    #[error("the log cannot be read: {0}")]
    Read(#[source] io::Error),
    /// Begins as gzip does, and is damaged or cut.
    #[error("the log is damaged gzip: {0}")]
    Gzip(#[source] io::Error),
}
