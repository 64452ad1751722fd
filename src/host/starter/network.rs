//! Making a network that has loopback and nothing else.
//!
//! The process that makes it sends what it consists of, and ends: a network lives as long as a socket or an open file of it does.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getegid, geteuid};

use super::files::send_with_files;
use super::loopback::Rtnetlink;
use super::message::{FAILED, LISTENER, NAMES, NETWORK_FILE, READY, USERS};

/// Makes one, and sends over stdin what it consists of, as [`message`](super::message) names it. Or why not, in words.
pub(super) fn make() -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    match Network::make() {
        Ok(network) => {
            let mut names = vec![READY, LISTENER, NETWORK_FILE];
            let mut files: Vec<BorrowedFd<'_>> = vec![network.listener.as_fd(), network.network.as_fd()];
            let names_socket = network.names.as_ref().map(|socket| (NAMES, socket.as_fd()));
            let users = network.users.as_ref().map(|users| (USERS, users.as_fd()));
            for (name, file) in names_socket.into_iter().chain(users) {
                names.push(name);
                files.push(file);
            }
            send_with_files(&socket, &names, &files)
        }
        Err(why) => send_with_files(&socket, &[&[FAILED], why.as_bytes()].concat(), &[]),
    }
}

struct Network {
    listener: TcpListener,
    network: File,
    /// `None` where port 53 is not to be had.
    names: Option<UdpSocket>,
    users: Option<File>,
}

impl Network {
    fn make() -> Result<Self, String> {
        let mut users = None;
        // Root needs no user namespace, and is not always allowed one.
        if unshare(CloneFlags::CLONE_NEWNET).is_err() {
            unshare_as_user().map_err(|error| format!("the system allows no network of one's own: {error}"))?;
            users = Some(open("/proc/self/ns/user")?);
        }
        let network = open("/proc/self/ns/net")?;
        // Joining is a permission of its own: better asked for now than in the program's place.
        setns(&network, CloneFlags::CLONE_NEWNET)
            .map_err(|error| format!("the system does not allow to join a network: {error}"))?;
        if let Some(users) = &users {
            match setns(users, CloneFlags::CLONE_NEWUSER) {
                // Nobody may enter the one that he is in: that he was told so means that he was heard.
                Ok(()) | Err(Errno::EINVAL) => (),
                Err(error) => return Err(format!("the system does not allow to join a user namespace: {error}")),
            }
        }
        let interfaces = Rtnetlink::open().map_err(|error| format!("no netlink: {error}"))?;
        interfaces.loopback_up().map_err(|error| format!("loopback cannot be set up: {error}"))?;
        // Without it connections fail all the same, later and with another error.
        let _ = interfaces.every_address_is_local();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .map_err(|error| format!("cannot listen on the loopback of a new network: {error}"))?;
        let names = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 53)).ok();
        Ok(Self { listener, network, names, users })
    }
}

/// As anybody, where the system lets anybody: who makes a user namespace may make networks in it. Users and groups keep their numbers.
fn unshare_as_user() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    // Who could drop groups could enter what a group is kept out of: the map is refused without this.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

fn open(path: &str) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{path}: {error}"))
}
