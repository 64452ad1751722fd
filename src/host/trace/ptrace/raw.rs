//! The calls of ptrace that nix has no safe name for. The only file of this room with `unsafe` in it.
//!
//! nix knows signals by name, and real-time signals have none: it neither reports nor delivers them, and glibc uses two of them between
//! threads. It lacks `PTRACE_LISTEN` too, without which a stopped program cannot stay stopped.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::libc;
use nix::unistd::Pid;

/// What a traced thread has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// It stopped.
    Stopped {
        /// By which signal.
        signal: i32,
        /// `PTRACE_EVENT_…`; 0 where the signal is about to be delivered, or a system call begins or ends.
        event: i32,
    },
    /// It is no more.
    Ended(ExitStatus),
}

/// Whom to wait for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whom {
    /// Whoever this thread traces. Waits.
    Anyone,
    /// One of them. Does not wait.
    Now(Pid),
}

/// What a wait takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    /// Nothing: the report is there for the next wait too.
    Nothing,
    /// Stops. Ends are not reported.
    Stops,
    /// Ends. Stops are not reported.
    Ends,
}

/// The next report of a thread that this thread traces; `None` where there is none now.
pub(super) fn wait(whom: Whom, taking: Taking) -> io::Result<Option<(Pid, Report)>> {
    let (id_type, id, mut options) = match whom {
        Whom::Anyone => (libc::P_ALL, 0, 0),
        Whom::Now(pid) => (libc::P_PID, pid.as_raw().unsigned_abs(), libc::WNOHANG),
    };
    options |= match taking {
        Taking::Nothing => libc::WSTOPPED | libc::WEXITED | libc::WNOWAIT,
        Taking::Stops => libc::WSTOPPED,
        Taking::Ends => libc::WEXITED,
    };
    // Threads and children of any kind, but none of other threads of this process.
    options |= libc::__WALL | libc::__WNOTHREAD;
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    #[expect(unsafe_code, reason = "see the file's first lines")]
    // SAFETY: `info` is room for what the call writes; all zeros are a `siginfo_t` too, for where it writes nothing.
    // The fields that are read are those of SIGCHLD, the only kind that the call gives; they are numbers, for which every bit pattern is
    // a value.
    let (result, code, pid, status) = unsafe {
        let result = libc::waitid(id_type, id, info.as_mut_ptr(), options);
        let info = info.assume_init();
        (result, info.si_code, info.si_pid(), info.si_status())
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        return Ok(None);
    }
    let report = match code {
        libc::CLD_EXITED => Report::Ended(ExitStatus::from_raw((status & 0xff) << 8)),
        libc::CLD_KILLED => Report::Ended(ExitStatus::from_raw(status & 0x7f)),
        libc::CLD_DUMPED => Report::Ended(ExitStatus::from_raw(status & 0x7f | 0x80)),
        // The event stands above the signal's bits (ptrace(2)).
        _ => Report::Stopped { signal: status & 0xff, event: status >> 8 },
    };
    Ok(Some((Pid::from_raw(pid), report)))
}

/// How a stopped thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward {
    /// It runs. A signal other than 0 is delivered.
    Run(i32),
    /// It runs to the beginning or the end of the next system call.
    ToSystemCall(i32),
    /// It stays stopped, as its program wants it, until a signal continues it.
    StayStopped,
}

/// Lets a stopped thread go on. One that has been killed meanwhile needs no letting.
pub(super) fn go_on(pid: Pid, onward: Onward) {
    let (request, signal) = match onward {
        Onward::Run(signal) => (libc::PTRACE_CONT, signal),
        Onward::ToSystemCall(signal) => (libc::PTRACE_SYSCALL, signal),
        Onward::StayStopped => (libc::PTRACE_LISTEN, 0),
    };
    #[expect(unsafe_code, reason = "see the file's first lines")]
    // SAFETY: these requests read and write no memory of this process: the address is ignored, the data is a signal's number.
    unsafe {
        libc::ptrace(request, pid.as_raw(), std::ptr::null_mut::<libc::c_void>(), i64::from(signal));
    }
}
