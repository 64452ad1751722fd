//! Becoming a program of the package.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{dup2_stdin, execve};

use super::files::{receive_with_files, send_with_files};
use super::message::{FAILED, GO, READY};

/// Becomes the program that `args` name, as [`PROGRAM`](super::PROGRAM) says. Comes back only where it could not and nobody wants it to
/// try again.
pub(super) fn become_program(args: &[OsString]) -> io::Result<()> {
    // The copy closes itself when this process becomes another: that is how the other side learns of it.
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let program = match Prepared::prepare(args, &socket) {
        Ok(program) => program,
        Err(error) => return tell_failure(&socket, &error),
    };
    send_with_files(&socket, &[READY], &[])?;
    let mut word = [0];
    while socket.read(&mut word)? == 1 && word == [GO] {
        let Err(errno) = program.execute();
        tell_failure(&socket, &errno.into())?;
    }
    Ok(())
}

fn tell_failure(to: &UnixStream, error: &io::Error) -> io::Result<()> {
    let number = error.raw_os_error().unwrap_or(Errno::EINVAL as i32);
    let [a, b, c, d] = number.to_ne_bytes();
    send_with_files(to, &[FAILED, a, b, c, d], &[])
}

/// Everything that could still allocate or fault is done before the word to go.
struct Prepared {
    /// The first is its path.
    arguments: Vec<CString>,
    environment: Vec<CString>,
    null: File,
}

impl Prepared {
    fn prepare(args: &[OsString], socket: &UnixStream) -> io::Result<Self> {
        let (count, args) = args.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let count = count.to_str().and_then(|count| count.parse::<usize>().ok()).filter(|count| *count > 0);
        let split = count.and_then(|count| args.split_at_checked(count));
        let (arguments, environment) = split.ok_or(io::ErrorKind::InvalidInput)?;
        let texts = |texts: &[OsString]| -> io::Result<Vec<CString>> {
            texts.iter().map(|text| CString::new(text.clone().into_vec()).map_err(io::Error::from)).collect()
        };
        let (arguments, environment) = (texts(arguments)?, texts(environment)?);
        let null = File::open("/dev/null")?;
        join(receive_with_files(socket)?.1)?;
        restore_broken_pipes()?;
        Ok(Self { arguments, environment, null })
    }

    fn execute(&self) -> Result<Infallible, Errno> {
        dup2_stdin(&self.null)?;
        let path = self.arguments.first().ok_or(Errno::EINVAL)?;
        execve(path, &self.arguments, &self.environment)
    }
}

/// Enters the network, and first the user namespace that allows to.
fn join(files: Vec<OwnedFd>) -> io::Result<()> {
    let mut files = files.into_iter();
    let (Some(network), users) = (files.next(), files.next()) else { return Ok(()) };
    if let Some(users) = users {
        setns(users, CloneFlags::CLONE_NEWUSER)?;
    }
    setns(network, CloneFlags::CLONE_NEWNET)?;
    // Who changes user namespaces can be looked at by nobody until he becomes another program; who traces the program looks before.
    set_dumpable(true)?;
    Ok(())
}

/// As std does before it executes a program: at its own start it has this signal ignored, which a program would inherit.
#[expect(unsafe_code, reason = "nix has no safe way to reset a signal, and std resets it only where std executes")]
fn restore_broken_pipes() -> io::Result<()> {
    // SAFETY: no handler of ours is installed or replaced; one thread runs.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }?;
    Ok(())
}
