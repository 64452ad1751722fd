//! What a zip would have had without us: the same files through the `zip` crate with its defaults (Deflate at zlib's level 6), which is how cargo-lambda
//! and most zip tools write them.

use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::ArchiveError;
use crate::units::ByteSize;

/// Size of the usual zip of these files: paths, permission bits and contents.
///
/// # Errors
/// [`ArchiveError::Unwritten`] where the `zip` crate refuses a file.
pub fn usual_zip_size<'a>(files: impl IntoIterator<Item = (&'a str, u32, &'a [u8])>) -> Result<ByteSize, ArchiveError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode, contents) in files {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(mode);
        let unwritten = |cause: io::Error| ArchiveError::Unwritten { path: path.to_owned(), cause: cause.to_string() };
        zip.start_file(path, options).map_err(|error| unwritten(error.into()))?;
        zip.write_all(contents).map_err(unwritten)?;
    }
    let finished =
        zip.finish().map_err(|error| ArchiveError::Unwritten { path: String::new(), cause: error.to_string() })?;
    Ok(ByteSize::of(finished.get_ref()))
}
