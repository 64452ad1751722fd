//! The memory of a traced process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use nix::libc::c_long;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// Bytes of a word of ptrace.
const WORD: u64 = size_of::<c_long>() as u64;

/// The memory of a process, opened while it could be: a program may hide itself later on. It is the memory of the program that the process
/// runs then, also after it executes another one.
#[derive(Debug)]
pub(super) struct Memory {
    file: File,
}

impl Memory {
    pub(super) fn open(thread: Pid) -> io::Result<Self> {
        Ok(Self { file: OpenOptions::new().read(true).write(true).open(format!("/proc/{thread}/mem"))? })
    }

    pub(super) fn read(&self, address: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, address)
    }

    /// Writes, also where the program itself may not. `thread` is one of the process, and stands still.
    pub(super) fn write(&self, thread: Pid, address: u64, bytes: &[u8]) -> io::Result<()> {
        match self.file.write_all_at(bytes, address) {
            // Kernels can be told to keep this way closed (proc_mem.force_override); ptrace's own stays open.
            Err(_) => write_words(thread, address, bytes),
            done => done,
        }
    }
}

/// Writes word by word.
fn write_words(thread: Pid, address: u64, bytes: &[u8]) -> io::Result<()> {
    let end = address.checked_add(bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
    let mut at = address - address % WORD;
    while at < end {
        let place = usize::try_from(at).map_err(io::Error::other)? as ptrace::AddressType;
        let mut word = ptrace::read(thread, place)?.to_ne_bytes();
        for (byte, position) in word.iter_mut().zip(at..) {
            let new = position.checked_sub(address).and_then(|index| bytes.get(usize::try_from(index).ok()?));
            *byte = *new.unwrap_or(byte);
        }
        ptrace::write(thread, place, c_long::from_ne_bytes(word))?;
        at += WORD;
    }
    Ok(())
}
