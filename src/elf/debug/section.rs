//! Debug sections as DWARF readers want them: unpacked, under one name, with the place in the file that they came from.
//!
//! A compressed section states its size. It is believed up to [`MAX_UNPACKED`] for all sections together and up to
//! [`MAX_RATIO`] times what is in the file; a section that states more, or whose bytes do not unpack to what it states, reads as
//! empty.

use std::borrow::Cow;
use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, CompressionHeader64};
use object::pod;
use rayon::prelude::*;

use crate::elf::{Image, Section};

/// What all compressed sections of a file may unpack to together: 1 GiB.
const MAX_UNPACKED: u64 = 1 << 30;
/// What each compressed byte may unpack to: 1032, the most that Deflate can do (258 bytes from two bits). zstd could do more, debug
/// information does not: compilers' output packs three- to tenfold.
const MAX_RATIO: u64 = 1032;
const HEADER_SIZE: u64 = size_of::<CompressionHeader64<LE>>() as u64;
/// `.zdebug_*` of older tools: this, then the size in eight bytes, big-endian.
const OLD_MAGIC: &[u8; 4] = b"ZLIB";
const OLD_HEADER_SIZE: u64 = 12;

/// How the bytes of a section lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Zlib,
    Zstd,
}

/// One debug section.
pub(super) struct DebugSection<'data> {
    /// `.debug_…`, also where the file says `.zdebug_…`.
    pub(super) name: String,
    /// The section in the file.
    pub(super) file_range: Range<u64>,
    /// The section in the file without its compression header.
    pub(super) payload: Range<u64>,
    pub(super) packing: Packing,
    /// Unpacked; empty where that failed.
    pub(super) contents: Cow<'data, [u8]>,
}

/// The debug sections of a file, sorted by place.
pub(super) struct DebugSections<'data>(Vec<DebugSection<'data>>);

impl<'data> DebugSections<'data> {
    /// Every debug section of the file.
    pub(super) fn all(image: &Image<'data>) -> Self {
        Self::read(image, |_| true)
    }

    /// The sections of these names (`.debug_…`).
    pub(super) fn named(image: &Image<'data>, names: &[&str]) -> Self {
        Self::read(image, |name| names.contains(&name))
    }

    fn read(image: &Image<'data>, wanted: impl Fn(&str) -> bool) -> Self {
        let mut left = MAX_UNPACKED;
        let found = image.sections().iter().filter(|s| s.is_debug_information() && s.is_in_file());
        let mut plans: Vec<_> = found
            .filter_map(|section| {
                let name = plain_name(&section.name);
                let data = image.bytes(&section.file_range).filter(|_| wanted(&name))?;
                Some((name, section.file_range.clone(), data, Plan::of(section, data, &mut left)))
            })
            .collect();
        plans.sort_by_key(|(_, range, ..)| range.start);
        let unpack = |(name, file_range, data, plan): (String, Range<u64>, &'data [u8], Plan)| {
            let payload = file_range.start + plan.header.min(data.len() as u64)..file_range.end;
            DebugSection { name, file_range, payload, packing: plan.packing, contents: plan.unpack(data) }
        };
        Self(plans.into_par_iter().with_max_len(1).map(unpack).collect())
    }

    /// Contents of the section of this name; empty where there is none. The first of several is the one that other sections
    /// point into.
    pub(super) fn contents(&self, name: &str) -> &[u8] {
        self.0.iter().find(|section| section.name == name).map_or(&[], |section| &section.contents)
    }

    pub(super) fn sections(&self) -> &[DebugSection<'data>] {
        &self.0
    }
}

fn plain_name(name: &str) -> String {
    name.strip_prefix(".zdebug_").map_or_else(|| name.to_owned(), |rest| format!(".debug_{rest}"))
}

/// How to unpack one section, decided for all before any is unpacked.
struct Plan {
    packing: Packing,
    /// Bytes of compression header.
    header: u64,
    /// Size stated, within the limits; `None` is not to be read.
    size: Option<usize>,
}

impl Plan {
    fn of(section: &Section, data: &[u8], left: &mut u64) -> Self {
        let (packing, header, stated) = if section.flags & elf::SHF_COMPRESSED.0 != 0 {
            let header = pod::from_bytes::<CompressionHeader64<LE>>(data).ok().map(|(header, _)| header);
            let packing = match header.map(|header| header.ch_type.get(LE)) {
                Some(elf::ELFCOMPRESS_ZLIB) => Some(Packing::Zlib),
                Some(elf::ELFCOMPRESS_ZSTD) => Some(Packing::Zstd),
                _ => None,
            };
            let stated = packing.and(header).map(|header| header.ch_size.get(LE));
            (packing.unwrap_or(Packing::Zlib), HEADER_SIZE, stated)
        } else if section.name.starts_with(".zdebug_") && data.starts_with(OLD_MAGIC) {
            let size = data.get(OLD_MAGIC.len()..).and_then(|rest| rest.first_chunk::<8>());
            (Packing::Zlib, OLD_HEADER_SIZE, size.map(|bytes| u64::from_be_bytes(*bytes)))
        } else {
            return Self { packing: Packing::Plain, header: 0, size: Some(data.len()) };
        };
        let packed = (data.len() as u64).saturating_sub(header);
        let size = stated.filter(|&size| size <= *left && size <= packed.saturating_mul(MAX_RATIO));
        *left -= size.unwrap_or(0);
        Self { packing, header, size: size.and_then(|size| usize::try_from(size).ok()) }
    }

    fn unpack<'data>(&self, data: &'data [u8]) -> Cow<'data, [u8]> {
        let (Some(size), Some(packed)) = (self.size, data.get(self.header as usize..)) else {
            return Cow::Borrowed(&[]);
        };
        let mut unpacked = match self.packing {
            Packing::Plain => return Cow::Borrowed(data),
            Packing::Zlib | Packing::Zstd => vec![0; size],
        };
        let written = if self.packing == Packing::Zlib {
            libdeflater::Decompressor::new().zlib_decompress(packed, &mut unpacked).ok()
        } else {
            ruzstd::decoding::FrameDecoder::new().decode_all(packed, &mut unpacked).ok()
        };
        if written == Some(size) { Cow::Owned(unpacked) } else { Cow::Borrowed(&[]) }
    }
}
