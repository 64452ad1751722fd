//! The part of the input that is being looked at. It grows only while someone keeps asking for more without taking any.

use std::io::{self, ErrorKind, Read};

use memchr::memchr_iter;

/// Bytes read at once.
const SIZE: usize = 1 << 20;

pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    taken: u64,
    line: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; SIZE], start: 0, end: 0, taken: 0, line: 1 }
    }

    /// What has been read and not taken.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Offset in the input of the first of [`Self::bytes`].
    pub(super) fn offset(&self) -> u64 {
        self.taken
    }

    /// Number of the line of the first of [`Self::bytes`], from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn input(&self) -> &R {
        &self.input
    }

    /// Takes bytes from the front.
    pub(super) fn take(&mut self, count: usize) {
        let newlines = memchr_iter(b'\n', self.bytes().get(..count).unwrap_or_default()).count();
        self.take_lines(count, newlines as u64);
    }

    /// The same where the caller has counted the newlines among them.
    pub(super) fn take_lines(&mut self, count: usize, newlines: u64) {
        debug_assert!(count <= self.end - self.start, "only what was read is taken");
        self.start = (self.start + count).min(self.end);
        self.taken += count as u64;
        self.line += newlines;
    }

    /// Reads more behind what is there; false at the end of the input.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        self.make_room();
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(room) {
                Ok(count) => {
                    self.end = (self.end + count).min(self.buffer.len());
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Moves what is there to the front when the room behind it is small, and doubles the buffer when that is not enough.
    fn make_room(&mut self) {
        if self.buffer.len() - self.end >= SIZE / 4 {
            return;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < SIZE / 4 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }
}
