//! Adding to a file that several processes may add to at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::HostError;

/// Adds `bytes`, whole lines, at the end of `path`, in one write. The file is made where there is none.
///
/// The system puts every such write at the end as it then is, and a lock, where the file system has locks, keeps writers apart even
/// if one takes several writes. What a killed writer left without its line feed gets one first, so that it spoils its own line alone.
///
/// # Errors
/// [`HostError::Unwritable`].
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    let add = || -> io::Result<()> {
        let mut file = File::options().read(true).append(true).create(true).open(path)?;
        // Without locks (some network file systems) the one write has to do.
        let _ = file.lock();
        let mut whole = Vec::with_capacity(bytes.len() + 1);
        if ends_in_mid_line(&mut file)? {
            whole.push(b'\n');
        }
        whole.extend_from_slice(bytes);
        file.write_all(&whole)
    };
    add().map_err(|cause| HostError::Unwritable { path: path.to_owned(), cause })
}

/// A pipe or a device has no end to look at.
fn ends_in_mid_line(file: &mut File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_off_spoils_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        append(&path, b"one\n").unwrap();
        std::fs::write(&path, "one\ntw").unwrap();
        append(&path, b"three\n").unwrap();
        append(&path, b"four\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntw\nthree\nfour\n");
    }

    #[test]
    fn a_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = append(folder.path(), b"x\n").unwrap_err().to_string();
        assert!(error.starts_with(&folder.path().display().to_string()), "{error}");
    }
}
