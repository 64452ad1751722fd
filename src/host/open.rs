//! Reading what the user named: a deployment zip, a folder, or a bare ELF file. Told apart by content, never by name.

use std::fs;
use std::path::{Path, PathBuf};

use super::HostError;
use super::bytes::{Bytes, file_bytes};
use super::file::{read_file, unreadable};
use super::tree::{TreeFile, read_tree};
use crate::elf::is_elf;
use crate::units::ByteSize;

/// The largest file that is read. Lambda's largest package is 250 MB unzipped (AWS Lambda quotas page), and a program
/// with debug information is a few times its shipped size: 1 GiB leaves room for that and still bounds memory.
pub const FILE_LIMIT: ByteSize = ByteSize::new(1 << 30);

/// Something that can be analysed, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The path that was opened, as it was given.
    pub path: PathBuf,
    /// What is there.
    pub content: ArtifactContent,
}

/// What an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactContent {
    /// The bytes of a zip.
    Zip(Bytes),
    /// The files of an unpacked package, sorted by path.
    Directory(Vec<TreeFile>),
    /// The bytes of an ELF file.
    Elf(Bytes),
}

/// Reads the artifact at `path`.
///
/// # Errors
/// [`HostError`] with the path if nothing is there, it cannot be read, it is empty, too large (see [`FILE_LIMIT`] and
/// [`read_tree`]), or of no kind that Lambda takes.
pub fn open(path: &Path) -> Result<Artifact, HostError> {
    let metadata = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    let content = if metadata.is_dir() {
        ArtifactContent::Directory(read_tree(path)?)
    } else if metadata.is_file() {
        by_content(path, file_bytes(path, FILE_LIMIT)?)?
    } else {
        return Err(HostError::NotARegularFile { path: path.to_owned() });
    };
    Ok(Artifact { path: path.to_owned(), content })
}

/// Reads a linker's map. What is in it is for its reader to judge. It is not mapped: linkers write into the map that is there, and cut it short first.
///
/// # Errors
/// [`HostError`] with the path if it cannot be read, is empty, or larger than [`FILE_LIMIT`].
pub fn open_link_map(path: &Path) -> Result<Bytes, HostError> {
    let metadata = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    if !metadata.is_file() {
        return Err(HostError::NotARegularFile { path: path.to_owned() });
    }
    let bytes = read_file(path, FILE_LIMIT)?;
    if bytes.is_empty() {
        return Err(HostError::Empty { path: path.to_owned() });
    }
    Ok(bytes.into())
}

fn by_content(path: &Path, bytes: Bytes) -> Result<ArtifactContent, HostError> {
    if bytes.is_empty() {
        return Err(HostError::Empty { path: path.to_owned() });
    }
    // ELF first: a program with a zip behind it is a program.
    if is_elf(&bytes) {
        return Ok(ArtifactContent::Elf(bytes));
    }
    if is_zip(&bytes) {
        return Ok(ArtifactContent::Zip(bytes));
    }
    Err(HostError::UnknownFormat { path: path.to_owned() })
}

/// Whether the bytes begin as a zip does, or end with its end record (a zip may have anything before it).
fn is_zip(bytes: &[u8]) -> bool {
    const END_RECORD: usize = 22;
    const LONGEST_COMMENT: usize = 0xffff;
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return true;
    }
    let tail = &bytes[bytes.len().saturating_sub(END_RECORD + LONGEST_COMMENT)..];
    tail.windows(END_RECORD).enumerate().any(|(start, record)| {
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(b"PK\x05\x06") && start + END_RECORD + comment == tail.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(name: &str, bytes: &[u8]) -> Result<ArtifactContent, HostError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        open(&path).map(|artifact| artifact.content)
    }

    #[test]
    fn content_decides_and_names_do_not() {
        let empty_zip = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
        assert_eq!(opened("a.txt", &empty_zip).unwrap(), ArtifactContent::Zip(empty_zip.clone().into()));
        let with_front = [b"#!/bin/sh\n".as_slice(), &empty_zip].concat();
        assert_eq!(opened("b.elf", &with_front).unwrap(), ArtifactContent::Zip(with_front.clone().into()));
        let program_with_zip = [b"\x7fELF".as_slice(), &empty_zip].concat();
        assert_eq!(opened("c.zip", &program_with_zip).unwrap(), ArtifactContent::Elf(program_with_zip.clone().into()));
    }

    #[test]
    fn an_end_record_must_end_the_file() {
        let cut_off = [b"x".as_slice(), b"PK\x05\x06", &[0; 16], &[9, 0]].concat();
        assert!(matches!(opened("a.zip", &cut_off), Err(HostError::UnknownFormat { .. })));
    }

    #[test]
    fn what_cannot_be_used_says_why_and_where() {
        assert!(matches!(opened("a", b""), Err(HostError::Empty { .. })));
        let error = opened("a.zip", b"MZ").unwrap_err().to_string();
        assert!(error.ends_with("a.zip: neither a zip nor an ELF file nor a folder"), "{error}");
        let missing = open(Path::new("/no/such/file")).unwrap_err().to_string();
        assert_eq!(missing, "/no/such/file: no such file or folder");
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        fs::File::create(&path).unwrap().set_len(FILE_LIMIT.get() + 1).unwrap();
        assert!(matches!(open(&path), Err(HostError::TooLarge { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_refused() {
        assert!(matches!(open(Path::new("/dev/zero")), Err(HostError::NotARegularFile { .. })));
    }
}
