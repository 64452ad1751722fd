//! Each file of the package in the fewest bytes that Deflate at the asked effort gives. The stream that came in stays where
//! it is not beaten, so that no entry grows.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::archive::{EntryKind, Method, NewEntry};
use crate::deflate::{self, Effort};
use crate::package::ZipData;
use crate::units::ByteSize;

/// A file as it goes into the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlimmedFile<'data> {
    /// Path in the zip.
    pub path: String,
    /// Unix permission bits.
    pub mode: u32,
    /// File, symbolic link or empty folder.
    pub kind: EntryKind,
    /// Its bytes.
    pub contents: Cow<'data, [u8]>,
    /// True where its bytes are not those that came in.
    pub changed: bool,
    /// The stream that it came in, where its bytes did not change.
    pub(super) unchanged: Option<ZipData<'data>>,
}

/// What becomes of streams whose bytes did not change. What changed is compressed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streams {
    /// They stay.
    Kept,
    /// They make way for smaller ones.
    Fresh,
}

/// Compresses all files, in parallel; `done` is called with the size of each file that is finished.
pub(super) fn compress_all<'a>(
    files: &'a [SlimmedFile<'a>],
    streams: Streams,
    effort: Effort,
    done: &(dyn Fn(ByteSize) + Sync),
) -> Vec<NewEntry<'a>> {
    files
        .par_iter()
        .map(|file| {
            let entry = compress(file, streams, effort);
            done(ByteSize::of(&file.contents));
            entry
        })
        .collect()
}

fn compress<'a>(file: &'a SlimmedFile<'a>, streams: Streams, effort: Effort) -> NewEntry<'a> {
    if file.kind != EntryKind::File {
        return NewEntry::stored(file.path.clone(), file.kind, file.mode, Cow::Borrowed(file.contents.as_ref()));
    }
    let kept = file.unchanged.map(|zip| (zip.method, Cow::Borrowed(zip.compressed)));
    let (method, data) = match (kept, streams) {
        (Some(kept), Streams::Kept) => kept,
        (kept, _) => {
            // More effort finds nothing in what is compressed already, and looks for it longest.
            let effort = if deflate::is_dense(&file.contents) { Effort::Fast } else { effort };
            let fresh = match deflate::encode(&file.contents, effort) {
                deflate::Encoded::Deflate(stream) => (Method::Deflate, Cow::Owned(stream)),
                deflate::Encoded::Stored => (Method::Stored, Cow::Borrowed(file.contents.as_ref())),
            };
            kept.filter(|(_, data)| data.len() <= fresh.1.len()).unwrap_or(fresh)
        }
    };
    NewEntry {
        path: file.path.clone(),
        mode: file.mode,
        kind: file.kind,
        crc32: crc32fast::hash(&file.contents),
        uncompressed_size: ByteSize::of(&file.contents),
        method,
        data,
    }
}
