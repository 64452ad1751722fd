//! Zips made by hand, every field free to lie.

use lambda_slim::archive::{Archive, ArchiveError, Limits};
use lambda_slim::deflate::Effort;
use lambda_slim::units::ByteSize;

/// One entry of a zip made by hand, every field free to lie.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) made_by: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) local_method: Option<u16>,
    pub(crate) crc32: u32,
    pub(crate) local_crc32: Option<u32>,
    pub(crate) compressed_size: Option<u32>,
    pub(crate) local_compressed_size: Option<u32>,
    pub(crate) uncompressed_size: u32,
    pub(crate) local_uncompressed_size: Option<u32>,
    pub(crate) mode: u32,
    pub(crate) extra: Vec<u8>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) disk: u16,
    pub(crate) local_offset: Option<u32>,
    pub(crate) data: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
}

impl Raw {
    pub(crate) fn stored(name: impl AsRef<[u8]>, data: &[u8]) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            local_name: None,
            made_by: 3 << 8 | 20,
            flags: 0,
            method: 0,
            local_method: None,
            crc32: crc32fast::hash(data),
            local_crc32: None,
            compressed_size: None,
            local_compressed_size: None,
            uncompressed_size: data.len() as u32,
            local_uncompressed_size: None,
            mode: 0o100_644,
            extra: vec![],
            local_extra: vec![],
            disk: 0,
            local_offset: None,
            data: data.to_vec(),
            descriptor: vec![],
        }
    }

    pub(crate) fn deflated(name: &str, data: &[u8]) -> Self {
        Self {
            method: 8,
            data: lambda_slim::deflate::compress(data, Effort::Default),
            ..Self::stored(name, data).with_size(data.len() as u32)
        }
    }

    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self { mode: 0o120_777, ..Self::stored(name, target.as_bytes()) }
    }

    pub(crate) fn with_size(self, uncompressed_size: u32) -> Self {
        Self { uncompressed_size, ..self }
    }

    pub(crate) fn compressed_size(&self) -> u32 {
        self.compressed_size.unwrap_or(self.data.len() as u32)
    }
}

/// The end record, every field free to lie.
#[derive(Default)]
pub(crate) struct RawEnd {
    pub(crate) disk: u16,
    pub(crate) entries_here: Option<u16>,
    pub(crate) entries: Option<u16>,
    pub(crate) directory_size: Option<u32>,
    pub(crate) directory_offset: Option<u32>,
    pub(crate) comment: Vec<u8>,
    pub(crate) before: Vec<u8>,
}

pub(crate) fn zip(entries: &[Raw]) -> Vec<u8> {
    zip_with(entries, &RawEnd::default())
}

pub(crate) fn zip_with(entries: &[Raw], end: &RawEnd) -> Vec<u8> {
    let mut zip = vec![];
    let mut directory = vec![];
    for raw in entries {
        let offset = raw.local_offset.unwrap_or(zip.len() as u32);
        let name = raw.local_name.as_ref().unwrap_or(&raw.name);
        let header = |method: u16, crc32: u32, compressed: u32, uncompressed: u32, name: &[u8], extra: &[u8]| {
            let mut header = vec![];
            for field in [20, raw.flags, method, 0, 0x21] {
                header.extend(field.to_le_bytes());
            }
            for field in [crc32, compressed, uncompressed] {
                header.extend(field.to_le_bytes());
            }
            header.extend((name.len() as u16).to_le_bytes());
            header.extend((extra.len() as u16).to_le_bytes());
            header
        };
        zip.extend(b"PK\x03\x04");
        zip.extend(header(
            raw.local_method.unwrap_or(raw.method),
            raw.local_crc32.unwrap_or(raw.crc32),
            raw.local_compressed_size.unwrap_or(raw.compressed_size()),
            raw.local_uncompressed_size.unwrap_or(raw.uncompressed_size),
            name,
            &raw.local_extra,
        ));
        zip.extend(name);
        zip.extend(&raw.local_extra);
        zip.extend(&raw.data);
        zip.extend(&raw.descriptor);

        directory.extend(b"PK\x01\x02");
        directory.extend(raw.made_by.to_le_bytes());
        let (compressed, uncompressed) = (raw.compressed_size(), raw.uncompressed_size);
        directory.extend(header(raw.method, raw.crc32, compressed, uncompressed, &raw.name, &raw.extra));
        directory.extend([0; 2]);
        directory.extend(raw.disk.to_le_bytes());
        directory.extend([0; 2]);
        directory.extend((raw.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&raw.name);
        directory.extend(&raw.extra);
    }
    let directory_offset = end.directory_offset.unwrap_or(zip.len() as u32);
    let directory_size = end.directory_size.unwrap_or(directory.len() as u32);
    zip.extend(directory);
    zip.extend(&end.before);
    zip.extend(b"PK\x05\x06");
    zip.extend(end.disk.to_le_bytes());
    zip.extend([0; 2]);
    zip.extend(end.entries_here.unwrap_or(entries.len() as u16).to_le_bytes());
    zip.extend(end.entries.unwrap_or(entries.len() as u16).to_le_bytes());
    zip.extend(directory_size.to_le_bytes());
    zip.extend(directory_offset.to_le_bytes());
    zip.extend((end.comment.len() as u16).to_le_bytes());
    zip.extend(&end.comment);
    zip
}

pub(crate) fn parse(zip: &[u8]) -> Result<Archive<'_>, ArchiveError> {
    Archive::parse(zip, &Limits::default())
}

#[track_caller]
pub(crate) fn refused(entries: &[Raw], error: ArchiveError) {
    assert_eq!(parse(&zip(entries)).map(|_| ()), Err(error));
}

pub(crate) fn a() -> Raw {
    Raw::stored("a", b"hello")
}

pub(crate) fn s(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn bytes(count: u64) -> ByteSize {
    ByteSize::new(count)
}
