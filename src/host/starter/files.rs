//! Bytes over a socket, with open files.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// The most files of one message.
const FILE_LIMIT: usize = 8;

/// The most bytes of one message.
const LIMIT: usize = 1024;

/// Sends `bytes`, which are few, and `files`, at most 8.
pub(in crate::host) fn send_with_files(to: &UnixStream, bytes: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILE_LIMIT))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // The other side may be gone: that is an error here, and no signal.
    let sent = sendmsg(to, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// The next bytes, at most 1024, and the files that came with them. No bytes: the other side is gone.
pub(in crate::host) fn receive_with_files(from: &UnixStream) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILE_LIMIT))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = vec![0; LIMIT];
    let received = recvmsg(from, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    bytes.truncate(received.bytes);
    let mut files = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            files.extend(rights);
        }
    }
    Ok((bytes, files))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_file_that_is_sent_is_the_same_file_there() {
        let (here, there) = UnixStream::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        send_with_files(&here, b"x", &[writer.as_fd()]).unwrap();
        drop((here, writer));
        let (bytes, mut files) = receive_with_files(&there).unwrap();
        assert_eq!((bytes.as_slice(), files.len()), (&b"x"[..], 1));
        std::fs::File::from(files.remove(0)).write_all(b"through").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
        assert_eq!(receive_with_files(&there).unwrap().0, b"", "the other side is gone");
    }
}
