//! The body of a request: by its length, or in chunks with trailers.

use std::io::{self, BufRead, Read};

use super::head::{Headers, HttpError, read_trailers};

/// The most bytes of a body. An answer may have 6 MB, a streamed one 200 MB (AWS Lambda quotas page, read 2026-11-24); no check
/// needs to hold more than this of one.
pub(super) const BODY_LIMIT: u64 = 32 << 20;

/// The longest line that announces a chunk, in bytes, with extensions that nobody sends.
const CHUNK_LINE_LIMIT: u64 = 1024;

/// A body, with what came after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    trailers: Headers,
}

impl Body {
    /// The value of the trailer `name`, in any case.
    pub(super) fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers.get(name)
    }
}

/// The body that `headers` announce, of a request for `path`.
pub(super) fn read_body(from: &mut impl BufRead, headers: &Headers, path: &str) -> Result<Body, HttpError> {
    let too_large = || HttpError::TooLarge { limit: BODY_LIMIT, path: path.to_owned() };
    match (headers.get("transfer-encoding"), headers.get("content-length")) {
        // Whoever sends both means one of them, and we cannot know which (RFC 9112, 6.3).
        (Some(_), Some(_)) => Err(HttpError::Malformed("both Transfer-Encoding and Content-Length")),
        (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => chunks(from, too_large),
        (Some(_), None) => Err(HttpError::Malformed("a Transfer-Encoding that is not 'chunked'")),
        (None, Some(length)) => {
            if headers.all("content-length").any(|other| other != length) {
                return Err(HttpError::Malformed("two values of Content-Length"));
            }
            if length.is_empty() || !length.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(HttpError::Malformed("a Content-Length that is no number"));
            }
            let mut bytes = Vec::new();
            // Digits that do not fit are a number all the same: one that is too large.
            append(from, &mut bytes, length.parse().unwrap_or(u64::MAX), too_large)?;
            Ok(Body { bytes, trailers: Headers::default() })
        }
        (None, None) => Ok(Body::default()),
    }
}

fn chunks(from: &mut impl BufRead, too_large: impl Fn() -> HttpError) -> Result<Body, HttpError> {
    let mut bytes = Vec::new();
    loop {
        let length = chunk_length(from)?;
        if length == 0 {
            return Ok(Body { bytes, trailers: read_trailers(from)? });
        }
        append(from, &mut bytes, length, &too_large)?;
        let mut end = [0; 2];
        from.read_exact(&mut end)?;
        if end != *b"\r\n" {
            return Err(HttpError::Malformed("a chunk that is longer than it said"));
        }
    }
}

fn chunk_length(from: &mut impl BufRead) -> Result<u64, HttpError> {
    const MALFORMED: HttpError = HttpError::Malformed("a chunk without a length");
    let mut line = Vec::new();
    from.take(CHUNK_LINE_LIMIT).read_until(b'\n', &mut line)?;
    match httparse::parse_chunk_size(&line) {
        Ok(httparse::Status::Complete((_, length))) if line.first().is_some_and(u8::is_ascii_hexdigit) => Ok(length),
        _ => Err(MALFORMED),
    }
}

/// Appends exactly `length` bytes. Memory grows with what comes, not with what was announced.
fn append(
    from: &mut impl BufRead,
    bytes: &mut Vec<u8>,
    length: u64,
    too_large: impl Fn() -> HttpError,
) -> Result<(), HttpError> {
    let before = bytes.len() as u64;
    if before.checked_add(length).is_none_or(|after| after > BODY_LIMIT) {
        return Err(too_large());
    }
    from.take(length).read_to_end(bytes)?;
    if bytes.len() as u64 - before != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(headers: &[(&str, &str)], mut bytes: &[u8]) -> Result<Body, HttpError> {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = read_trailers(&mut (lines + "\r\n").as_bytes()).unwrap();
        read_body(&mut bytes, &headers, "/")
    }

    const CHUNKED: [(&str, &str); 1] = [("Transfer-Encoding", "chunked")];

    #[test]
    fn chunks_are_joined_and_trailers_kept() {
        let sent = b"5;x=y\r\nhello\r\nA\r\n, world!!\n\r\n0\r\nError-Type: X\r\n\r\nnext";
        let body = body(&CHUNKED, sent).unwrap();
        assert_eq!(body.bytes, b"hello, world!!\n");
        assert_eq!(body.trailer("error-type"), Some("X"));
    }

    #[test]
    fn a_body_ends_where_its_length_says() {
        assert_eq!(body(&[("content-length", "3")], b"abcdef").unwrap().bytes, b"abc");
        assert_eq!(body(&[], b"abcdef").unwrap(), Body::default());
    }

    #[test]
    fn what_cannot_be_told_apart_or_does_not_hold_is_refused() {
        let length = |value| [("Content-Length", value)];
        for value in ["", "-1", "+1", "1,1", "0x1", "1 1"] {
            assert!(matches!(body(&length(value), b"abc"), Err(HttpError::Malformed(_))), "{value:?}");
        }
        let both = [("Content-Length", "1"), ("Transfer-Encoding", "chunked")];
        let two = [("Content-Length", "1"), ("Content-Length", "2")];
        for headers in [&both[..], &two, &[("Transfer-Encoding", "gzip")]] {
            assert!(matches!(body(headers, b"abc"), Err(HttpError::Malformed(_))), "{headers:?}");
        }
        for sent in
            [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"1\r\nab\r\n0\r\n\r\n", b"11111111111111111\r\n", b"0\r\nno\r\n\r\n"]
        {
            assert!(matches!(body(&CHUNKED, sent), Err(HttpError::Malformed(_))), "{sent:?}");
        }
        assert!(matches!(body(&length("4"), b"abc"), Err(HttpError::Io(_))));
        assert!(matches!(body(&CHUNKED, b"4\r\nabc"), Err(HttpError::Io(_))));
    }

    #[test]
    fn one_byte_over_the_limit_is_refused_before_it_is_read() {
        let limit = BODY_LIMIT.to_string();
        let over = (BODY_LIMIT + 1).to_string();
        assert!(matches!(body(&[("Content-Length", &limit)], b""), Err(HttpError::Io(_))));
        for value in [over.as_str(), "99999999999999999999999999"] {
            assert!(matches!(body(&[("Content-Length", value)], b""), Err(HttpError::TooLarge { .. })), "{value}");
        }
        let sent = format!("1\r\na\r\n{BODY_LIMIT:x}\r\n");
        assert!(matches!(body(&CHUNKED, sent.as_bytes()), Err(HttpError::TooLarge { .. })));
    }
}
