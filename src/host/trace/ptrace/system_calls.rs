//! System calls that wait: begun, and ended, thread by thread.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use nix::errno::Errno;
use nix::libc;
use nix::unistd::Pid;

use super::super::super::launch::{Names, Question};
use super::super::waits::WaitKind;
use super::arch::{SystemCall, result, system_call};
use super::diary::{Diary, Place, SHORTEST};
use super::process::process_of;
use super::raw::Onward;
use super::remote;
use super::tracer::Watcher;

/// Where name servers listen.
const NAME_SERVER: u16 = 53;

/// The most sockets of a start that are remembered.
const SOCKETS: usize = 10_000;

/// A call that has begun.
#[derive(Debug)]
struct Begun {
    call: SystemCall,
    at: Instant,
    place: Option<Place>,
    /// It came back only for a signal's sake, and goes on by itself.
    is_interrupted: bool,
}

#[derive(Debug)]
struct Thread {
    number: usize,
    process: Pid,
    begun: Option<Begun>,
}

/// A socket: the process that has it, and its number there.
type Socket = (Pid, u64);

/// Watches the system calls of a program and all that it starts.
pub(super) struct SystemCalls {
    diary: Arc<Diary>,
    names: Arc<Names>,
    /// Where the Runtime API is.
    api: Option<SocketAddr>,
    threads: HashMap<Pid, Thread>,
    /// Sockets without connections (UDP).
    datagram: HashSet<Socket>,
    /// Of those, the ones that talk to a name server.
    to_name_server: HashSet<Socket>,
    /// Connections that are under way while their threads do other things.
    connecting: HashMap<Socket, Place>,
}

impl SystemCalls {
    pub(super) fn new(diary: Arc<Diary>, names: Arc<Names>) -> Self {
        Self {
            diary,
            names,
            api: None,
            threads: HashMap::new(),
            datagram: HashSet::new(),
            to_name_server: HashSet::new(),
            connecting: HashMap::new(),
        }
    }

    fn thread(&mut self, thread: Pid) -> &mut Thread {
        let diary = &self.diary;
        self.threads.entry(thread).or_insert_with(|| Thread {
            number: diary.thread(),
            process: process_of(thread).unwrap_or(thread),
            begun: None,
        })
    }

    fn begins(&mut self, thread: Pid) {
        let Ok(call) = system_call(thread) else { return };
        let (number, process) = {
            let known = self.thread(thread);
            if let Some(begun) = &mut known.begun
                && begun.is_interrupted
                && [libc::SYS_restart_syscall, begun.call.number].contains(&call.number)
            {
                begun.is_interrupted = false;
                return;
            }
            (known.number, known.process)
        };
        let socket = (process, call.arguments[0]);
        // Who asks for its error is told at the end of the call.
        if ends_connecting(call.number) && !asks_for_error(call) {
            self.connected(socket, None);
        }
        self.look_up(thread, number, socket, call);
        let kind = waits_for(call.number).or_else(|| self.connects(thread, socket, call));
        let place = kind.and_then(|kind| self.diary.waits(number, kind));
        self.thread(thread).begun = Some(Begun { call, at: Instant::now(), place, is_interrupted: false });
    }

    fn ends(&mut self, thread: Pid) {
        let Ok(result) = result(thread) else { return };
        let known = self.thread(thread);
        let (number, process) = (known.number, known.process);
        let Some(mut begun) = known.begun.take() else { return };
        // ERESTARTSYS and its kin (linux/errno.h): programs never see them.
        if (-516..=-512).contains(&result) {
            begun.is_interrupted = true;
            known.begun = Some(begun);
            return;
        }
        let SystemCall { number: call, arguments } = begun.call;
        let socket = (process, arguments[0]);
        if call == libc::SYS_socket
            && let Ok(descriptor) = u64::try_from(result)
        {
            let kind = i32::try_from(arguments[1]).unwrap_or_default() & 0xf;
            self.opened((process, descriptor), kind == libc::SOCK_DGRAM);
        }
        if asks_for_error(begun.call) {
            self.connected(socket, remote::number(thread, arguments[3]));
        }
        let Some(place) = begun.place else { return };
        let error = i32::try_from(result.saturating_neg()).ok().filter(|error| *error > 0).map(Errno::from_raw);
        let mut under_way = None;
        let file =
            (call == libc::SYS_read && begun.at.elapsed() > SHORTEST).then(|| file(thread, arguments[0])).flatten();
        self.diary.over(place, |kind| {
            if let Some(path) = file {
                *kind = WaitKind::File { path };
            } else if let WaitKind::Connect { error: outcome, .. } = kind {
                if error == Some(Errno::EINPROGRESS) {
                    under_way = Some(kind.clone());
                    *kind = WaitKind::Poll;
                } else {
                    *outcome = error.map(|error| format!("{error:?}"));
                }
            }
        });
        if let Some(kind) = under_way
            && self.connecting.len() < SOCKETS
            && let Some(place) = self.diary.is_under_way(number, begun.at, kind)
        {
            self.connecting.insert(socket, place);
        }
    }

    /// A socket's number may have been another one's before.
    fn opened(&mut self, socket: Socket, is_datagram: bool) {
        self.to_name_server.remove(&socket);
        self.connecting.remove(&socket);
        if is_datagram && self.datagram.len() < SOCKETS {
            self.datagram.insert(socket);
        } else {
            self.datagram.remove(&socket);
        }
    }

    /// The connection that a call is about to open.
    fn connects(&mut self, thread: Pid, socket: Socket, call: SystemCall) -> Option<WaitKind> {
        let SystemCall { number: libc::SYS_connect, arguments: [_, address, length, ..] } = call else { return None };
        let address = remote::socket_address(thread, address, length)?;
        if self.datagram.contains(&socket) {
            if address.port() == NAME_SERVER {
                self.to_name_server.insert(socket);
            }
            return None;
        }
        if Some(address) == self.api {
            return None;
        }
        let name = match address {
            SocketAddr::V4(address) => self.names.name_of(*address.ip()),
            SocketAddr::V6(_) => None,
        };
        Some(WaitKind::Connect { address, name, error: None })
    }

    /// The program looks at a connection that may be under way, and may be told how it ended.
    fn connected(&mut self, socket: Socket, outcome: Option<i32>) {
        let Some(place) = self.connecting.remove(&socket) else { return };
        self.diary.over(place, |kind| {
            if let (WaitKind::Connect { error, .. }, Some(number)) = (kind, outcome) {
                *error = (number != 0).then(|| format!("{:?}", Errno::from_raw(number)));
            }
        });
    }

    /// Names that a call asks a name server for.
    fn look_up(&mut self, thread: Pid, number: usize, socket: Socket, call: SystemCall) {
        let [_, a, b, _, to, to_length] = call.arguments;
        let is_known = self.to_name_server.contains(&socket);
        if !is_known && !self.datagram.contains(&socket) {
            return;
        }
        let sent = match call.number {
            libc::SYS_sendto => remote::sent(thread, a, b, to, to_length).into_iter().collect(),
            libc::SYS_write => remote::sent(thread, a, b, 0, 0).into_iter().collect(),
            libc::SYS_sendmsg => remote::message(thread, a).into_iter().collect(),
            libc::SYS_sendmmsg => remote::messages(thread, a, b),
            _ => Vec::new(),
        };
        let mut asked: Vec<String> = Vec::new();
        for message in sent {
            let to_name_server = message.to.map_or(is_known, |to| to.port() == NAME_SERVER);
            let Some(question) = Question::read(&message.bytes).filter(|_| to_name_server) else { continue };
            // Both kinds of address are asked for at once.
            if !asked.contains(&question.name) {
                asked.push(question.name);
            }
        }
        for name in asked {
            if let Some(place) = self.diary.is_under_way(number, Instant::now(), WaitKind::LookUp { name }) {
                self.diary.over(place, |_| ());
            }
        }
    }
}

impl Watcher for SystemCalls {
    fn onward(&self, signal: i32) -> Onward {
        Onward::ToSystemCall(signal)
    }

    fn executed(&mut self, thread: Pid) {
        self.diary.started();
        self.api = self.api.or_else(|| api_of(thread));
        let call = SystemCall { number: libc::SYS_execve, arguments: [0; 6] };
        let begun = Begun { call, at: Instant::now(), place: None, is_interrupted: false };
        // The call that executed it is not over.
        self.thread(thread).begun = Some(begun);
    }

    fn trapped(&mut self, _thread: Pid) -> bool {
        false
    }

    fn system_call(&mut self, thread: Pid) {
        if begins_one(thread).unwrap_or_else(|| self.thread(thread).begun.as_ref().is_none_or(|b| b.is_interrupted)) {
            self.begins(thread);
        } else {
            self.ends(thread);
        }
    }

    fn ended(&mut self, thread: Pid) {
        if let Some(known) = self.threads.remove(&thread) {
            self.diary.thread_ended(known.number);
        }
    }
}

/// Whether a thread stands before a system call, and not behind one; `None` where the system does not say.
#[cfg(target_env = "gnu")]
fn begins_one(thread: Pid) -> Option<bool> {
    match nix::sys::ptrace::syscall_info(thread).ok()?.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => Some(true),
        libc::PTRACE_SYSCALL_INFO_EXIT => Some(false),
        _ => None,
    }
}

#[cfg(not(target_env = "gnu"))]
fn begins_one(_thread: Pid) -> Option<bool> {
    None
}

/// What a call waits for by its nature.
fn waits_for(number: i64) -> Option<WaitKind> {
    let kind = match number {
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => WaitKind::Sleep,
        libc::SYS_ppoll | libc::SYS_pselect6 | libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => WaitKind::Poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll | libc::SYS_select | libc::SYS_epoll_wait => WaitKind::Poll,
        libc::SYS_futex => WaitKind::Thread,
        libc::SYS_recvfrom | libc::SYS_recvmsg | libc::SYS_recvmmsg | libc::SYS_read => WaitKind::Receive,
        libc::SYS_wait4 | libc::SYS_waitid => WaitKind::Process,
        libc::SYS_io_uring_enter => WaitKind::Poll,
        libc::SYS_accept | libc::SYS_accept4 => WaitKind::Other,
        libc::SYS_rt_sigsuspend | libc::SYS_rt_sigtimedwait => WaitKind::Other,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_pause => WaitKind::Other,
        _ => return None,
    };
    Some(kind)
}

/// The path of what a descriptor stands for; `None` where it is no file: a socket, a pipe, an event.
fn file(thread: Pid, descriptor: u64) -> Option<String> {
    let link = fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()?;
    link.is_absolute().then(|| link.to_string_lossy().into_owned())
}

/// Whether a call asks a socket for its error, and so takes it.
fn asks_for_error(call: SystemCall) -> bool {
    let [_, level, option, ..] = call.arguments;
    let is = |value: u64, constant: i32| i64::from(constant) == value.cast_signed();
    call.number == libc::SYS_getsockopt && is(level, libc::SOL_SOCKET) && is(option, libc::SO_ERROR)
}

/// Calls that are made once a connection is there, or has failed.
fn ends_connecting(number: i64) -> bool {
    [
        libc::SYS_getsockopt,
        libc::SYS_getpeername,
        libc::SYS_connect,
        libc::SYS_close,
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
    ]
    .contains(&number)
}

/// Where the process of a thread was told that the Runtime API is.
fn api_of(thread: Pid) -> Option<SocketAddr> {
    let environment = fs::read(format!("/proc/{thread}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(b"AWS_LAMBDA_RUNTIME_API="))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}
