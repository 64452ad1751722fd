//! String tables.

use std::ffi::CStr;

/// No mangled name comes near this size.
const MAX_NAME_SIZE: usize = 64 * 1024;

/// How many times its string table all names together may be: linkers merge equal names and suffixes, which stays far below.
const MAX_NAME_SHARING: usize = 4;
/// Bytes of names that each entry may have besides: arm64 has many `$x` and `$d`, each stored once.
const NAME_SHARE_PER_ENTRY: usize = 64;

/// How many bytes the names of one table may have together. Names may share bytes, but a table in which each of many entries
/// names the same long string is an attack on our time and memory.
pub(super) struct NameBudget(usize);

impl NameBudget {
    pub(super) fn new(strings: &[u8], entries: usize) -> Self {
        let shared = strings.len().saturating_mul(MAX_NAME_SHARING);
        Self(shared.saturating_add(entries.saturating_mul(NAME_SHARE_PER_ENTRY)).saturating_add(MAX_NAME_SIZE))
    }

    /// `None` where it is used up.
    pub(super) fn spend(&mut self, name: &str) -> Option<()> {
        self.0 = self.0.checked_sub(name.len())?;
        Some(())
    }
}

/// The zero-terminated string at `start`; `None` where it leaves the table or is longer than 64 KiB. Not UTF-8 is empty: such a
/// name tells us nothing.
pub(super) fn name_at(names: &[u8], start: usize) -> Option<&str> {
    let rest = names.get(start..)?;
    let rest = rest.get(..MAX_NAME_SIZE).unwrap_or(rest);
    Some(CStr::from_bytes_until_nul(rest).ok()?.to_str().unwrap_or(""))
}
