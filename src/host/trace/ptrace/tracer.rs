//! The thread that traces a program and everything that it starts, and lets all of them go on as if nobody did.
//!
//! ptrace belongs to a thread: this one alone may ask, and its end is the end of all that it traces (`PTRACE_O_EXITKILL`), so that nothing stays
//! stopped behind it. The program itself is a child of this process, and whoever owns it waits for it: its end is looked at here, and left
//! there. Processes that it starts are not our children; their ends must be taken here before their own parents see them.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;

use super::super::super::launch::{Course, Followed};
use super::raw::{Onward, Report, Taking, Whom, go_on, wait};

/// `PTRACE_EVENT_STOP` (linux/ptrace.h): a new thread stands still, or a stopped program does.
const EVENT_STOP: i32 = 128;

/// What the signal of a system call's stop has on top (`PTRACE_O_TRACESYSGOOD`).
const SYSTEM_CALL: i32 = libc::SIGTRAP | 0x80;

/// Between two looks where the program has ended and others have not.
const TICK: Duration = Duration::from_millis(1);

/// How long those who are left get to end by themselves once everything has been killed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a tracer looks for. Every call is about a thread that stands still.
pub(super) trait Watcher {
    /// How threads run from stop to stop.
    fn onward(&self, signal: i32) -> Onward;
    /// The thread executes another program, whose first instruction is next.
    fn executed(&mut self, thread: Pid);
    /// The thread got a SIGTRAP. True where it is the watcher's doing, and not to be delivered.
    fn trapped(&mut self, thread: Pid) -> bool;
    /// A system call begins or ends.
    fn system_call(&mut self, thread: Pid);
    /// The thread is no more. Its number may be given to another one.
    fn ended(&mut self, thread: Pid);
}

/// Traces the process `leader`, which is a child of this one, on a thread of its own. Gives the system's refusal.
pub(super) fn follow<W: Watcher>(leader: u32, make: impl FnOnce() -> W + Send + 'static) -> io::Result<Followed> {
    let leader = Pid::from_raw(i32::try_from(leader).map_err(io::Error::other)?);
    let course = Arc::new(Course::default());
    let (sender, seized) = channel();
    let thread = thread::Builder::new().name("tracer".to_owned()).spawn({
        let course = Arc::clone(&course);
        move || {
            let options = Options::PTRACE_O_EXITKILL
                | Options::PTRACE_O_TRACESYSGOOD
                | Options::PTRACE_O_TRACEEXEC
                | Options::PTRACE_O_TRACEFORK
                | Options::PTRACE_O_TRACEVFORK
                | Options::PTRACE_O_TRACECLONE;
            let result = ptrace::seize(leader, options);
            let may_trace = result.is_ok();
            // Who asked waits for this.
            let _ = sender.send(result);
            if may_trace {
                Tracer { leader, others: BTreeSet::new(), course, watcher: make() }.run();
            }
        }
    })?;
    match seized.recv() {
        Ok(Ok(())) => Ok(Followed::new(course, thread)),
        Ok(Err(errno)) => Err(errno.into()),
        Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

struct Tracer<W> {
    leader: Pid,
    /// Threads and processes that are not the program's first thread.
    others: BTreeSet<Pid>,
    course: Arc<Course>,
    watcher: W,
}

impl<W: Watcher> Tracer<W> {
    fn run(mut self) {
        loop {
            match wait(Whom::Anyone, Taking::Nothing) {
                Ok(Some((thread, Report::Ended(status)))) if thread == self.leader => {
                    self.course.ended(status);
                    break;
                }
                Ok(Some((thread, report))) => self.take(thread, report),
                Ok(None) => (),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                // Nobody is left, the program's owner has waited for it.
                Err(_) => return,
            }
        }
        self.see_the_others_end();
    }

    /// The program has ended and is not taken: waiting for anyone would give it again and again.
    fn see_the_others_end(&mut self) {
        let mut until = None;
        while !self.others.is_empty() {
            if self.course.is_over() && Instant::now() >= *until.get_or_insert_with(|| Instant::now() + PATIENCE) {
                return;
            }
            let mut is_quiet = true;
            for thread in self.others.clone() {
                match wait(Whom::Now(thread), Taking::Nothing) {
                    Ok(Some((thread, report))) => {
                        is_quiet = false;
                        self.take(thread, report);
                    }
                    Ok(None) => (),
                    Err(_) => self.forget(thread),
                }
            }
            if is_quiet {
                thread::sleep(TICK);
            }
        }
    }

    fn take(&mut self, thread: Pid, report: Report) {
        let taking = match report {
            Report::Stopped { .. } => Taking::Stops,
            Report::Ended(_) => Taking::Ends,
        };
        // It may have been killed since it was seen to stop: then there is nothing of the kind any more, and its end comes next.
        match wait(Whom::Now(thread), taking) {
            Ok(Some((_, Report::Stopped { signal, event }))) => {
                let onward = self.stopped(thread, signal, event);
                go_on(thread, onward);
            }
            Ok(Some((_, Report::Ended(_)))) => self.forget(thread),
            Ok(None) | Err(_) => (),
        }
    }

    fn forget(&mut self, thread: Pid) {
        self.others.remove(&thread);
        self.watcher.ended(thread);
    }

    fn stopped(&mut self, thread: Pid, signal: i32, event: i32) -> Onward {
        if thread != self.leader {
            self.others.insert(thread);
        }
        match event {
            libc::PTRACE_EVENT_EXEC => {
                // A thread that is not the first one takes the first one's number over, and nobody reports the end of its own.
                if let Some(former) = message(thread).filter(|former| *former != thread) {
                    self.forget(former);
                }
                self.watcher.executed(thread);
                self.watcher.onward(0)
            }
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                self.others.extend(message(thread));
                self.watcher.onward(0)
            }
            // A stop of the whole program, as by Ctrl-Z, and not the first stop of a new thread.
            EVENT_STOP if [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU].contains(&signal) => {
                Onward::StayStopped
            }
            0 if signal == SYSTEM_CALL => {
                self.watcher.system_call(thread);
                self.watcher.onward(0)
            }
            0 if signal == libc::SIGTRAP && self.watcher.trapped(thread) => self.watcher.onward(0),
            0 => self.watcher.onward(signal),
            _ => self.watcher.onward(0),
        }
    }
}

/// The number of the process or thread that an event is about.
fn message(thread: Pid) -> Option<Pid> {
    ptrace::getevent(thread).ok().and_then(|number| i32::try_from(number).ok()).map(Pid::from_raw)
}
