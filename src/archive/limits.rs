//! How much a zip may ask of the reader.

use crate::units::ByteSize;

/// How much a zip may ask of the reader. What exceeds a limit is an error before anything is allocated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Sum of the entries' uncompressed sizes.
    pub unpacked_size: ByteSize,
    /// Number of entries, folders included.
    pub entries: usize,
}

impl Limits {
    /// Lambda's quota is 262,144,000 bytes unpacked (AWS Lambda quotas page, read 2026-11-23). Twice that, rounded up to a
    /// power of two, lets a package that is over the quota still be analyzed and slimmed, and keeps memory bounded.
    pub const UNPACKED_SIZE: ByteSize = ByteSize::new(536_870_912);
    /// What the 16-bit count of a zip without zip64 can say (APPNOTE.TXT 6.3.10, 4.4.22).
    pub const ENTRIES: usize = 65_535;
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked_size: Self::UNPACKED_SIZE, entries: Self::ENTRIES }
    }
}
