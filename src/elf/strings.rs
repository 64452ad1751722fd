//! String tables.

use std::ffi::CStr;

/// No mangled name comes near this size.
pub(super) const MAX_NAME_SIZE: usize = 64 * 1024;

/// The zero-terminated string at `start`; `None` where it leaves the table or is longer than 64 KiB. Not UTF-8 is empty: such a
/// name tells us nothing.
pub(super) fn name_at(names: &[u8], start: usize) -> Option<&str> {
    let rest = names.get(start..)?;
    let rest = rest.get(..MAX_NAME_SIZE).unwrap_or(rest);
    Some(CStr::from_bytes_until_nul(rest).ok()?.to_str().unwrap_or(""))
}
