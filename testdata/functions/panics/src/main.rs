//! Does what rewrites of unwind tables may break: panics in its handler, catches panics by the thousand, captures backtraces.

use std::backtrace::Backtrace;
use std::hint::black_box;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering};

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

/// One event asks for one of these, or for nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    /// Panic in the handler: the runtime is to report an error and to ask for the next event.
    panic: bool,
    /// Panic and catch it so many times, a value to be dropped in each of four frames on the way.
    catch: u32,
    /// Capture a backtrace.
    backtrace: bool,
}

#[derive(Serialize)]
struct Response {
    /// Panics caught.
    caught: u32,
    /// Values dropped by them.
    dropped: u32,
    /// The backtrace as std prints it.
    backtrace: Option<String>,
}

static DROPPED: AtomicU32 = AtomicU32::new(0);

struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Calls itself `depth` times, each call with a value to drop, then panics.
#[inline(never)]
fn panic_below(depth: u32) -> u32 {
    let dropped = Dropped;
    if black_box(depth) == 0 {
        panic!("as asked");
    }
    let below = panic_below(depth - 1);
    black_box(&dropped);
    below + 1
}

/// A backtrace from `depth` calls further down.
#[inline(never)]
fn backtrace_below(depth: u32) -> String {
    if black_box(depth) == 0 {
        return Backtrace::force_capture().to_string();
    }
    let below = backtrace_below(depth - 1);
    black_box(below)
}

async fn function_handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let request = event.payload;
    if request.panic {
        panic_below(3);
    }
    DROPPED.store(0, Ordering::Relaxed);
    let caught = (0..request.catch)
        .filter(|_| catch_unwind(|| panic_below(3)).is_err())
        .count();
    Ok(Response {
        caught: u32::try_from(caught)?,
        dropped: DROPPED.load(Ordering::Relaxed),
        backtrace: request.backtrace.then(|| backtrace_below(3)),
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(function_handler)).await
}
