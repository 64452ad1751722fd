//! Reading text files: reports, saved metadata.

use std::path::Path;

use crate::units::ByteSize;

use super::error::HostError;
use super::file::read_file;

/// The largest text that is read: a report with a row per function of a 30 MB program takes about 10 MiB.
const TEXT_LIMIT: ByteSize = ByteSize::new(256 << 20);

/// Reads a text file.
///
/// # Errors
/// [`HostError`] with the path, where it cannot be read, is too large, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, HostError> {
    let bytes = read_file(path, TEXT_LIMIT)?;
    String::from_utf8(bytes)
        .map_err(|error| HostError::NotUtf8 { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
}

/// True where the file's first bytes are those of a JSON object: a report, no artifact.
#[must_use]
pub fn looks_like_json(path: &Path) -> bool {
    use std::io::Read;
    let Ok(file) = std::fs::File::open(path) else { return false };
    let mut start = Vec::new();
    // What cannot be read is reported by whoever opens it next.
    let _ = file.take(256).read_to_end(&mut start);
    start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}
