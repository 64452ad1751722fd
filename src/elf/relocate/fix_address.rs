//! A program at a fixed address.

use std::ops::Range;

use super::error::CannotRelocate;
use crate::elf::image::Image;

/// A program at a fixed address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixedProgram {
    /// The program; as long as it was.
    pub file: Vec<u8>,
    /// Ranges of the file that differ: sorted, none touching another.
    pub ranges: Vec<Range<u64>>,
    /// What was added to every address.
    pub base: u64,
    /// Offsets in the file of instructions that took an address relative to themselves, and hold it as a value now.
    pub address_loads: Vec<u64>,
}

/// # Errors
/// [`CannotRelocate`] says what.
pub fn fix_address(_image: &Image<'_>) -> Result<FixedProgram, CannotRelocate> {
    Err(CannotRelocate::FixedAddress)
}
