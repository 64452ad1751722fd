//! What the arguments of a system call point to, in the memory of a thread that stands still.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::libc;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

/// The most bytes of a message to a name server that are read.
const MESSAGE: usize = 512;

/// Bytes of a `msghdr`, and of an `mmsghdr`, which is one with a length.
const MSGHDR: usize = 56;
const MMSGHDR: u64 = 64;

/// The most messages of one call that are looked at.
const MESSAGES: u64 = 8;

/// At most `limit` of `length` bytes at `address`.
pub(super) fn bytes(thread: Pid, address: u64, length: u64, limit: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(length).unwrap_or(limit).min(limit);
    let base = usize::try_from(address).ok()?;
    let mut bytes = vec![0; length];
    let read = process_vm_readv(thread, &mut [IoSliceMut::new(&mut bytes)], &[RemoteIoVec { base, len: length }]);
    bytes.truncate(read.ok()?);
    Some(bytes)
}

/// A socket address of the internet; `None` for other kinds.
pub(super) fn socket_address(thread: Pid, address: u64, length: u64) -> Option<SocketAddr> {
    let bytes = bytes(thread, address, length, 28)?;
    // struct sockaddr_in and sockaddr_in6: family, port, then the address, behind a flow label in the latter.
    let family = i32::from(u16::from_ne_bytes(*bytes.first_chunk()?));
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    match family {
        libc::AF_INET => Some((Ipv4Addr::from(*bytes.get(4..)?.first_chunk::<4>()?), port).into()),
        libc::AF_INET6 => Some((Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?), port).into()),
        _ => None,
    }
}

/// A message that is sent.
pub(super) struct Sent {
    /// `None` where the socket is connected.
    pub(super) to: Option<SocketAddr>,
    /// Its first bytes.
    pub(super) bytes: Vec<u8>,
}

/// The message of `sendto`, or of `write` where `to` is 0.
pub(super) fn sent(thread: Pid, address: u64, length: u64, to: u64, to_length: u64) -> Option<Sent> {
    let to = (to != 0).then(|| socket_address(thread, to, to_length)).flatten();
    Some(Sent { to, bytes: bytes(thread, address, length, MESSAGE)? })
}

/// The message that a `msghdr` is about: its first piece.
pub(super) fn message(thread: Pid, header: u64) -> Option<Sent> {
    let header = bytes(thread, header, MSGHDR as u64, MSGHDR)?;
    let word = |at: usize| Some(u64::from_ne_bytes(*header.get(at..)?.first_chunk()?));
    let name_length = u32::from_ne_bytes(*header.get(8..)?.first_chunk()?);
    let (name, pieces) = (word(0)?, word(16)?);
    let piece = bytes(thread, pieces, 16, 16)?;
    let word = |at: usize| Some(u64::from_ne_bytes(*piece.get(at..)?.first_chunk()?));
    sent(thread, word(0)?, word(8)?, name, name_length.into())
}

/// The messages of `sendmmsg`, the first ones.
pub(super) fn messages(thread: Pid, headers: u64, count: u64) -> Vec<Sent> {
    let header = |number: u64| headers.checked_add(number * MMSGHDR);
    (0..count.min(MESSAGES)).filter_map(|number| message(thread, header(number)?)).collect()
}

/// A number that a call has written.
pub(super) fn number(thread: Pid, address: u64) -> Option<i32> {
    Some(i32::from_ne_bytes(*bytes(thread, address, 4, 4)?.first_chunk()?))
}
