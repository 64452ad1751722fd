//! As much of HTTP/1.1 as the clients of a Runtime API speak: requests with a length or in chunks, kept-alive connections.

use std::io::{self, BufRead, Read, Write};

/// The most bytes of a body that a test will take: Lambda's own limit on a response is 6 MiB.
const BODY_LIMIT: u64 = 8 << 20;

/// One request as it came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The next request on this connection; `None` once the client has closed it.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(first) = read_line(from)? else { return Ok(None) };
        let mut words = first.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Err(invalid(&format!("not a request line: {first:?}")));
        };
        let (method, path) = (method.to_owned(), path.to_owned());
        let mut request = Self { method, path, headers: Vec::new(), body: Vec::new() };
        while let Some(line) = read_line(from)?.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(|| invalid(&format!("not a header: {line:?}")))?;
            request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        request.body = match (request.header("transfer-encoding"), request.header("content-length")) {
            (Some("chunked"), _) => read_chunks(from)?,
            (_, Some(length)) => {
                let length = length.parse().map_err(|_| invalid(&format!("not a length: {length:?}")))?;
                read_exactly(from, length)?
            }
            (_, None) => Vec::new(),
        };
        Ok(Some(request))
    }

    /// The value of the header `name`, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, with a mark for what is not UTF-8.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Writes a whole response.
pub(crate) fn respond(to: &mut impl Write, status: &str, headers: &[(&str, &str)], body: &str) -> io::Result<()> {
    let mut response =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        response.push_str(&format!("{name}: {value}\r\n"));
    }
    response.push_str("\r\n");
    response.push_str(body);
    to.write_all(response.as_bytes())?;
    to.flush()
}

fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if from.take(64 << 10).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read_exactly(from: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    if length > BODY_LIMIT {
        return Err(invalid(&format!("a body of {length} bytes, more than {BODY_LIMIT}")));
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn read_chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(|_| invalid(&format!("not a chunk: {line:?}")))?;
        if length.saturating_add(body.len() as u64) > BODY_LIMIT {
            return Err(invalid(&format!("chunks of more than {BODY_LIMIT} bytes")));
        }
        body.append(&mut read_exactly(from, length)?);
        // After data an empty line; after the last chunk the trailers, then an empty line.
        while read_line(from)?.is_some_and(|line| !line.is_empty()) {}
        if length == 0 {
            return Ok(body);
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
