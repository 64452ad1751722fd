//! The plainest zip that holds the files: format 2.0, no extra fields, no descriptors, no comments.
//!
//! The bytes depend on the entries and the timestamp alone: not on the host, the user, the clock or the order given.

use std::borrow::Cow;

use super::record::{
    CENTRAL_SIGNATURE, CENTRAL_SIZE, DEFLATE, END_SIGNATURE, END_SIZE, LOCAL_SIGNATURE, LOCAL_SIZE, STORED, UTF8_FLAG,
};
use super::{ArchiveError, DosTimestamp, EntryKind, Limits, Method, path};
use crate::units::ByteSize;

/// Format version 2.0: folders and Deflate.
const VERSION: u16 = 20;
/// 'Made by' format version 2.0 on Unix, so that the modes are read as modes.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// MS-DOS attribute of a folder, which unpackers without Unix modes look at.
const DOS_FOLDER: u32 = 0x10;

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry<'d> {
    /// Path inside the package, as [`Entry::path`](super::Entry::path) gives it: components joined by `/`, none of them `.` or
    /// `..`, and no `/` at the end.
    pub path: String,
    /// What it unpacks to.
    pub kind: EntryKind,
    /// Permission bits (at most `0o7777`). A link is written as 0777 whatever this says.
    pub mode: u32,
    /// CRC-32 of the contents.
    pub crc32: u32,
    /// Size of the contents.
    pub uncompressed_size: ByteSize,
    /// How `data` holds them. Folders and links are stored.
    pub method: Method,
    /// The contents, as `method` holds them: a raw Deflate stream, or themselves.
    pub data: Cow<'d, [u8]>,
}

impl<'d> NewEntry<'d> {
    /// A file, link or folder whose contents are stored as they are.
    #[must_use]
    pub fn stored(path: impl Into<String>, kind: EntryKind, mode: u32, contents: impl Into<Cow<'d, [u8]>>) -> Self {
        let data = contents.into();
        Self {
            path: path.into(),
            kind,
            mode,
            crc32: crc32fast::hash(&data),
            uncompressed_size: ByteSize::of(&data),
            method: Method::Stored,
            data,
        }
    }

    /// The name in the zip: folders end in `/`.
    fn name(&self) -> Cow<'_, str> {
        match self.kind {
            EntryKind::Directory => Cow::Owned(format!("{}/", self.path)),
            EntryKind::File | EntryKind::Symlink => Cow::Borrowed(&self.path),
        }
    }

    fn external_attributes(&self) -> u32 {
        match self.kind {
            EntryKind::File => (0o100_000 | self.mode) << 16,
            EntryKind::Directory => (0o040_000 | self.mode) << 16 | DOS_FOLDER,
            EntryKind::Symlink => 0o120_777 << 16,
        }
    }
}

/// Writes a zip of `entries`, sorted by name, all of them at `timestamp`.
///
/// ```
/// use lambda_slim::archive::{Archive, DosTimestamp, EntryKind, Limits, NewEntry, write};
///
/// let bootstrap = NewEntry::stored("bootstrap", EntryKind::File, 0o755, &b"\x7fELF"[..]);
/// let zip = write(&[bootstrap], DosTimestamp::default())?;
/// let archive = Archive::parse(&zip, &Limits::default())?;
/// assert_eq!(archive.entries()[0].unix_mode(), Some(0o755));
/// # Ok::<(), lambda_slim::archive::ArchiveError>(())
/// ```
///
/// # Errors
/// Where a path could unpack outside the package, twice, or under a file; where an entry contradicts itself; and where the
/// zip would need zip64: 4 GiB in a file or in all, or more than 65,535 entries.
pub fn write(entries: &[NewEntry<'_>], timestamp: DosTimestamp) -> Result<Vec<u8>, ArchiveError> {
    let entry_count = u16::try_from(entries.len()).map_err(|_| ArchiveError::NeedsZip64 {
        what: "the number of entries".to_owned(),
        value: entries.len() as u64,
        limit: Limits::ENTRIES as u64,
    })?;
    let folder = |entry: &NewEntry<'_>| entry.kind == EntryKind::Directory;
    path::check_tree(entries.iter().map(|entry| (entry.path.as_str(), folder(entry))))?;
    let mut named: Vec<(Cow<'_, str>, &NewEntry<'_>)> = entries.iter().map(|entry| (entry.name(), entry)).collect();
    named.sort_by(|(a, _), (b, _)| a.cmp(b));

    let mut zip = Vec::with_capacity(predicted_size(&named));
    let mut directory = Vec::new();
    for (name, entry) in named {
        let header = header(&name, entry, timestamp)?;
        let offset = narrow(zip.len(), &name)?;
        zip.extend(LOCAL_SIGNATURE.to_le_bytes());
        zip.extend(&header);
        zip.extend([0; 2]); // no extra fields
        zip.extend(name.as_bytes());
        zip.extend(entry.data.iter());

        directory.extend(CENTRAL_SIGNATURE.to_le_bytes());
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&header);
        directory.extend([0; 2 + 2 + 2 + 2]); // no extra fields, no comment, first disk, no internal attributes
        directory.extend(entry.external_attributes().to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let directory_offset = narrow(zip.len(), "the central directory")?;
    let directory_size = narrow(directory.len(), "the central directory")?;
    zip.append(&mut directory);
    zip.extend(END_SIGNATURE.to_le_bytes());
    zip.extend([0; 4]); // one disk
    zip.extend(entry_count.to_le_bytes());
    zip.extend(entry_count.to_le_bytes());
    zip.extend(directory_size.to_le_bytes());
    zip.extend(directory_offset.to_le_bytes());
    zip.extend([0; 2]); // no comment
    Ok(zip)
}

fn predicted_size(named: &[(Cow<'_, str>, &NewEntry<'_>)]) -> usize {
    let sizes = named.iter().map(|(name, entry)| LOCAL_SIZE + CENTRAL_SIZE + 2 * name.len() + entry.data.len());
    sizes.sum::<usize>() + END_SIZE
}

/// What local and central header have in common: from 'version needed' to the size of the name.
fn header(name: &str, entry: &NewEntry<'_>, timestamp: DosTimestamp) -> Result<[u8; 24], ArchiveError> {
    check(name, entry)?;
    let flags = if name.is_ascii() { 0 } else { UTF8_FLAG };
    let method = match entry.method {
        Method::Stored => STORED,
        Method::Deflate => DEFLATE,
    };
    let name_size = u16::try_from(name.len()).map_err(|_| ArchiveError::NeedsZip64 {
        what: format!("the name {name:?}"),
        value: name.len() as u64,
        limit: u64::from(u16::MAX),
    })?;
    let mut header = [0; 24];
    let fields = [
        &VERSION.to_le_bytes()[..],
        &flags.to_le_bytes(),
        &method.to_le_bytes(),
        &timestamp.time().to_le_bytes(),
        &timestamp.date().to_le_bytes(),
        &entry.crc32.to_le_bytes(),
        &narrow(entry.data.len(), name)?.to_le_bytes(),
        &narrow(entry.uncompressed_size.get(), name)?.to_le_bytes(),
        &name_size.to_le_bytes(),
    ];
    header.copy_from_slice(&fields.concat());
    Ok(header)
}

/// Refuses an entry that the reader would refuse, as far as that is seen without unpacking it.
fn check(name: &str, entry: &NewEntry<'_>) -> Result<(), ArchiveError> {
    let path = || entry.path.clone();
    if path::parse(name.as_bytes(), 0)?.path != entry.path || entry.path.is_empty() {
        return Err(ArchiveError::NotNormalPath { path: path() });
    }
    if entry.mode > 0o7777 {
        return Err(ArchiveError::ModeOutOfRange { path: path(), mode: entry.mode });
    }
    let stored = entry.method == Method::Stored;
    if !stored && entry.kind != EntryKind::File {
        return Err(ArchiveError::MethodNotForKind { path: path(), method: entry.method });
    }
    let compressed = ByteSize::of(&entry.data);
    if stored && compressed != entry.uncompressed_size {
        return Err(ArchiveError::StoredSizesDiffer {
            path: path(),
            compressed,
            uncompressed: entry.uncompressed_size,
        });
    }
    if entry.kind == EntryKind::Directory && compressed > ByteSize::ZERO {
        return Err(ArchiveError::FolderWithContents { path: path(), size: compressed });
    }
    Ok(())
}

/// A size or offset as a 32-bit field; the largest number is the marker of zip64.
fn narrow(value: impl TryInto<u64>, what: &str) -> Result<u32, ArchiveError> {
    let limit = u64::from(u32::MAX) - 1;
    let value = value.try_into().unwrap_or(u64::MAX);
    let needs_zip64 = || ArchiveError::NeedsZip64 { what: what.to_owned(), value, limit };
    u32::try_from(value).ok().filter(|&value| u64::from(value) <= limit).ok_or_else(needs_zip64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_zip64_is_refused() {
        let huge = NewEntry {
            uncompressed_size: ByteSize::new(u64::from(u32::MAX)),
            method: Method::Deflate,
            ..NewEntry::stored("a", EntryKind::File, 0o644, vec![3, 0])
        };
        let error = write(&[huge], DosTimestamp::default()).unwrap_err();
        let (what, value, limit) = ("a".to_owned(), 0xffff_ffff, 0xffff_fffe);
        assert_eq!(error, ArchiveError::NeedsZip64 { what, value, limit });

        let many: Vec<_> = (0..65_536).map(|i| NewEntry::stored(format!("{i}"), EntryKind::File, 0, vec![])).collect();
        assert!(matches!(write(&many, DosTimestamp::default()), Err(ArchiveError::NeedsZip64 { value: 65_536, .. })));
        assert!(write(&many[1..], DosTimestamp::default()).is_ok());
    }

    #[test]
    fn what_the_reader_would_refuse_is_not_written() {
        let one = |path: &str, kind, mode, contents: &'static [u8]| {
            write(&[NewEntry::stored(path, kind, mode, contents)], DosTimestamp::default()).unwrap_err()
        };
        let path = || "a".to_owned();
        use EntryKind::{Directory, File};
        assert_eq!(one("", File, 0, b""), ArchiveError::EmptyName { offset: 0 });
        assert_eq!(one("../a", File, 0, b""), ArchiveError::ParentPath { path: "../a".to_owned() });
        assert_eq!(one("./a", File, 0, b""), ArchiveError::NotNormalPath { path: "./a".to_owned() });
        assert_eq!(one("a", File, 0o100_755, b""), ArchiveError::ModeOutOfRange { path: path(), mode: 0o100_755 });
        let size = ByteSize::new(1);
        assert_eq!(one("a", Directory, 0o755, b"x"), ArchiveError::FolderWithContents { path: path(), size });
        let twice = [(); 2].map(|()| NewEntry::stored("a", File, 0, vec![]));
        assert_eq!(write(&twice, DosTimestamp::default()), Err(ArchiveError::DuplicateName { path: path() }));
    }
}
