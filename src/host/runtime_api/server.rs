//! The API on a port of its own: a thread for each connection, all of which end with it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::call::Call;
use super::connection::{Connection, Response, Status};
use super::head::HttpError;
use super::routes::{answer, answer_too_large, error};
use super::session::{Identity, Invocation, Session, Stage, unix_ms};

/// The most connections at once. A runtime and ten extensions use one or two each.
const CONNECTION_LIMIT: usize = 64;

/// Between two tries where the system has no more handles.
const PAUSE: Duration = Duration::from_millis(10);

/// The API. Ends when dropped, with every connection to it.
#[derive(Debug)]
pub(in crate::host) struct RuntimeApi {
    address: SocketAddr,
    listener: TcpListener,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    session: Session,
    /// Every connection that is open, so that it can be closed from here.
    connections: Mutex<BTreeMap<u64, TcpStream>>,
}

impl RuntimeApi {
    /// Listens at `listener`, which may be in another network than this process. What programs say comes out of the receiver, in the order in
    /// which it was said.
    pub(in crate::host) fn start(identity: Identity, listener: TcpListener) -> io::Result<(Self, Receiver<Call>)> {
        let address = listener.local_addr()?;
        let (sender, receiver) = channel();
        let session = Session::new(identity, sender);
        let shared = Arc::new(Shared { session, connections: Mutex::default() });
        let accepting = thread::Builder::new().name("runtime-api".to_owned()).spawn({
            let (shared, listener) = (Arc::clone(&shared), listener.try_clone()?);
            move || shared.accept(&listener)
        })?;
        Ok((Self { address, listener, shared, accepting: Some(accepting) }, receiver))
    }

    /// Wakes the thread that accepts. Calling it is not enough: it may be in a network that this process is not in.
    #[cfg(target_os = "linux")]
    fn wake(&self) -> io::Result<()> {
        // std has a name for the shutdown of a stream alone; Linux ends a waiting accept by it too.
        let listener = std::os::fd::OwnedFd::from(self.listener.try_clone()?);
        TcpStream::from(listener).shutdown(Shutdown::Both)
    }

    /// Wakes the thread that accepts: somebody calls.
    #[cfg(not(target_os = "linux"))]
    fn wake(&self) -> io::Result<()> {
        TcpStream::connect_timeout(&self.listener.local_addr()?, Duration::from_secs(1)).map(drop)
    }

    /// What goes into `AWS_LAMBDA_RUNTIME_API`.
    pub(in crate::host) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands out an event: to the runtime, and to the extensions that asked to hear of it.
    pub(in crate::host) fn invoke(&self, invocation: Invocation) {
        let event = json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline(invocation.deadline),
            "requestId": invocation.request_id,
            "invokedFunctionArn": self.shared.session.identity.arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
        });
        self.shared.session.change(|state| {
            state.stage = Stage::Waiting(invocation);
            for extension in state.extensions.values_mut().filter(|extension| extension.invoke) {
                extension.events.push_back(event.to_string());
            }
        });
    }

    /// Tells the extensions that asked to hear of it that the environment ends.
    pub(in crate::host) fn shut_down(&self, until: SystemTime) {
        let event = json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": "spindown",
            "deadlineMs": deadline(until),
        });
        self.shared.session.change(|state| {
            for extension in state.extensions.values_mut().filter(|extension| extension.shutdown) {
                extension.events.push_back(event.to_string());
            }
        });
    }
}

/// As a JSON number.
fn deadline(time: SystemTime) -> u64 {
    u64::try_from(unix_ms(time)).unwrap_or(u64::MAX)
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.shared.session.change(|state| state.closed = true);
        // The thread that accepts sits in the kernel until somebody calls.
        let woken = self.wake().is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            // It ends without a panic, or it has nothing left to say.
            let _ = accepting.join();
        }
        // Nobody lets a connection in any more: these are all.
        for stream in self.shared.connections().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for (number, stream) in (0_u64..).zip(listener.incoming()) {
            if self.session.state().closed {
                return;
            }
            let Ok(stream) = stream else {
                thread::sleep(PAUSE);
                continue;
            };
            if let Ok(handle) = stream.try_clone()
                && self.admit(number, handle)
            {
                let shared = Arc::clone(&self);
                let serve = move || {
                    shared.serve(stream);
                    shared.connections().remove(&number);
                };
                if thread::Builder::new().spawn(serve).is_err() {
                    self.connections().remove(&number);
                }
            }
        }
    }

    /// Keeps a connection's handle; false where there are too many, and once the API ends.
    fn admit(&self, number: u64, handle: TcpStream) -> bool {
        let mut connections = self.connections();
        let free = connections.len() < CONNECTION_LIMIT;
        if free {
            connections.insert(number, handle);
        }
        free
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request after the other. A connection that breaks is the peer's to miss.
    fn serve(&self, stream: TcpStream) {
        let Ok(mut connection) = Connection::new(stream) else { return };
        loop {
            let began = Instant::now();
            let (response, goes_on) = match connection.read() {
                Ok(Some(request)) => (answer(&self.session, &request), request.keep_alive),
                Ok(None) | Err(HttpError::Io(_)) => return,
                Err(HttpError::Malformed(why)) => (malformed(why), false),
                Err(refused @ HttpError::TooLarge { .. }) => {
                    let why = refused.to_string();
                    let HttpError::TooLarge { path, .. } = refused else { return };
                    (answer_too_large(&self.session, &path, began, why), false)
                }
            };
            if connection.write(&response).is_err() || !goes_on {
                return;
            }
        }
    }
}

fn malformed(why: &str) -> Response {
    error(Status::BadRequest, "InvalidRequestFormat", why)
}
