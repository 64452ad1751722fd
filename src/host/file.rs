//! Reading whole files, within limits.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::HostError;
use crate::units::ByteSize;

/// Reads a whole regular file, but never more than `limit`, even if it grows meanwhile.
pub(super) fn read_file(path: &Path, limit: ByteSize) -> Result<Vec<u8>, HostError> {
    let (file, size) = sized(path, limit)?;
    read_open(file, size, path, limit)
}

/// Opens a file, with its size, which is at most `limit`.
pub(super) fn sized(path: &Path, limit: ByteSize) -> Result<(File, ByteSize), HostError> {
    let file = File::open(path).map_err(|cause| unreadable(path, cause))?;
    let size = ByteSize::new(file.metadata().map_err(|cause| unreadable(path, cause))?.len());
    if size > limit {
        return Err(HostError::TooLarge { path: path.to_owned(), size, limit });
    }
    Ok((file, size))
}

/// Reads a file that is open already. `size` is what it will probably have.
pub(super) fn read_open(file: File, size: ByteSize, path: &Path, limit: ByteSize) -> Result<Vec<u8>, HostError> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.get()).unwrap_or_default());
    file.take(limit.get().saturating_add(1)).read_to_end(&mut bytes).map_err(|cause| unreadable(path, cause))?;
    let size = ByteSize::of(&bytes);
    if size > limit {
        return Err(HostError::TooLarge { path: path.to_owned(), size, limit });
    }
    Ok(bytes)
}

/// Copies a file with its time, by which cargo compares. One that may not be written to keeps the time of the copy, and cargo compiles once more.
pub(super) fn copy_with_time(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let time = fs::metadata(from).and_then(|metadata| metadata.modified());
    if let (Ok(time), Ok(file)) = (time, File::options().write(true).open(to)) {
        let _ = file.set_modified(time);
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, cause: io::Error) -> HostError {
    let path = path.to_owned();
    match cause.kind() {
        io::ErrorKind::NotFound => HostError::NotFound { path },
        _ => HostError::Unreadable { path, cause },
    }
}
