//! One entry of a zip.

use std::borrow::Cow;

use super::{ArchiveError, Method};
use crate::units::ByteSize;

/// What an entry unpacks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link; its contents are its target.
    Symlink,
}

/// One entry of a zip. Everything here was checked when the archive was parsed, except the contents: see [`Entry::read`].
#[derive(Debug, Clone)]
pub struct Entry<'d> {
    pub(super) path: String,
    pub(super) kind: EntryKind,
    pub(super) method: Method,
    pub(super) compressed: &'d [u8],
    pub(super) uncompressed_size: ByteSize,
    pub(super) crc32: u32,
    pub(super) unix_mode: Option<u32>,
    pub(super) header_offset: u64,
    pub(super) data_offset: u64,
    pub(super) version_needed: u16,
    pub(super) has_data_descriptor: bool,
    pub(super) has_extra_fields: bool,
}

impl<'d> Entry<'d> {
    /// Path inside the package: components joined by `/`, neither `.` nor `..` among them, and no `/` at the end of a folder's.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it unpacks to.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// How its bytes are held.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Its bytes as the zip holds them: a raw Deflate stream, or the contents themselves.
    #[must_use]
    pub const fn compressed(&self) -> &'d [u8] {
        self.compressed
    }

    /// Size of its data in the zip, headers not counted.
    #[must_use]
    pub fn compressed_size(&self) -> ByteSize {
        ByteSize::of(self.compressed)
    }

    /// Size of its contents, as the zip says it. [`Entry::read`] proves it.
    #[must_use]
    pub const fn uncompressed_size(&self) -> ByteSize {
        self.uncompressed_size
    }

    /// CRC-32 of its contents, as the zip says it. [`Entry::read`] proves it.
    #[must_use]
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Permission bits, set-user-id and such included (`0o7777`); `None` where the entry was not made on Unix.
    #[must_use]
    pub const fn unix_mode(&self) -> Option<u32> {
        self.unix_mode
    }

    /// Where its local header starts in the file.
    #[must_use]
    pub const fn header_offset(&self) -> u64 {
        self.header_offset
    }

    /// Where its data starts in the file.
    #[must_use]
    pub const fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Version of the format that an unpacker must know, ten-fold: 20 is 2.0.
    #[must_use]
    pub const fn version_needed(&self) -> u16 {
        self.version_needed
    }

    /// True where its sizes and checksum follow its data, as streaming writers put them.
    #[must_use]
    pub const fn has_data_descriptor(&self) -> bool {
        self.has_data_descriptor
    }

    /// True where one of its headers has extra fields: times, user ids, padding.
    #[must_use]
    pub const fn has_extra_fields(&self) -> bool {
        self.has_extra_fields
    }

    /// Its contents; of a link, the target.
    ///
    /// Allocates exactly the declared size, which was held against the limits and against what Deflate can expand to.
    ///
    /// # Errors
    /// Where the data is no Deflate, unpacks to another size than declared, or has another checksum.
    pub fn read(&self) -> Result<Cow<'d, [u8]>, ArchiveError> {
        let contents = match self.method {
            Method::Stored => Cow::Borrowed(self.compressed),
            Method::Deflate => Cow::Owned(self.inflate()?),
        };
        let found = crc32fast::hash(&contents);
        if found != self.crc32 {
            return Err(ArchiveError::CrcMismatch { path: self.path.clone(), expected: self.crc32, found });
        }
        Ok(contents)
    }

    fn inflate(&self) -> Result<Vec<u8>, ArchiveError> {
        use libdeflater::DecompressionError;
        let wrong_size = || ArchiveError::WrongSize { path: self.path.clone(), expected: self.uncompressed_size };
        let size = usize::try_from(self.uncompressed_size.get()).map_err(|_| wrong_size())?;
        let mut contents = vec![0; size];
        let inflated = libdeflater::Decompressor::new().deflate_decompress(self.compressed, &mut contents);
        match inflated {
            Ok(produced) if produced == size => Ok(contents),
            Ok(_) | Err(DecompressionError::InsufficientSpace) => Err(wrong_size()),
            Err(DecompressionError::BadData) => Err(ArchiveError::InflateFailed { path: self.path.clone() }),
        }
    }
}
