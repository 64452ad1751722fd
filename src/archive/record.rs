//! The fixed parts of the zip format (APPNOTE.TXT 6.3.10, section 4.3), field by field.

use super::ArchiveError;
use crate::units::ByteSize;

/// Signatures, as the little-endian numbers that they are.
pub(super) const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
pub(super) const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
pub(super) const END_SIGNATURE: u32 = 0x0605_4b50;
pub(super) const ZIP64_LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
pub(super) const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;
/// Sizes of the records without what varies in them.
pub(super) const LOCAL_SIZE: usize = 30;
pub(super) const CENTRAL_SIZE: usize = 46;
pub(super) const END_SIZE: usize = 22;
pub(super) const ZIP64_LOCATOR_SIZE: usize = 20;
/// What a 32-bit field holds where the true value stands in a zip64 field.
pub(super) const ZIP64_MARKER: u32 = u32::MAX;
/// Extra field ids.
const ZIP64_EXTRA: u16 = 0x0001;
const UNICODE_PATH_EXTRA: u16 = 0x7075;
/// General purpose flags: encrypted, strongly encrypted, central directory encrypted.
const ENCRYPTION_FLAGS: u16 = 1 | 1 << 6 | 1 << 13;
/// General purpose flag: sizes and checksum follow the data.
const DESCRIPTOR_FLAG: u16 = 1 << 3;
/// General purpose flag: the name is UTF-8.
pub(super) const UTF8_FLAG: u16 = 1 << 11;
/// Methods that Lambda reads.
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATE: u16 = 8;
/// Hosts in 'version made by' whose external attributes hold a Unix mode: Unix and OS X.
const UNIX: u16 = 3;
const OS_X: u16 = 19;

/// The name that APPNOTE.TXT 4.4.5 gives a method.
pub(super) const fn method_name(method: u16) -> &'static str {
    match method {
        0 => "stored",
        1 => "shrunk",
        2..=5 => "reduced",
        6 => "imploded",
        8 => "Deflate",
        9 => "Deflate64",
        10 => "DCL imploded",
        12 => "bzip2",
        14 => "LZMA",
        20 | 93 => "Zstandard",
        94 => "MP3",
        95 => "xz",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        99 => "AES encryption",
        _ => "unknown",
    }
}

/// Reads a record's fields one after the other.
pub(super) struct Fields<'d> {
    data: &'d [u8],
    at: usize,
    record: &'static str,
}

impl<'d> Fields<'d> {
    /// The `record` at `offset`, which `signature` must open.
    pub(super) fn open(
        data: &'d [u8],
        offset: usize,
        record: &'static str,
        signature: u32,
    ) -> Result<Self, ArchiveError> {
        let mut fields = Self { data, at: offset, record };
        let found = fields.u32()?;
        if found != signature {
            let offset = offset as u64;
            return Err(ArchiveError::BadSignature { record, offset, found });
        }
        Ok(fields)
    }

    /// Offset of the next field.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'d [u8], ArchiveError> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let Some(bytes) = rest.get(..count) else {
            return Err(ArchiveError::Truncated {
                record: self.record,
                offset: self.at as u64,
                needed: ByteSize::new(count as u64),
                size: ByteSize::of(self.data),
            });
        };
        self.at += count;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let bytes = self.bytes(N)?;
        Ok(bytes.try_into().expect("N bytes were asked for"))
    }

    pub(super) fn u16(&mut self) -> Result<u16, ArchiveError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ArchiveError> {
        self.array().map(u32::from_le_bytes)
    }
}

/// The `N` 32-bit numbers at `offset`; `None` where the data ends first.
pub(super) fn numbers<const N: usize>(data: &[u8], offset: usize) -> Option<[u32; N]> {
    let (fields, _) = data.get(offset..)?.as_chunks::<4>();
    let fields = fields.first_chunk::<N>()?;
    Some(fields.map(u32::from_le_bytes))
}

/// What local and central header both say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common<'d> {
    pub(super) version_needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) compressed_size: u32,
    pub(super) uncompressed_size: u32,
    pub(super) name: &'d [u8],
    pub(super) extra: Extra<'d>,
}

impl Common<'_> {
    pub(super) fn encrypted(&self) -> bool {
        self.flags & ENCRYPTION_FLAGS != 0 || self.method == 99
    }

    pub(super) fn has_data_descriptor(&self) -> bool {
        self.flags & DESCRIPTOR_FLAG != 0
    }

    /// Refuses zip64 markers and fields in the header at `offset`, and extra fields that are no list.
    pub(super) fn check(&self, path: &str, offset: usize) -> Result<(), ArchiveError> {
        let zip64 = |evidence| Err(ArchiveError::Zip64 { evidence, offset: offset as u64 });
        if self.compressed_size == ZIP64_MARKER || self.uncompressed_size == ZIP64_MARKER {
            return zip64("a size of 0xffffffff");
        }
        for field in self.extra.list() {
            let Ok((id, content)) = field else {
                return Err(ArchiveError::BadExtraField { path: path.to_owned(), offset: self.extra.offset as u64 });
            };
            match id {
                ZIP64_EXTRA => return zip64("the zip64 extra field of the header"),
                // Version, checksum of the plain name, then the name that some unpackers prefer.
                UNICODE_PATH_EXTRA if content.get(5..) != Some(self.name) => {
                    let other = String::from_utf8_lossy(content.get(5..).unwrap_or_default()).into_owned();
                    return Err(ArchiveError::TwoNames { path: path.to_owned(), other });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The extra fields of a header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra<'d> {
    bytes: &'d [u8],
    offset: usize,
}

impl<'d> Extra<'d> {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Id and content of each field. Up to three bytes that no field fits in are padding (Android's zipalign leaves them).
    fn list(self) -> impl Iterator<Item = Result<(u16, &'d [u8]), ()>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (&[a, b, c, d], tail) = rest.split_first_chunk()?;
            let id = u16::from_le_bytes([a, b]);
            let size = usize::from(u16::from_le_bytes([c, d]));
            let field = tail.split_at_checked(size);
            rest = field.map_or(&[][..], |(_, after)| after);
            Some(field.map(|(content, _)| (id, content)).ok_or(()))
        })
    }
}

/// A header of the central directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Central<'d> {
    pub(super) common: Common<'d>,
    /// Where the header starts.
    pub(super) offset: usize,
    made_by: u16,
    disk: u16,
    external_attributes: u32,
    /// As the header says it: prepended bytes not counted.
    pub(super) local_offset: u32,
}

impl<'d> Central<'d> {
    /// Reads the header at `offset`; also says where it ends.
    pub(super) fn read(data: &'d [u8], offset: usize) -> Result<(Self, usize), ArchiveError> {
        let mut fields = Fields::open(data, offset, "central directory header", CENTRAL_SIGNATURE)?;
        let made_by = fields.u16()?;
        let (version_needed, flags, method) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let _modified = fields.u32()?;
        let (crc32, compressed_size, uncompressed_size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (name_size, extra_size, comment_size) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let disk = fields.u16()?;
        let _internal_attributes = fields.u16()?;
        let (external_attributes, local_offset) = (fields.u32()?, fields.u32()?);
        let name = fields.bytes(usize::from(name_size))?;
        let extra = Extra { offset: fields.at(), bytes: fields.bytes(usize::from(extra_size))? };
        fields.bytes(usize::from(comment_size))?;
        let common = Common { version_needed, flags, method, crc32, compressed_size, uncompressed_size, name, extra };
        let central = Self { common, offset, made_by, disk, external_attributes, local_offset };
        Ok((central, fields.at()))
    }

    /// Refuses what concerns this header alone.
    pub(super) fn check(&self, path: &str) -> Result<(), ArchiveError> {
        if self.common.encrypted() {
            return Err(ArchiveError::Encrypted { path: path.to_owned() });
        }
        self.common.check(path, self.offset)?;
        if self.local_offset == ZIP64_MARKER || self.disk == u16::MAX {
            let (evidence, offset) = ("an offset of 0xffffffff", self.offset as u64);
            return Err(ArchiveError::Zip64 { evidence, offset });
        }
        if self.disk != 0 {
            return Err(ArchiveError::MultiDisk { disk: self.disk });
        }
        Ok(())
    }

    /// Type and permission bits; `None` where the entry was not made on Unix.
    pub(super) fn unix_mode(&self) -> Option<u32> {
        let host = self.made_by >> 8;
        (host == UNIX || host == OS_X).then_some(self.external_attributes >> 16)
    }
}

/// The header in front of an entry's data. Also says where it ends.
pub(super) fn read_local(data: &[u8], offset: usize) -> Result<(Common<'_>, usize), ArchiveError> {
    let mut fields = Fields::open(data, offset, "local header", LOCAL_SIGNATURE)?;
    let (version_needed, flags, method) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let _modified = fields.u32()?;
    let (crc32, compressed_size, uncompressed_size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (name_size, extra_size) = (fields.u16()?, fields.u16()?);
    let name = fields.bytes(usize::from(name_size))?;
    let extra = Extra { offset: fields.at(), bytes: fields.bytes(usize::from(extra_size))? };
    let common = Common { version_needed, flags, method, crc32, compressed_size, uncompressed_size, name, extra };
    Ok((common, fields.at()))
}

/// The end-of-central-directory record.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Where the record starts.
    pub(super) offset: usize,
    pub(super) entries: u16,
    pub(super) directory_size: u32,
    /// As the record says it: prepended bytes not counted.
    pub(super) directory_offset: u32,
}

impl End {
    /// Finds the last end record that ends, comment included, where the file does.
    pub(super) fn find(data: &[u8]) -> Result<Self, ArchiveError> {
        let size = ByteSize::of(data);
        let longest = END_SIZE + usize::from(u16::MAX);
        let first = data.len().saturating_sub(longest);
        let mut short_of_end = None;
        for offset in (first..=data.len().saturating_sub(END_SIZE)).rev() {
            let Some(record) = data.get(offset..).and_then(<[u8]>::first_chunk::<END_SIZE>) else {
                continue;
            };
            let Some(b"PK\x05\x06") = record.first_chunk() else {
                continue;
            };
            let comment_size = usize::from(u16::from_le_bytes([record[20], record[21]]));
            if offset + END_SIZE + comment_size == data.len() {
                return Self::read(data, offset);
            }
            short_of_end.get_or_insert((offset, offset + END_SIZE + comment_size));
        }
        Err(match short_of_end {
            Some((_, end)) if end < data.len() => ArchiveError::TrailingBytes { end: end as u64, size },
            Some((offset, end)) => ArchiveError::Truncated {
                record: "end-of-central-directory record",
                offset: offset as u64,
                needed: ByteSize::new((end - offset) as u64),
                size,
            },
            None if data.starts_with(b"PK\x03\x04") => ArchiveError::EndMissing { size },
            None => ArchiveError::NotAZip { size },
        })
    }

    fn read(data: &[u8], offset: usize) -> Result<Self, ArchiveError> {
        let mut fields = Fields::open(data, offset, "end-of-central-directory record", END_SIGNATURE)?;
        let (disk, directory_disk) = (fields.u16()?, fields.u16()?);
        let (entries_here, entries) = (fields.u16()?, fields.u16()?);
        let (directory_size, directory_offset) = (fields.u32()?, fields.u32()?);
        let zip64 = |evidence, offset: usize| Err(ArchiveError::Zip64 { evidence, offset: offset as u64 });
        let locator = offset.checked_sub(ZIP64_LOCATOR_SIZE);
        if let Some(locator) = locator
            && Fields::open(data, locator, "zip64 locator", ZIP64_LOCATOR_SIGNATURE).is_ok()
        {
            return zip64("a zip64 end-of-central-directory locator", locator);
        }
        if directory_size == ZIP64_MARKER || directory_offset == ZIP64_MARKER {
            return zip64("0xffffffff in the end-of-central-directory record", offset);
        }
        if disk != 0 || directory_disk != 0 || entries_here != entries {
            return Err(ArchiveError::MultiDisk { disk });
        }
        Ok(Self { offset, entries, directory_size, directory_offset })
    }
}
