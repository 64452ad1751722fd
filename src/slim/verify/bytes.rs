//! Every loaded byte outside the declared ranges is equal.

use std::ops::Range;

use super::cursor::{difference, merged};
use super::error::VerifyError;
use super::loaded::Loaded;

/// Compares all that is loaded, but for `declared` and `fields` (header fields that are compared by what they say).
/// Hands back the declared ranges in which something does differ, merged.
///
/// # Errors
/// The first byte that differs elsewhere, and declared ranges that nothing loads.
pub(super) fn undeclared_are_equal(
    before: &Loaded<'_>,
    after: &Loaded<'_>,
    declared: &[Range<u64>],
    fields: &[Range<u64>],
) -> Result<Vec<Range<u64>>, VerifyError> {
    let declared = merged(declared.to_vec());
    if let Some(stray) = difference(&declared, before.file_ranges()).first() {
        return Err(VerifyError::NotLoaded { start: stray.start, end: stray.end });
    }
    let fields = merged(fields.to_vec());
    let exempt = merged([declared.clone(), fields.clone()].concat());
    for range in difference(before.file_ranges(), &exempt) {
        if let Some(offset) = first_difference(before, after, &range) {
            return Err(VerifyError::LoadedByte { address: before.address(offset) });
        }
    }
    let compared = difference(&declared, &fields);
    Ok(compared.into_iter().filter(|range| first_difference(before, after, range).is_some()).collect())
}

/// Where the first byte of `range` that differs is in the file.
pub(super) fn first_difference(before: &Loaded<'_>, after: &Loaded<'_>, range: &Range<u64>) -> Option<u64> {
    match (before.file_bytes(range), after.file_bytes(range)) {
        // Comparing slices is many times faster than comparing bytes.
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            let at = old.iter().zip(new).position(|(old, new)| old != new)?;
            Some(range.start + at as u64)
        }
        // The file became so short that what was loaded is cut.
        _ => Some(range.start.max(after.size())),
    }
}
