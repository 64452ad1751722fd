//! The bytes of one file, read into memory or mapped from the disk. The only file that names `memmap2`.
//!
//! Programs are tens of megabytes, of which a command touches a part: mapped, they cost no copy, and their pages
//! are the system's to drop. Small files are read: a system call is cheaper than a mapping's page faults. On Windows every file
//! is read, because a file that is mapped there cannot be replaced.

use std::fmt;
use std::fs::File;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use memmap2::{Mmap, MmapOptions};

use super::HostError;
use super::file::{read_open, sized};
use crate::units::ByteSize;

/// Files from this size on are mapped, in bytes.
const MAPPED_FROM: ByteSize = ByteSize::new(1 << 20);

/// Read-only bytes of a file. A clone shares them.
#[derive(Clone)]
pub struct Bytes(Arc<Storage>);

enum Storage {
    Read(Vec<u8>),
    Mapped(Mmap),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &*self.0 {
            Storage::Read(bytes) => bytes,
            Storage::Mapped(map) => map,
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Storage::Read(bytes)))
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match &*self.0 {
            Storage::Read(_) => "read",
            Storage::Mapped(_) => "mapped",
        };
        write!(f, "{} bytes, {how}", self.len())
    }
}

/// The bytes of a regular file of at most `limit`.
pub(super) fn file_bytes(path: &Path, limit: ByteSize) -> Result<Bytes, HostError> {
    let (file, size) = sized(path, limit)?;
    if cfg!(unix)
        && size >= MAPPED_FROM
        && let Some(map) = map(&file, size)
    {
        return Ok(Bytes(Arc::new(Storage::Mapped(map))));
    }
    Ok(read_open(file, size, path, limit)?.into())
}

/// `None` where the file system cannot map: then the file is read.
#[expect(unsafe_code, reason = "mapping a file is unsafe in every crate: others can change the file meanwhile")]
fn map(file: &File, size: ByteSize) -> Option<Mmap> {
    let size = usize::try_from(size.get()).ok()?;
    // SAFETY: nobody may change the file while it is mapped, and no system promises that. It is the bargain that ripgrep and
    // linkers make too. Linkers, cargo and this crate replace a file by a new one of the same name, which leaves the mapped
    // one as it was. Whoever writes into the file instead makes parsers read what they have not checked; they take
    // every range with a check of its own, and what is written is proven against the same bytes once more. Whoever cuts
    // it short ends this process by a signal (SIGBUS): then nothing is written, because results are written whole.
    // Pages come as they are touched: MAP_POPULATE was no faster on a file in the page cache (42 MB: 0.28 s of CPU either
    // way, 0.31 s read), and keeps 30 MiB more in memory. Measured 2026-11-24.
    unsafe { MmapOptions::new().len(size).map(file) }.ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_large_file_and_a_small_one_are_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for size in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1] {
            let written: Vec<u8> = (0_u32..).map(|n| (n % 251) as u8).take(size).collect();
            fs::write(&path, &written).unwrap();
            let bytes = file_bytes(&path, ByteSize::new(2 << 20)).unwrap();
            assert_eq!(*bytes, *written);
            assert_eq!(matches!(&*bytes.0, Storage::Mapped(_)), cfg!(unix) && size >= 1 << 20, "{bytes:?}");
        }
    }

    #[test]
    fn a_file_that_is_replaced_stays_as_it_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![1; 2 << 20]).unwrap();
        let bytes = file_bytes(&path, ByteSize::new(2 << 20)).unwrap();
        super::super::replace(&path, &[2], None).unwrap();
        assert!(bytes.iter().all(|&byte| byte == 1));
        assert_eq!(fs::read(&path).unwrap(), [2]);
    }
}
