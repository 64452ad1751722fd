//! The head of a request of HTTP/1, and what comes in its form: trailers. Limited in size.

use std::io::{self, BufRead, Read};

use thiserror::Error;

/// The most bytes of a request line with its headers, or of trailers. Clients of the API send some 500.
const HEAD_LIMIT: u64 = 16 << 10;

/// The most headers, and the most trailers.
const HEADER_LIMIT: usize = 64;

/// Why a request was not taken. The connection is of no use afterwards.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    /// The peer is gone, or too slow.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not HTTP as we know it.
    #[error("{0}")]
    Malformed(&'static str),
    /// A body over the limit.
    #[error("the body has more than {limit} bytes")]
    TooLarge {
        /// The most that is taken.
        limit: u64,
        /// Where it was going, as far as there is anyone to tell.
        path: String,
    },
}

/// Headers or trailers, in the order in which they came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of `name`, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of `name`, in any case.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn of(parsed: &[httparse::Header<'_>]) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
        Self(parsed.iter().map(|header| (header.name.to_owned(), text(header.value))).collect())
    }
}

/// Everything up to the empty line that ends a head or trailers.
fn read_lines(from: &mut impl BufRead) -> Result<Vec<u8>, HttpError> {
    let mut head = Vec::new();
    let mut from = from.take(HEAD_LIMIT);
    loop {
        let line_start = head.len();
        if from.read_until(b'\n', &mut head)? == 0 || !head.ends_with(b"\n") {
            return Err(match from.limit() {
                0 => HttpError::Malformed("more than 16 KiB of headers"),
                _ => HttpError::Malformed("the request ends inside its headers"),
            });
        }
        if matches!(head.get(line_start..), Some(b"\r\n" | b"\n")) {
            return Ok(head);
        }
    }
}

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    /// 1 for HTTP/1.1.
    pub(super) minor_version: u8,
    pub(super) headers: Headers,
}

/// Reads a request line with its headers.
pub(super) fn read_head(from: &mut impl BufRead) -> Result<Head, HttpError> {
    let head = read_lines(from)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut request = httparse::Request::new(&mut headers);
    let complete = request.parse(&head).is_ok_and(|status| status.is_complete());
    let (Some(method), Some(target), Some(version), true) = (request.method, request.path, request.version, complete)
    else {
        return Err(HttpError::Malformed("not a request of HTTP/1"));
    };
    let path = target.split('?').next().unwrap_or(target);
    Ok(Head {
        method: method.to_owned(),
        path: path.to_owned(),
        minor_version: version,
        headers: Headers::of(request.headers),
    })
}

/// Reads trailers, to the empty line that ends them.
pub(super) fn read_trailers(from: &mut impl BufRead) -> Result<Headers, HttpError> {
    let lines = read_lines(from)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    match httparse::parse_headers(&lines, &mut headers) {
        Ok(httparse::Status::Complete((_, headers))) => Ok(Headers::of(headers)),
        _ => Err(HttpError::Malformed("trailers that are no headers")),
    }
}
