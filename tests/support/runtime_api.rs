//! The part of the Lambda Runtime and Extensions APIs that a test needs, on a free port of the loopback interface.
//!
//! Sources: AWS Lambda developer guide, 'Using the Lambda runtime API for custom runtimes' (2018-06-01) and 'Using the
//! Lambda Extensions API' (2020-01-01). Written apart from `host/runtime_api`, so that one can be judged by the other.

use std::collections::VecDeque;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{self, Request};
use super::process::Process;

const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
const EXTENSION_ID: &str = "2f1a7c3e-5b1d-4a0e-9a52-0d6a5c9e7b10";

/// What a program asked of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// Waits for an invocation: the program is initialised.
    Next,
    /// Answered the invocation.
    Response { body: String },
    /// Answered the invocation with an error.
    InvocationError { body: String },
    /// Failed before it asked for an invocation.
    InitError { body: String },
    /// Registered as extension `name`, for the events that `body` lists.
    Register { name: String, body: String },
    /// Waits for an extension event: the extension is initialised.
    EventNext,
    /// Something that this API does not have.
    Unknown { request: String },
}

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Whether the program asked for an invocation at all, that is, got through its initialisation.
    pub(crate) asked_for_next: bool,
    /// What the handler answered.
    pub(crate) body: String,
}

/// A running API. Stops, with all its connections, when dropped.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    calls: Receiver<Call>,
    shared: Arc<Shared>,
}

struct Shared {
    // Each is taken by the first program that asks.
    invocations: Mutex<VecDeque<String>>,
    extension_event: Mutex<Option<String>>,
    // `None` once the API has stopped. Clones of the streams that the connection threads read.
    connections: Mutex<Option<Vec<TcpStream>>>,
}

impl RuntimeApi {
    /// Starts an API that has one event to give; whoever asks again waits for ever, as in a function without traffic.
    pub(crate) fn start(event: &str) -> io::Result<Self> {
        Self::start_with(&[event])
    }

    /// The same with several, one after the other.
    pub(crate) fn start_with(events: &[&str]) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let (sender, calls) = channel();
        let shared = Arc::new(Shared {
            invocations: Mutex::new(events.iter().map(|&event| event.to_owned()).collect()),
            extension_event: Mutex::new(Some(extension_event())),
            connections: Mutex::new(Some(Vec::new())),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Some(reader) = accepting.keep(&stream) else { return };
                let (shared, sender) = (Arc::clone(&accepting), sender.clone());
                // A connection ends with an error when the program is killed: nothing to report.
                thread::spawn(move || shared.serve(reader, stream, &sender));
            }
        });
        Ok(Self { address, calls, shared })
    }

    /// Where programs find it: the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next call of any program; an error that shows `process`'s output if it ends or `deadline` passes first.
    pub(crate) fn next_call(&self, process: &mut Process, deadline: Instant) -> Result<Call, String> {
        loop {
            let ended = process.exit_status();
            match self.calls.recv_timeout(Duration::from_millis(20)) {
                Ok(call) => return Ok(call),
                Err(RecvTimeoutError::Disconnected) => return Err("the API has stopped".to_owned()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = ended {
                return Err(format!("the program ended with {status}; it wrote:\n{}", process.output()));
            }
            if Instant::now() >= deadline {
                process.kill();
                return Err(format!("no call within the time given; the program wrote:\n{}", process.output()));
            }
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        let connections = lock(&self.shared.connections).take();
        for stream in connections.into_iter().flatten() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the accepting thread, which then sees that the API has stopped.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn keep(&self, stream: &TcpStream) -> Option<TcpStream> {
        let clone = stream.try_clone().ok()?;
        lock(&self.connections).as_mut()?.push(stream.try_clone().ok()?);
        Some(clone)
    }

    fn serve(&self, reader: TcpStream, mut writer: TcpStream, calls: &Sender<Call>) -> io::Result<()> {
        let mut reader = BufReader::new(reader);
        while let Some(request) = Request::read(&mut reader)? {
            let call = call_of(&request);
            // No one listens any more once the test has what it wanted.
            let _ = calls.send(call.clone());
            match call {
                Call::Next => match lock(&self.invocations).pop_front() {
                    Some(event) => http::respond(&mut writer, "200 OK", &invocation_headers(), &event)?,
                    None => continue,
                },
                Call::EventNext => match lock(&self.extension_event).take() {
                    Some(event) => {
                        http::respond(
                            &mut writer,
                            "200 OK",
                            &[("Lambda-Extension-Event-Identifier", REQUEST_ID)],
                            &event,
                        )?;
                    }
                    None => continue,
                },
                Call::Register { .. } => {
                    let body = r#"{"functionName":"test-function","functionVersion":"$LATEST","handler":"bootstrap","accountId":"123456789012"}"#;
                    http::respond(&mut writer, "200 OK", &[("Lambda-Extension-Identifier", EXTENSION_ID)], body)?;
                }
                Call::Response { .. } | Call::InvocationError { .. } | Call::InitError { .. } => {
                    http::respond(&mut writer, "202 Accepted", &[], r#"{"status":"OK"}"#)?;
                }
                Call::Unknown { .. } => http::respond(&mut writer, "404 Not Found", &[], "{}")?,
            }
        }
        Ok(())
    }
}

/// Starts `bootstrap`, gives it `event`, and returns what it answers. The program is ended before this returns.
///
/// An error says what the program did instead (ended, failed to initialise, took longer than `timeout`) and what it wrote.
pub(crate) fn invoke(bootstrap: &Path, event: &str, timeout: Duration) -> Result<Reply, String> {
    let deadline = Instant::now() + timeout;
    let api = RuntimeApi::start(event).map_err(|error| format!("no port for the Runtime API: {error}"))?;
    let mut process = Process::start(bootstrap, api.address())?;
    let mut asked_for_next = false;
    loop {
        match api.next_call(&mut process, deadline)? {
            Call::Next => asked_for_next = true,
            Call::Response { body } => return Ok(Reply { asked_for_next, body }),
            other => return Err(format!("instead of answering, the program called {other:?}")),
        }
    }
}

/// Starts `bootstrap`, gives it `event`, and returns its first `count` calls, which the wait for an event begins. The program is
/// ended before this returns.
///
/// An error says what the program did instead (ended, took longer than `timeout`) and what it wrote.
pub(crate) fn calls(bootstrap: &Path, event: &str, count: usize, timeout: Duration) -> Result<Vec<Call>, String> {
    let deadline = Instant::now() + timeout;
    let api = RuntimeApi::start(event).map_err(|error| format!("no port for the Runtime API: {error}"))?;
    let mut process = Process::start(bootstrap, api.address())?;
    (0..count).map(|_| api.next_call(&mut process, deadline)).collect()
}

/// Starts `extension` and returns the calls it makes until it has handled one event and waits for the next.
pub(crate) fn run_extension(extension: &Path, timeout: Duration) -> Result<Vec<Call>, String> {
    let deadline = Instant::now() + timeout;
    let api = RuntimeApi::start("{}").map_err(|error| format!("no port for the Extensions API: {error}"))?;
    let mut process = Process::start(extension, api.address())?;
    let mut calls = Vec::new();
    while calls.iter().filter(|&call| *call == Call::EventNext).count() < 2 {
        calls.push(api.next_call(&mut process, deadline)?);
    }
    Ok(calls)
}

fn call_of(request: &Request) -> Call {
    let body = request.text();
    let path: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => Call::Next,
        ("POST", ["2018-06-01", "runtime", "invocation", REQUEST_ID, "response"]) => Call::Response { body },
        ("POST", ["2018-06-01", "runtime", "invocation", REQUEST_ID, "error"]) => Call::InvocationError { body },
        ("POST", ["2018-06-01", "runtime", "init", "error"]) => Call::InitError { body },
        ("POST", ["2020-01-01", "extension", "register"]) => {
            Call::Register { name: request.header("lambda-extension-name").unwrap_or_default().to_owned(), body }
        }
        ("GET", ["2020-01-01", "extension", "event", "next"])
            if request.header("lambda-extension-identifier") == Some(EXTENSION_ID) =>
        {
            Call::EventNext
        }
        (method, _) => Call::Unknown { request: format!("{method} {}", request.path) },
    }
}

fn invocation_headers() -> [(&'static str, &'static str); 4] {
    [
        ("Lambda-Runtime-Aws-Request-Id", REQUEST_ID),
        // Far in the future: no test is to depend on the clock.
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:test-function"),
        ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ]
}

fn extension_event() -> String {
    format!(
        r#"{{"eventType":"INVOKE","deadlineMs":4102444800000,"requestId":"{REQUEST_ID}","invokedFunctionArn":"arn:aws:lambda:eu-west-1:123456789012:function:test-function","tracing":{{"type":"X-Amzn-Trace-Id","value":"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"}}}}"#
    )
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
