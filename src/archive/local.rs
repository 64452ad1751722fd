//! An entry's own header and data, held against what the central directory says of them.

use super::record::{self, Central, Common, DESCRIPTOR_SIGNATURE};
use super::{ArchiveError, path};

/// Size of a data descriptor without its optional signature.
const PLAIN_DESCRIPTOR: usize = 12;

/// Where an entry lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'d> {
    pub(super) data: &'d [u8],
    pub(super) data_offset: usize,
    /// Past the data and its descriptor.
    pub(super) end: usize,
    pub(super) has_data_descriptor: bool,
    pub(super) has_extra_fields: bool,
}

/// Reads the local header at `offset` of the entry that `central` describes, and finds its data before `directory`.
pub(super) fn place<'d>(
    zip: &'d [u8],
    offset: usize,
    directory: usize,
    path: &str,
    central: &Central<'d>,
) -> Result<Placed<'d>, ArchiveError> {
    let past_end = |end: u64| ArchiveError::DataPastEnd { path: path.to_owned(), end, directory: directory as u64 };
    // Nothing of an entry lies in the central directory: what follows is blind to it.
    let before_directory = zip.get(..directory).unwrap_or(zip);
    let (local, data_offset) = record::read_local(before_directory, offset).map_err(|error| match error {
        ArchiveError::Truncated { offset, needed, .. } => past_end(offset.saturating_add(needed.get())),
        other => other,
    })?;
    compare(path, offset, &local, &central.common)?;
    let size = u64::from(central.common.compressed_size);
    let end = data_offset as u64 + size;
    let data_end = usize::try_from(end).ok().filter(|&end| end <= directory).ok_or_else(|| past_end(end))?;
    // `data_offset` was read up to, and `data_end` was held against the directory.
    let data = before_directory.get(data_offset..data_end).ok_or_else(|| past_end(end))?;
    let mut placed = Placed {
        data,
        data_offset,
        end: data_end,
        has_data_descriptor: local.has_data_descriptor(),
        has_extra_fields: !local.extra.is_empty() || !central.common.extra.is_empty(),
    };
    if placed.has_data_descriptor {
        let size = descriptor_size(before_directory, data_end, path, &central.common)?;
        placed.end += size.ok_or_else(|| past_end(end + PLAIN_DESCRIPTOR as u64))?;
    }
    Ok(placed)
}

/// Refuses a local header that disagrees with the central one.
fn compare(name: &str, offset: usize, local: &Common<'_>, central: &Common<'_>) -> Result<(), ArchiveError> {
    if local.name != central.name {
        let local = match path::parse(local.name, offset as u64) {
            Ok(local) => local.path,
            Err(_) => String::from_utf8_lossy(local.name).into_owned(),
        };
        return Err(ArchiveError::LocalNameDiffers { path: name.to_owned(), local, offset: offset as u64 });
    }
    if local.encrypted() {
        return Err(ArchiveError::Encrypted { path: name.to_owned() });
    }
    local.check(name, offset)?;
    // A streaming writer leaves zeros here, and the truth in the descriptor.
    let later = |value: u32| value == 0 && local.has_data_descriptor();
    for (field, central, local, said_later) in [
        ("method", u32::from(central.method), u32::from(local.method), false),
        ("CRC-32", central.crc32, local.crc32, later(local.crc32)),
        ("compressed size", central.compressed_size, local.compressed_size, later(local.compressed_size)),
        ("uncompressed size", central.uncompressed_size, local.uncompressed_size, later(local.uncompressed_size)),
    ] {
        if central != local && !said_later {
            return Err(ArchiveError::LocalFieldDiffers {
                path: name.to_owned(),
                field,
                record: "local header",
                central: u64::from(central),
                local: u64::from(local),
                offset: offset as u64,
            });
        }
    }
    Ok(())
}

/// Size of the data descriptor at `offset`, which must say what the central header says. Its signature is optional. `None` where
/// there is no room for one.
fn descriptor_size(zip: &[u8], offset: usize, path: &str, central: &Common<'_>) -> Result<Option<usize>, ArchiveError> {
    let expected = [
        ("CRC-32", central.crc32),
        ("compressed size", central.compressed_size),
        ("uncompressed size", central.uncompressed_size),
    ];
    let Some(plain) = record::numbers::<3>(zip, offset) else {
        return Ok(None);
    };
    // Tried first, for a checksum may look like a signature.
    if plain == expected.map(|(_, value)| value) {
        return Ok(Some(PLAIN_DESCRIPTOR));
    }
    let (found, size) = match record::numbers::<4>(zip, offset) {
        Some([DESCRIPTOR_SIGNATURE, rest @ ..]) => (rest, PLAIN_DESCRIPTOR + 4),
        _ => (plain, PLAIN_DESCRIPTOR),
    };
    for ((field, central), local) in expected.into_iter().zip(found) {
        if central != local {
            return Err(ArchiveError::LocalFieldDiffers {
                path: path.to_owned(),
                field,
                record: "data descriptor",
                central: u64::from(central),
                local: u64::from(local),
                offset: offset as u64,
            });
        }
    }
    Ok(Some(size))
}
