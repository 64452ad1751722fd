//! Deployment zips: read with limits, written reproducibly. The only room that names `zip`.
//!
//! [`Archive::parse`] reads the zip itself rather than through a zip crate, because the report needs what those hide (where
//! each byte of the file goes) and because readers of one zip must not differ: whatever two unpackers could read in two
//! ways is refused, with an error that says what and where. [`write()`] makes the plainest zip that holds the files: no extra
//! fields, no host, no clock. [`confirm`] is the judge of what was written: it reads with the `zip` crate.
//!
//! Input is hostile: nothing is allocated on the word of a header alone, and every size is held against [`Limits`].
//! Zip64, encryption, spanning and methods other than stored and Deflate are refused: Lambda's packages need none.

mod entry;
mod error;
mod limits;
mod local;
mod method;
mod path;
mod readback;
mod reader;
mod record;
mod timestamp;
mod usual;
mod writer;

pub use entry::{Entry, EntryKind};
pub use error::ArchiveError;
pub use limits::Limits;
pub use method::Method;
pub use readback::{Expected, ReadbackError, confirm};
pub use reader::Archive;
pub use timestamp::DosTimestamp;
pub use usual::usual_zip_size;
pub use writer::{NewEntry, write};
