//! The parser: end record, central directory, local headers, and whether they tell one story.

use super::entry::{Entry, EntryKind};
use super::record::{self, Central, End};
use super::{ArchiveError, Limits, Method, local, path};
use crate::units::ByteSize;

/// Deflate at its best makes 258 bytes of a match of 2 bits, 1032 of each byte: a match length and a distance of one bit each.
const DEFLATE_EXPANSION: u64 = 1032;
/// Longest target of a link that Linux takes (`PATH_MAX`, less its NUL).
const LONGEST_LINK: u64 = 4095;
/// The file type bits of a Unix mode.
const TYPE_MASK: u32 = 0o170_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;
const REGULAR: u32 = 0o100_000;

/// A zip whose headers are sound: names safe and unique, sizes within the limits, data disjoint and inside the file.
#[derive(Debug, Clone)]
pub struct Archive<'d> {
    entries: Vec<Entry<'d>>,
    size: ByteSize,
}

impl<'d> Archive<'d> {
    /// Reads the headers of a zip. No file's data is unpacked, only the targets of symbolic links.
    ///
    /// Bytes before the first entry (a self-extracting program), between entries and in comments are tolerated.
    ///
    /// ```
    /// use lambda_slim::archive::{Archive, DosTimestamp, Limits, write};
    ///
    /// let zip = write(&[], DosTimestamp::default())?;
    /// let archive = Archive::parse(&zip, &Limits::default())?;
    /// assert!(archive.entries().is_empty());
    /// assert_eq!(archive.overhead(), archive.size());
    /// # Ok::<(), lambda_slim::archive::ArchiveError>(())
    /// ```
    ///
    /// # Errors
    /// Where the bytes are no zip, a zip of a kind that Lambda's packages are not (zip64, encrypted, in parts, another method),
    /// a damaged or a hostile one. See [`ArchiveError`].
    pub fn parse(data: &'d [u8], limits: &Limits) -> Result<Self, ArchiveError> {
        let end = End::find(data)?;
        let entry_count = usize::from(end.entries);
        if entry_count > limits.entries {
            return Err(ArchiveError::TooManyEntries { entries: entry_count, limit: limits.entries });
        }
        let directory = Directory::locate(&end)?;
        let mut entries = Vec::new();
        let mut spans = Vec::new();
        let mut unpacked = ByteSize::ZERO;
        for central in directory.headers(data)? {
            let (entry, span) = directory.entry(data, &central)?;
            unpacked += entry.uncompressed_size;
            if unpacked > limits.unpacked_size {
                return Err(ArchiveError::UnpackedTooLarge { path: entry.path, unpacked, limit: limits.unpacked_size });
            }
            spans.push(span);
            entries.push(entry);
        }
        check_overlap(&entries, spans)?;
        // An entry for the root of the package (bsdtar's `./`) unpacks to nothing: its bytes count as overhead.
        entries.retain(|entry| !entry.path.is_empty());
        path::check_tree(entries.iter().map(|entry| (entry.path(), entry.kind == EntryKind::Directory)))?;
        check_links(&entries)?;
        Ok(Self { entries, size: ByteSize::of(data) })
    }

    /// The entries, in the order of the central directory.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'d>] {
        &self.entries
    }

    /// Size of the whole file.
    #[must_use]
    pub const fn size(&self) -> ByteSize {
        self.size
    }

    /// What is not data of an entry: headers, directory, comments, bytes in front and between. With the entries'
    /// compressed sizes it sums to [`Archive::size`].
    #[must_use]
    pub fn overhead(&self) -> ByteSize {
        self.size - self.entries.iter().map(Entry::compressed_size).sum()
    }
}

/// The bytes of the file that an entry takes: local header, data, descriptor.
struct Span {
    start: usize,
    end: usize,
    entry: usize,
}

/// Where the central directory lies.
struct Directory {
    start: usize,
    end: usize,
    entry_count: usize,
    /// Bytes in front of the zip, which its offsets do not count.
    prepended: usize,
}

impl Directory {
    /// The directory ends where the end record starts; what its declared offset lacks was put in front of the zip.
    fn locate(end: &End) -> Result<Self, ArchiveError> {
        let misplaced = || ArchiveError::DirectoryPlace {
            offset: u64::from(end.directory_offset),
            directory_size: ByteSize::new(u64::from(end.directory_size)),
            end: end.offset as u64,
        };
        let start = end.offset.checked_sub(end.directory_size as usize).ok_or_else(misplaced)?;
        let prepended = start.checked_sub(end.directory_offset as usize).ok_or_else(misplaced)?;
        Ok(Self { start, end: end.offset, entry_count: usize::from(end.entries), prepended })
    }

    /// All headers, which must fill the directory exactly.
    fn headers<'d>(&self, data: &'d [u8]) -> Result<Vec<Central<'d>>, ArchiveError> {
        let data = data.get(..self.end).unwrap_or(data);
        let mut headers = Vec::new();
        let mut at = self.start;
        while headers.len() < self.entry_count && at < self.end {
            let (header, after) = Central::read(data, at).map_err(|error| match error {
                ArchiveError::Truncated { offset, needed, .. } => self.wrong_size(offset + needed.get()),
                other => other,
            })?;
            headers.push(header);
            at = after;
        }
        if at != self.end || headers.len() != self.entry_count {
            return Err(self.wrong_size(at as u64));
        }
        Ok(headers)
    }

    fn wrong_size(&self, found: u64) -> ArchiveError {
        ArchiveError::DirectorySize { entries: self.entry_count, expected: self.end as u64, found }
    }

    fn entry<'d>(&self, data: &'d [u8], central: &Central<'d>) -> Result<(Entry<'d>, (usize, usize)), ArchiveError> {
        let name = path::parse(central.common.name, central.offset as u64)?;
        central.check(&name.path)?;
        let kind = kind(&name, central.unix_mode())?;
        let method = method(&name.path, kind, central)?;
        let header_offset = self.prepended.saturating_add(central.local_offset as usize);
        let placed = local::place(data, header_offset, self.start, &name.path, central)?;
        let entry = Entry {
            path: name.path,
            kind,
            method,
            compressed: placed.data,
            uncompressed_size: ByteSize::new(u64::from(central.common.uncompressed_size)),
            crc32: central.common.crc32,
            unix_mode: central.unix_mode().map(|mode| mode & 0o7777),
            header_offset: header_offset as u64,
            data_offset: placed.data_offset as u64,
            version_needed: central.common.version_needed,
            has_data_descriptor: placed.has_data_descriptor,
            has_extra_fields: placed.has_extra_fields,
        };
        Ok((entry, (header_offset, placed.end)))
    }
}

/// What name and mode make of the entry; they must agree.
fn kind(name: &path::Name, mode: Option<u32>) -> Result<EntryKind, ArchiveError> {
    let mode = mode.unwrap_or(0);
    let by_name = if name.folder { "a folder" } else { "no folder" };
    match (mode & TYPE_MASK, name.folder) {
        (0 | FOLDER, true) => Ok(EntryKind::Directory),
        (0 | REGULAR, false) => Ok(EntryKind::File),
        (LINK, false) => Ok(EntryKind::Symlink),
        (FOLDER | REGULAR | LINK, _) => Err(ArchiveError::KindDisagrees { path: name.path.clone(), by_name, mode }),
        _ => Err(ArchiveError::SpecialFile { path: name.path.clone(), mode }),
    }
}

/// The method, with sizes that it allows.
fn method(path: &str, kind: EntryKind, central: &Central<'_>) -> Result<Method, ArchiveError> {
    let path = || path.to_owned();
    let compressed = ByteSize::new(u64::from(central.common.compressed_size));
    let uncompressed = ByteSize::new(u64::from(central.common.uncompressed_size));
    let method = match central.common.method {
        record::STORED if compressed != uncompressed => {
            return Err(ArchiveError::StoredSizesDiffer { path: path(), compressed, uncompressed });
        }
        record::STORED => Method::Stored,
        record::DEFLATE if uncompressed.get() > compressed.get() * DEFLATE_EXPANSION => {
            return Err(ArchiveError::ImpossibleRatio { path: path(), compressed, uncompressed });
        }
        record::DEFLATE => Method::Deflate,
        method => return Err(ArchiveError::UnsupportedMethod { path: path(), method }),
    };
    if kind == EntryKind::Directory && uncompressed > ByteSize::ZERO {
        return Err(ArchiveError::FolderWithContents { path: path(), size: uncompressed });
    }
    Ok(method)
}

/// Refuses entries that share bytes: the way in which small bombs become large ones.
fn check_overlap(entries: &[Entry<'_>], spans: Vec<(usize, usize)>) -> Result<(), ArchiveError> {
    let mut spans: Vec<Span> =
        spans.into_iter().enumerate().map(|(entry, (start, end))| Span { start, end, entry }).collect();
    spans.sort_by_key(|span| (span.start, span.entry));
    let path = |span: &Span| entries.get(span.entry).map(|entry| entry.path.clone()).unwrap_or_default();
    for (before, span) in spans.iter().zip(spans.iter().skip(1)) {
        if span.start < before.end {
            return Err(ArchiveError::Overlap {
                path: path(span),
                offset: span.start as u64,
                other: path(before),
                other_end: before.end as u64,
            });
        }
    }
    Ok(())
}

/// Refuses links that lead out of the package.
fn check_links(entries: &[Entry<'_>]) -> Result<(), ArchiveError> {
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Symlink) {
        let size = entry.uncompressed_size;
        let bad = || ArchiveError::BadLinkTarget { path: entry.path.clone(), size };
        if size.get() > LONGEST_LINK {
            return Err(bad());
        }
        let target = entry.read()?;
        let target = std::str::from_utf8(&target).map_err(|_| bad())?;
        if target.is_empty() || target.contains('\0') {
            return Err(bad());
        }
        if !path::link_stays_inside(&entry.path, target) {
            return Err(ArchiveError::LinkLeavesPackage { path: entry.path.clone(), target: target.to_owned() });
        }
    }
    Ok(())
}
