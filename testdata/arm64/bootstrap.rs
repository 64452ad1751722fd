//! A Lambda runtime with nothing but std: asks for an event, counts its bytes, answers. Fixture for arm64 (see README.md).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

struct Response {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    loop {
        let event = call(&api, "GET", "/2018-06-01/runtime/invocation/next", "")?;
        let id = event.headers.get("lambda-runtime-aws-request-id").ok_or("no request id")?;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        call(&api, "POST", &path, &handle(&event.body))?;
    }
}

/// The function itself: how often each byte occurs, as a JSON object.
fn handle(event: &[u8]) -> String {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for &byte in event {
        *counts.entry(byte).or_default() += 1;
    }
    let fields: Vec<String> = counts.iter().map(|(byte, count)| format!("\"{byte}\":{count}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn call(api: &str, method: &str, path: &str, body: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect(api)?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")?;
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        line.clear();
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(Response { headers, body })
}
