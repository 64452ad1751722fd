//! A network of the programs' own.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::super::starter::{FAILED, LISTENER, NAMES, NETWORK, NETWORK_FILE, READY, USERS, WORD, receive_with_files};
use super::names::{NameServer, Names};

/// How long making one may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A network of the programs' own. It lasts as long as this does, or a socket in it.
#[derive(Debug)]
pub(super) struct PrivateNetwork {
    network: OwnedFd,
    /// The user namespace that it belongs to, where that is not this process's.
    users: Option<OwnedFd>,
    /// Answers as long as the network is there.
    _name_server: Option<NameServer>,
}

impl PrivateNetwork {
    /// Has `starter` make one. The listener is on its loopback: a socket stays in the network that it was made in, whoever holds it. There,
    /// names are answered from `names`, if any.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn make(starter: &Path, names: Option<&Arc<Names>>) -> Result<(Self, TcpListener), String> {
        let (message, files) = ask(starter).map_err(|error| format!("cannot make a network: {error}"))?;
        let what = match message.split_first() {
            Some((&READY, what)) => what,
            Some((&FAILED, why)) => return Err(String::from_utf8_lossy(why).into_owned()),
            _ => return Err(format!("{} is no starter", starter.display())),
        };
        let mut files: BTreeMap<u8, OwnedFd> = what.iter().copied().zip(files).collect();
        let (Some(listener), Some(network)) = (files.remove(&LISTENER), files.remove(&NETWORK_FILE)) else {
            return Err(format!("{} is another version's starter", starter.display()));
        };
        // Without a name server names are not found, as in a network that has none.
        let name_server = names
            .zip(files.remove(&NAMES))
            .and_then(|(names, socket)| NameServer::start(socket, Arc::clone(names)).ok());
        let users = files.remove(&USERS);
        Ok((Self { network, users, _name_server: name_server }, TcpListener::from(listener)))
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
