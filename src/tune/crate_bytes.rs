//! A crate of the baseline with what it costs, as far as experiments ask.

use crate::units::ByteSize;

/// A package of the program and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateBytes {
    /// As cargo's `-p` takes it: the name, with `@version` where there are several.
    pub spec: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Bytes in the program's file.
    pub file: ByteSize,
    /// Bytes that leave the file with it.
    pub retained: Option<ByteSize>,
    /// Bytes in memory when the event was answered, or at the end of init.
    pub touched: Option<ByteSize>,
}
