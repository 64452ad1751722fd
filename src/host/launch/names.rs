//! A name server for programs in a network of their own: every name has an address, made up, so that what connects to it can be told by name.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::socket::sockopt::{Ipv4PacketInfo, ReceiveTimeout};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use super::dns::Question;

/// The first address that is given. 198.18.0.0/15 is for tests of networks, and nobody's (RFC 2544).
const FIRST: u32 = u32::from_be_bytes([198, 18, 0, 1]);

/// The most names. A program that asks for more gets no answers.
const LIMIT: u32 = 10_000;

/// How often it is looked whether anybody still wants answers.
const TICK: i64 = 50;

/// The longest question that is read.
const QUESTION: usize = 512;

/// Names that were asked for, with the addresses that they were given.
#[derive(Debug, Default)]
pub(in crate::host) struct Names(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// In the order of their addresses.
    names: Vec<String>,
    /// By name, the place among the names.
    places: BTreeMap<String, u32>,
}

impl Names {
    /// The name that was given this address.
    pub(in crate::host) fn name_of(&self, address: Ipv4Addr) -> Option<String> {
        let place = usize::try_from(address.to_bits().checked_sub(FIRST)?).ok()?;
        self.known().names.get(place).cloned()
    }

    fn address_of(&self, name: &str) -> Option<Ipv4Addr> {
        let mut known = self.known();
        let new = u32::try_from(known.names.len()).ok().filter(|new| *new < LIMIT);
        let place = match known.places.get(name) {
            Some(place) => *place,
            None => {
                let place = new?;
                known.names.push(name.to_owned());
                known.places.insert(name.to_owned(), place);
                place
            }
        };
        Some(Ipv4Addr::from_bits(FIRST.checked_add(place)?))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers until it is dropped.
#[derive(Debug)]
pub(super) struct NameServer {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Answers at `socket`, which is bound to port 53 of every address.
    pub(super) fn start(socket: OwnedFd, names: Arc<Names>) -> io::Result<Self> {
        // Who asked one address wants the answer from there, and not from another one of this machine's.
        setsockopt(&socket, Ipv4PacketInfo, &true)?;
        setsockopt(&socket, ReceiveTimeout, &TimeVal::milliseconds(TICK))?;
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new().name("name-server".to_owned()).spawn({
            let over = Arc::clone(&over);
            move || {
                while !over.load(Ordering::Acquire) {
                    // Without a question until the tick, or with one that cannot be answered: on to the next.
                    let _ = answer_one(&socket, &names);
                }
            }
        })?;
        Ok(Self { over, thread: Some(thread) })
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It ends without a panic, or it has nothing left to say.
            let _ = thread.join();
        }
    }
}

fn answer_one(socket: &OwnedFd, names: &Names) -> nix::Result<()> {
    let mut bytes = [0; QUESTION];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let mut space = nix::cmsg_space!(nix::libc::in_pktinfo);
    let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty())?;
    let (length, from) = (received.bytes, received.address);
    let asked = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(info),
        _ => None,
    });
    let question = bytes.get(..length).and_then(Question::read);
    let (Some(question), Some(from), Some(mut asked)) = (question, from, asked) else { return Ok(()) };
    let Some(address) = names.address_of(&question.name) else { return Ok(()) };
    let answer = question.answer(address);
    asked.ipi_spec_dst = asked.ipi_addr;
    asked.ipi_ifindex = 0;
    let control = [ControlMessage::Ipv4PacketInfo(&asked)];
    sendmsg(socket.as_raw_fd(), &[IoSlice::new(&answer)], &control, MsgFlags::MSG_NOSIGNAL, Some(&from))?;
    Ok(())
}
