//! A starter that waits for the word to become the program.

use std::ffi::OsString;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::super::starter::{FAILED, GO, PROGRAM, READY, WORD, send_with_files};
use super::environment::TASK_ROOT;
use super::followed::Follow;
use super::program::{Program, end, own_group, unless_busy};
use super::usage::Usage;

/// How long a starter may take to say something. It has next to nothing to do.
const PATIENCE: Duration = Duration::from_secs(10);

/// A starter that waits. Killed when dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    starter: Starter,
    socket: UnixStream,
}

/// The process; `None` once it is the program.
#[derive(Debug)]
struct Starter(Option<Child>);

impl Drop for Starter {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child, None);
        }
    }
}

impl Waiting {
    /// Has `starter` prepare to become what `program` says, a path and arguments, in the network that `files` stand for.
    pub(super) fn start(
        starter: &Path,
        root: &Path,
        program: &[OsString],
        environment: &[(&'static str, OsString)],
        log: &PipeWriter,
        files: &[BorrowedFd<'_>],
    ) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut command = Command::new(starter);
        command.args([WORD, PROGRAM]).arg(program.len().to_string()).args(program);
        for (name, value) in environment {
            let mut variable = OsString::from(name);
            variable.push("=");
            variable.push(value);
            command.arg(variable);
        }
        // Not the program's environment: its libraries are not the starter's. Only the mark by which the watch finds what is left.
        command.env_clear().env(TASK_ROOT, root).current_dir(root);
        command.stdin(OwnedFd::from(theirs)).stdout(log.try_clone()?).stderr(log.try_clone()?);
        own_group(&mut command);
        let mut waiting = Self { starter: Starter(Some(command.spawn()?)), socket };
        // The command holds the other end of the socket: it would never close.
        drop(command);
        send_with_files(&waiting.socket, &[READY], files)?;
        match waiting.answer()? {
            Answer::Ready => Ok(waiting),
            Answer::Failed(error) => Err(error),
            Answer::Gone => Err(io::Error::other(format!("{} is no starter", starter.display()))),
        }
    }

    /// Its process id, which is to be the program's.
    pub(super) fn id(&self) -> u32 {
        self.starter.0.as_ref().map_or(0, Child::id)
    }

    /// Lets it become the program at `path`.
    pub(super) fn go(mut self, root: &Path, path: &str, follow: Option<&Follow<'_>>) -> io::Result<Program> {
        let id = self.id();
        let mut followed = follow.map(|follow| follow(id, root)).transpose()?;
        let before = Usage::of(id).unwrap_or_default();
        let since = unless_busy(|| {
            let since = Instant::now();
            self.socket.write_all(&[GO])?;
            match self.answer()? {
                // A program does not keep the socket.
                Answer::Gone => Ok(since),
                Answer::Failed(error) => Err(error),
                Answer::Ready => Err(io::ErrorKind::InvalidData.into()),
            }
        });
        match (since, self.starter.0.take()) {
            (Ok(since), Some(child)) => Ok(Program::new(path, since, before, child, followed)),
            (since, child) => {
                if let Some(mut child) = child {
                    end(&mut child, followed.as_mut());
                }
                Err(since.err().unwrap_or_else(|| io::ErrorKind::NotFound.into()))
            }
        }
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut word = [0];
        if self.socket.read(&mut word)? == 0 {
            return Ok(Answer::Gone);
        }
        match word {
            [READY] => Ok(Answer::Ready),
            [FAILED] => {
                let mut number = [0; 4];
                self.socket.read_exact(&mut number)?;
                Ok(Answer::Failed(io::Error::from_raw_os_error(i32::from_ne_bytes(number))))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

enum Answer {
    Ready,
    Failed(io::Error),
    Gone,
}
