//! What can be wrong with a zip. Offsets count from the start of the file, prepended bytes included.

use super::Method;
use crate::units::ByteSize;

/// What is wrong with a zip, or with what was to be written into one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are named for what the message says of them")]
pub enum ArchiveError {
    /// No end-of-central-directory record, and no entry at the start either.
    #[error("not a zip: no end-of-central-directory record in {size} bytes", size = size.get())]
    NotAZip { size: ByteSize },
    /// It starts like a zip, or a record says that it goes on past the end.
    #[error("truncated zip: {record} at offset {offset} needs {needed} bytes, the file has {size}", needed = needed.get(), size = size.get())]
    Truncated { record: &'static str, offset: u64, needed: ByteSize, size: ByteSize },
    /// It starts like a zip, but nothing ends it.
    #[error("truncated zip: it starts with an entry, but {size} bytes hold no end-of-central-directory record", size = size.get())]
    EndMissing { size: ByteSize },
    /// Bytes after the archive comment.
    #[error("the zip ends at offset {end}, but the file has {size} bytes", size = size.get())]
    TrailingBytes { end: u64, size: ByteSize },
    /// Another signature than the record's place calls for.
    #[error("no {record} at offset {offset}: found signature {found:#010x}")]
    BadSignature { record: &'static str, offset: u64, found: u32 },
    /// The central directory is not as long, or does not hold as many entries, as the end record says.
    #[error("the central directory ends at offset {found}, the end record says {expected} after {entries} entries")]
    DirectorySize { entries: usize, expected: u64, found: u64 },
    /// The end record places the central directory after itself.
    #[error("the central directory of {directory_size} bytes at offset {offset} does not fit before its end record at offset {end}", directory_size = directory_size.get())]
    DirectoryPlace { offset: u64, directory_size: ByteSize, end: u64 },
    /// One of several files.
    #[error("a zip in several parts (this is part {disk}) is not supported")]
    MultiDisk { disk: u16 },
    /// Zip64 records, markers or extra fields.
    #[error("zip64 is not supported: {evidence} at offset {offset}")]
    Zip64 { evidence: &'static str, offset: u64 },
    /// More entries than [`Limits`](super::Limits) allow.
    #[error("the zip holds {entries} entries, the limit is {limit}")]
    TooManyEntries { entries: usize, limit: usize },
    /// More to unpack than [`Limits`](super::Limits) allow.
    #[error("the zip unpacks to more than {limit} bytes: {path:?} brings it to {unpacked}", limit = limit.get(), unpacked = unpacked.get())]
    UnpackedTooLarge { path: String, unpacked: ByteSize, limit: ByteSize },
    /// More than Deflate can make of so few bytes.
    #[error("{path:?} claims to hold {uncompressed} bytes in {compressed} of Deflate, which expands 1032-fold at most", uncompressed = uncompressed.get(), compressed = compressed.get())]
    ImpossibleRatio { path: String, compressed: ByteSize, uncompressed: ByteSize },
    /// Encrypted data or headers.
    #[error("{path:?} is encrypted")]
    Encrypted { path: String },
    /// Neither stored nor Deflate.
    #[error("{path:?} uses compression method {method} ({name}), only 0 (stored) and 8 (Deflate) are supported", name = super::record::method_name(*method))]
    UnsupportedMethod { path: String, method: u16 },
    /// An entry without a name.
    #[error("the entry at offset {offset} of the central directory has no name")]
    EmptyName { offset: u64 },
    /// A name that is not text.
    #[error("the name {lossy:?} at offset {offset} of the central directory is not UTF-8")]
    NameNotUtf8 { lossy: String, offset: u64 },
    /// A name with NUL or another control character.
    #[error("{path:?} has the control character U+{character:04X} in its name", character = u32::from(*character))]
    ControlCharacter { path: String, character: char },
    /// A path from the root of the file system, or with a drive letter.
    #[error("{path:?} is an absolute path")]
    AbsolutePath { path: String },
    /// A path with a `..` component.
    #[error("{path:?} has a '..' component")]
    ParentPath { path: String },
    /// A path that only some unpackers take apart.
    #[error("{path:?} has a backslash in its name")]
    BackslashPath { path: String },
    /// A Unicode path extra field that gives the entry another name.
    #[error("{path:?} is called {other:?} in its Unicode path field")]
    TwoNames { path: String, other: String },
    /// Two entries of one name.
    #[error("{path:?} is in the zip twice")]
    DuplicateName { path: String },
    /// A file or link with entries below it.
    #[error("{path:?} is a file, but {inside:?} needs it to be a folder")]
    FileAsFolder { path: String, inside: String },
    /// A name, a mode and contents that do not fit each other.
    #[error("{path:?} is {by_name} by its name, but its mode is {mode:#o}")]
    KindDisagrees { path: String, by_name: &'static str, mode: u32 },
    /// A device, pipe or socket.
    #[error("{path:?} is a device, pipe or socket (mode {mode:#o})")]
    SpecialFile { path: String, mode: u32 },
    /// A folder with contents.
    #[error("the folder {path:?} has {size} bytes of contents", size = size.get())]
    FolderWithContents { path: String, size: ByteSize },
    /// A link to outside the package, or one whose way back up may pass through another link.
    #[error("the symbolic link {path:?} leaves the package: it points to {target:?}")]
    LinkLeavesPackage { path: String, target: String },
    /// A link whose target is empty, too long or not text.
    #[error("the symbolic link {path:?} has no usable target: {size} bytes", size = size.get())]
    BadLinkTarget { path: String, size: ByteSize },
    /// Extra fields that run past their end.
    #[error("an extra field of {path:?} at offset {offset} runs past its end")]
    BadExtraField { path: String, offset: u64 },
    /// Two entries that share bytes of the file.
    #[error("{path:?} at offset {offset} overlaps {other:?}, which ends at {other_end}")]
    Overlap { path: String, offset: u64, other: String, other_end: u64 },
    /// Data or headers of an entry that lie in the central directory, or past the end.
    #[error("{path:?} ends at offset {end}, past the start of the central directory at {directory}")]
    DataPastEnd { path: String, end: u64, directory: u64 },
    /// Local and central header give different names.
    #[error("{path:?} is called {local:?} in its local header at offset {offset}")]
    LocalNameDiffers { path: String, local: String, offset: u64 },
    /// Local header (or data descriptor) and central header differ in a number.
    #[error(
        "{path:?} has {field} {central:#x} in the central directory and {local:#x} in the {record} at offset {offset}"
    )]
    LocalFieldDiffers { path: String, field: &'static str, record: &'static str, central: u64, local: u64, offset: u64 },
    /// A stored entry whose two sizes differ.
    #[error("{path:?} is stored, but has {compressed} bytes of data for {uncompressed}", compressed = compressed.get(), uncompressed = uncompressed.get())]
    StoredSizesDiffer { path: String, compressed: ByteSize, uncompressed: ByteSize },
    /// The contents are not those that the checksum was made of.
    #[error("{path:?} is damaged: its CRC-32 is {found:08x}, the zip says {expected:08x}")]
    CrcMismatch { path: String, expected: u32, found: u32 },
    /// The data is not Deflate.
    #[error("{path:?} is damaged: its data is not valid Deflate")]
    InflateFailed { path: String },
    /// The data holds less or more than the zip says.
    #[error("{path:?} is damaged: its data does not unpack to the {expected} bytes that the zip says", expected = expected.get())]
    WrongSize { path: String, expected: ByteSize },
    /// More than fits without zip64.
    #[error("{what} needs {value}, a zip without zip64 holds {limit}")]
    NeedsZip64 { what: String, value: u64, limit: u64 },
    /// A path to be written that is not in its plain spelling.
    #[error("{path:?} is to be written, but has '.' or empty components")]
    NotNormalPath { path: String },
    /// A folder or link to be written compressed.
    #[error("{path:?} is to be written by method {method:?}, which only files are")]
    MethodNotForKind { path: String, method: Method },
    /// A mode to be written that has more than permission bits.
    #[error("{path:?} is to be written with mode {mode:#o}, which is more than permission bits")]
    ModeOutOfRange { path: String, mode: u32 },
    /// The `zip` crate does not write a file.
    #[error("{path:?} cannot be written as zip tools do: {cause}")]
    Unwritten { path: String, cause: String },
}
