//! Requests of HTTP/1.1 off a connection, and responses onto it. Slow peers are cut off.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::body::{Body, read_body};
use super::head::{Head, Headers, HttpError, read_head};

/// How long a head may take from its first byte to its last.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a body may pause between bytes. A streamed answer comes when the function makes it.
const BODY_PAUSE: Duration = Duration::from_secs(60);

/// How long a peer may leave a response unread.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// A request, whole.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without the query.
    pub(super) path: String,
    headers: Headers,
    pub(super) body: Body,
    /// When its first byte was here.
    pub(super) at: Instant,
    /// Whether another request may follow on the connection.
    pub(super) keep_alive: bool,
}

impl Request {
    /// The value of the header `name`, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: Status,
    pub(super) headers: Vec<(&'static str, String)>,
    /// JSON.
    pub(super) body: Vec<u8>,
}

/// The statuses that this API gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Accepted,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    ContentTooLarge,
    /// The API ends.
    Unavailable,
}

impl Status {
    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::Accepted => "202 Accepted",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::ContentTooLarge => "413 Content Too Large",
            Self::Unavailable => "503 Service Unavailable",
        }
    }
}

/// A stream whose reads keep a deadline.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    /// The end of the time for what is being read.
    until: Option<Instant>,
    /// The longest pause.
    pause: Option<Duration>,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(left.into_iter().chain(self.pause).min())?;
        self.stream.read(buffer)
    }
}

/// One peer.
#[derive(Debug)]
pub(super) struct Connection {
    reader: BufReader<Timed>,
    writer: TcpStream,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        // Answers are small and awaited.
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_TIME))?;
        let writer = stream.try_clone()?;
        Ok(Self { reader: BufReader::new(Timed { stream, until: None, pause: None }), writer })
    }

    /// The next request; `None` once the peer has closed the connection. Waits for its first byte as long as the connection
    /// lives.
    pub(super) fn read(&mut self) -> Result<Option<Request>, HttpError> {
        self.limit(None, None);
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let at = Instant::now();
        self.limit(Some(HEAD_TIME), None);
        let Head { method, path, minor_version, headers } = read_head(&mut self.reader)?;
        self.limit(None, Some(BODY_PAUSE));
        if headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            self.writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = read_body(&mut self.reader, &headers, &path)?;
        let connection = headers.get("connection").unwrap_or_default();
        let keep_alive = minor_version == 1 && !connection.eq_ignore_ascii_case("close");
        Ok(Some(Request { method, path, headers, body, at, keep_alive }))
    }

    pub(super) fn write(&mut self, response: &Response) -> io::Result<()> {
        let Response { status, headers, body } = response;
        let mut bytes = format!("HTTP/1.1 {}\r\nContent-Type: application/json\r\n", status.line());
        for (name, value) in headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        self.writer.write_all(&bytes)
    }

    fn limit(&mut self, time: Option<Duration>, pause: Option<Duration>) {
        let timed = self.reader.get_mut();
        timed.until = time.map(|time| Instant::now() + time);
        timed.pause = pause;
    }
}
