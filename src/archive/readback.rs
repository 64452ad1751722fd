//! The judge of a finished zip: the `zip` crate, which had no part in writing it.

use std::io::{Cursor, Read};

use super::{EntryKind, Method};
use crate::units::ByteSize;

/// What a finished zip is meant to hold at one path.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'d> {
    /// Path inside the package, without a `/` at the end.
    pub path: &'d str,
    /// What it unpacks to.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// How its bytes are held.
    pub method: Method,
    /// Its contents; of a link, the target.
    pub contents: &'d [u8],
}

/// How a finished zip differs from what was meant. Every one is a defect of the writer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are named for what the message says of them")]
pub enum ReadbackError {
    /// The `zip` crate does not read it.
    #[error("the finished zip cannot be read back: {reason}")]
    Unreadable { reason: String },
    /// The `zip` crate does not read an entry.
    #[error("{path:?} cannot be read back from the finished zip: {reason}")]
    EntryUnreadable { path: String, reason: String },
    /// It holds more or fewer entries.
    #[error("the finished zip holds {found} entries, {expected} were meant")]
    EntryCount { expected: usize, found: usize },
    /// An entry is not there.
    #[error("{path:?} is not in the finished zip")]
    Missing { path: String },
    /// It is another kind of entry.
    #[error("{path:?} is not the {expected:?} that was meant")]
    Kind { path: String, expected: EntryKind },
    /// Its mode differs.
    #[error("{path:?} has mode {found:?} in the finished zip, {expected:#o} was meant")]
    Mode { path: String, expected: u32, found: Option<u32> },
    /// It is held in another way.
    #[error("{path:?} is held by another method than {expected:?}")]
    Method { path: String, expected: Method },
    /// Its size differs.
    #[error("{path:?} has {found} bytes in the finished zip, {expected} were meant", found = found.get(), expected = expected.get())]
    Size { path: String, expected: ByteSize, found: ByteSize },
    /// Its contents differ.
    #[error("{path:?} has other contents in the finished zip, from byte {offset} on")]
    Contents { path: String, offset: u64 },
}

/// Reads `zip` with the `zip` crate and compares every name, kind, mode, method, size and byte with what was meant. Nothing
/// more than `expected` may be in it.
///
/// # Errors
/// At the first difference, in the order of `expected`.
pub fn confirm(zip: &[u8], expected: &[Expected<'_>]) -> Result<(), ReadbackError> {
    let unreadable = |error: zip::result::ZipError| ReadbackError::Unreadable { reason: error.to_string() };
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    archive.validate_header_consistency().map_err(unreadable)?;
    if archive.len() != expected.len() {
        return Err(ReadbackError::EntryCount { expected: expected.len(), found: archive.len() });
    }
    expected.iter().try_for_each(|entry| confirm_entry(&mut archive, entry))
}

fn confirm_entry(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, expected: &Expected<'_>) -> Result<(), ReadbackError> {
    let path = || expected.path.to_owned();
    let unreadable = |reason: String| ReadbackError::EntryUnreadable { path: path(), reason };
    let name = match expected.kind {
        EntryKind::Directory => format!("{}/", expected.path),
        EntryKind::File | EntryKind::Symlink => path(),
    };
    let mut entry = archive.by_name(&name).map_err(|error| match error {
        zip::result::ZipError::FileNotFound => ReadbackError::Missing { path: path() },
        error => unreadable(error.to_string()),
    })?;
    let kind = match (entry.is_dir(), entry.is_symlink()) {
        (true, _) => EntryKind::Directory,
        (false, true) => EntryKind::Symlink,
        (false, false) => EntryKind::File,
    };
    if kind != expected.kind {
        return Err(ReadbackError::Kind { path: path(), expected: expected.kind });
    }
    let found = entry.unix_mode().map(|mode| mode & 0o7777);
    if found != Some(expected.mode) {
        return Err(ReadbackError::Mode { path: path(), expected: expected.mode, found });
    }
    let method = match entry.compression() {
        zip::CompressionMethod::Stored => Some(Method::Stored),
        zip::CompressionMethod::Deflated => Some(Method::Deflate),
        _ => None,
    };
    if method != Some(expected.method) {
        return Err(ReadbackError::Method { path: path(), expected: expected.method });
    }
    let (expected_size, found) = (ByteSize::of(expected.contents), ByteSize::new(entry.size()));
    if found != expected_size {
        return Err(ReadbackError::Size { path: path(), expected: expected_size, found });
    }
    let mut contents = Vec::with_capacity(expected.contents.len());
    let limit = expected_size.get() + 1;
    // Reading to the end also makes the crate check the checksum.
    Read::take(&mut entry, limit).read_to_end(&mut contents).map_err(|error| unreadable(error.to_string()))?;
    let differs = expected.contents.iter().zip(&contents).position(|(meant, found)| meant != found);
    let shorter = contents.len().min(expected.contents.len());
    if differs.is_some() || contents.len() != expected.contents.len() {
        return Err(ReadbackError::Contents { path: path(), offset: differs.unwrap_or(shorter) as u64 });
    }
    Ok(())
}
