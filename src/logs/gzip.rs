//! Inputs that may be gzip, told by their first bytes and not by their name.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::LogsError;

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 128 * 1024;

type Whole<'r> = Chain<Cursor<Vec<u8>>, &'r mut (dyn Read + Send)>;

/// An input as text: inflated if it is gzip, of one or more members.
pub(super) enum Text<'r> {
    Plain(Whole<'r>),
    Gzip(Box<MultiGzDecoder<BufReader<Whole<'r>>>>),
}

impl<'r> Text<'r> {
    /// Looks at the first two bytes.
    pub(super) fn new(input: &'r mut (dyn Read + Send)) -> Result<Self, LogsError> {
        let mut start = Vec::new();
        input.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(LogsError::Read)?;
        let is_gzip = start == MAGIC;
        let whole = Cursor::new(start).chain(input);
        if is_gzip {
            return Ok(Self::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole)))));
        }
        Ok(Self::Plain(whole))
    }

    /// What an error of reading means.
    pub(super) fn error(&self, error: io::Error) -> LogsError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match self {
            Self::Gzip(_) if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
                LogsError::Gzip(error)
            }
            _ => LogsError::Read(error),
        }
    }
}

impl Read for Text<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(whole) => whole.read(into),
            Self::Gzip(decoder) => decoder.read(into),
        }
    }
}
