//! Programs that somebody follows from before their first instruction.

use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Begins to follow the process with this number, which waits to become a program that is unpacked in this folder.
pub(in crate::host) type Follow<'a> = dyn Fn(u32, &Path) -> io::Result<Followed> + 'a;

/// How the programs of a start are followed.
pub(in crate::host) struct Following<'a> {
    /// Begins to.
    pub(in crate::host) follow: &'a Follow<'a>,
    /// Where names are looked up in a network of the programs' own; otherwise nobody answers there.
    #[cfg(target_os = "linux")]
    pub(in crate::host) names: Option<std::sync::Arc<super::names::Names>>,
}

/// What the follower's thread and the program's owner say to each other.
#[derive(Debug, Default)]
pub(in crate::host) struct Course {
    ending: Mutex<Option<ExitStatus>>,
    over: AtomicBool,
}

impl Course {
    /// From the follower: this is how the program ended. It is not waited for yet: its number stays its own.
    pub(in crate::host) fn ended(&self, status: ExitStatus) {
        *self.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
    }

    /// From the owner: the program is killed, and what is left of it need not be followed.
    pub(in crate::host) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// A thread that follows a program and all that it starts. Only that thread waits for it: a traced process shows its stops to every thread of
/// this process that waits for it, and whoever takes one that is not his leaves it stopped for ever.
#[derive(Debug)]
pub(in crate::host) struct Followed {
    course: Arc<Course>,
    thread: Option<JoinHandle<()>>,
}

impl Followed {
    pub(in crate::host) fn new(course: Arc<Course>, thread: JoinHandle<()>) -> Self {
        Self { course, thread: Some(thread) }
    }

    /// How the program ended, if it has.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        *self.course.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread has let go of the program, which has been killed.
    pub(super) fn let_go(&mut self) {
        self.course.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It ends without a panic, or it has nothing left to say.
            let _ = thread.join();
        }
    }
}
