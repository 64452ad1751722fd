//! Setting up the loopback interface of a new network: rtnetlink in bytes, since `ip` may not be installed.
//!
//! Source: rtnetlink(7), netlink(7), linux/rtnetlink.h; read 2026-12-01.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

/// The first interface of every network.
const LOOPBACK: i32 = 1;

/// `IFF_UP`, of the flags of an interface.
const UP: u32 = 1;

/// A connection to the kernel's network configuration.
pub(super) struct Rtnetlink(OwnedFd);

impl Rtnetlink {
    /// Of the network of this process.
    pub(super) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        Ok(Self(socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?))
    }

    /// Sets loopback up, so that 127.0.0.1 is there.
    pub(super) fn loopback_up(&self) -> io::Result<()> {
        // struct ifinfomsg: family, padding, type, index, flags, which flags change.
        let mut body = vec![0; 4];
        body.extend(LOOPBACK.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        self.ask(libc::RTM_NEWLINK, 0, &body)
    }

    /// Makes every IPv4 address one of this machine's: connections go to programs here, or are refused at once.
    pub(super) fn every_address_is_local(&self) -> io::Result<()> {
        // struct rtmsg: family, lengths of destination and source, type of service, table, protocol, scope, type, flags.
        let family = u8::try_from(libc::AF_INET).unwrap_or_default();
        let mut body = vec![family, 0, 0, 0, libc::RT_TABLE_LOCAL, libc::RTPROT_BOOT, libc::RT_SCOPE_HOST];
        body.push(libc::RTN_LOCAL);
        body.extend(0_u32.to_ne_bytes());
        // struct rtattr with the interface.
        body.extend(8_u16.to_ne_bytes());
        body.extend(libc::RTA_OIF.to_ne_bytes());
        body.extend(LOOPBACK.to_ne_bytes());
        let create = u16::try_from(libc::NLM_F_CREATE | libc::NLM_F_REPLACE).unwrap_or_default();
        self.ask(libc::RTM_NEWROUTE, create, &body)
    }

    /// Sends one request, and waits for the kernel's word on it.
    fn ask(&self, request: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        const HEADER: usize = 16;
        let length = u32::try_from(HEADER + body.len()).map_err(io::Error::other)?;
        let ask = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_ACK).unwrap_or_default();
        let mut message = Vec::with_capacity(HEADER + body.len());
        message.extend(length.to_ne_bytes());
        message.extend(request.to_ne_bytes());
        message.extend((ask | flags).to_ne_bytes());
        // Sequence number and port: one request at a time, and the kernel fills in the port.
        message.extend([0; 8]);
        message.extend(body);
        send(self.0.as_raw_fd(), &message, MsgFlags::empty())?;
        let mut answer = [0; 1024];
        let received = recv(self.0.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        // struct nlmsgerr: the negative error number, 0 for success.
        let error = answer.get(..received).and_then(|answer| answer.get(HEADER..HEADER + 4));
        let error = error.and_then(|error| error.try_into().ok()).map(i32::from_ne_bytes);
        match error {
            Some(0) => Ok(()),
            Some(error) => Err(io::Error::from_raw_os_error(error.saturating_neg())),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
