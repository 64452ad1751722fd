//! What a program writes, kept to its end within bounds.

use std::collections::VecDeque;
use std::io::{self, PipeWriter, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How much of the end is kept, in bytes.
const KEPT: usize = 64 << 10;

/// The end of what was written to stdout and stderr, in the order in which it was written, as CloudWatch would show it.
#[derive(Debug)]
pub(super) struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    tail: Mutex<Tail>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Log {
    /// A log, and the end of the pipe that programs write to. It is complete once every copy of that end is closed.
    pub(super) fn open() -> io::Result<(Self, PipeWriter)> {
        let (mut reader, writer) = io::pipe()?;
        let shared = Arc::new(Shared::default());
        let log = Self(Arc::clone(&shared));
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut chunk = [0; 8192];
            // A pipe that breaks has said all that it will say.
            while let Ok(read @ 1..) = reader.read(&mut chunk) {
                shared.lock().keep(chunk.get(..read).unwrap_or_default());
            }
            shared.lock().ended = true;
            shared.ended.notify_all();
        })?;
        Ok((log, writer))
    }

    /// What was written. Waits at most `patience` for the end of it: a process that nobody can find may hold the pipe.
    pub(super) fn text(&self, patience: Duration) -> String {
        let waiting = self.0.ended.wait_timeout_while(self.0.lock(), patience, |tail| !tail.ended);
        let (mut tail, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(tail.bytes.make_contiguous()).into_owned()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let over = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_end_is_kept() {
        let (log, mut writer) = Log::open().unwrap();
        writer.write_all(&vec![b'a'; 3 * KEPT]).unwrap();
        writer.write_all(b"the end").unwrap();
        drop(writer);
        let text = log.text(Duration::from_secs(60));
        assert_eq!(text.len(), KEPT);
        assert!(text.ends_with("aathe end"));
    }

    #[test]
    fn a_pipe_that_stays_open_is_not_waited_for() {
        let (log, writer) = Log::open().unwrap();
        assert_eq!(log.text(Duration::ZERO), "");
        drop(writer);
    }
}
