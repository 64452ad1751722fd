//! A network of the programs' own.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::starter::{FAILED, NETWORK, READY, WORD, receive_with_files};

/// How long making one may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A network of the programs' own. It lasts as long as this does, or a socket in it.
#[derive(Debug)]
pub(super) struct PrivateNetwork {
    network: OwnedFd,
    /// The user namespace that it belongs to, where that is not this process's.
    users: Option<OwnedFd>,
}

impl PrivateNetwork {
    /// Has `starter` make one. The listener is on its loopback: a socket stays in the network that it was made in, whoever holds it.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn make(starter: &Path) -> Result<(Self, TcpListener), String> {
        let (message, files) = ask(starter).map_err(|error| format!("cannot make a network: {error}"))?;
        let mut files = files.into_iter();
        match (message.split_first(), files.next(), files.next()) {
            (Some((&READY, _)), Some(listener), Some(network)) => {
                Ok((Self { network, users: files.next() }, TcpListener::from(listener)))
            }
            (Some((&FAILED, why)), ..) => Err(String::from_utf8_lossy(why).into_owned()),
            _ => Err(format!("{} is no starter", starter.display())),
        }
    }

    /// What a starter needs to join it.
    pub(super) fn files(&self) -> Vec<BorrowedFd<'_>> {
        std::iter::once(&self.network).chain(&self.users).map(AsFd::as_fd).collect()
    }
}

fn ask(starter: &Path) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(PATIENCE))?;
    let mut command = Command::new(starter);
    command.args([WORD, NETWORK]).env_clear().current_dir("/");
    command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // The command holds the other end of the socket: it would never close.
    drop(command);
    let answer = receive_with_files(&ours);
    // It has said all that it will say; one that has not is none of ours.
    let _ = child.kill();
    let _ = child.wait();
    answer
}
