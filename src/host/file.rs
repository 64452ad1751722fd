//! Reading whole files, within limits.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::HostError;
use crate::units::ByteSize;

/// Reads a whole regular file, but never more than `limit`, even if it grows meanwhile.
pub(super) fn read_file(path: &Path, limit: ByteSize) -> Result<Vec<u8>, HostError> {
    let file = File::open(path).map_err(|cause| unreadable(path, cause))?;
    let size = file.metadata().map_err(|cause| unreadable(path, cause))?.len();
    let too_large = |size: u64| HostError::TooLarge { path: path.to_owned(), size: ByteSize::new(size), limit };
    if size > limit.get() {
        return Err(too_large(size));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(limit.get().saturating_add(1)).read_to_end(&mut bytes).map_err(|cause| unreadable(path, cause))?;
    let read = ByteSize::of(&bytes).get();
    if read > limit.get() {
        return Err(too_large(read));
    }
    Ok(bytes)
}

pub(super) fn unreadable(path: &Path, cause: io::Error) -> HostError {
    let path = path.to_owned();
    match cause.kind() {
        io::ErrorKind::NotFound => HostError::NotFound { path },
        _ => HostError::Unreadable { path, cause },
    }
}
