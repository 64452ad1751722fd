//! Bits into bytes, least significant first.

/// A stream being written.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    buffer: u64,
    /// Bits in `buffer`, below 32 between calls.
    held: u32,
}

impl BitWriter {
    /// Adds the lowest `count` bits, at most 32, of `bits`; the others are zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.buffer |= u64::from(bits) << self.held;
        self.held += count;
        if self.held >= 32 {
            self.bytes.extend_from_slice(&(self.buffer as u32).to_le_bytes());
            self.buffer >>= 32;
            self.held -= 32;
        }
    }

    /// Bits until the next byte boundary.
    pub(super) fn padding(&self) -> u32 {
        self.held.wrapping_neg() % 8
    }

    /// Fills up the byte with zeros.
    pub(super) fn align(&mut self) {
        self.put(0, self.padding());
    }

    /// Adds bytes at a byte boundary.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.held % 8, 0);
        while self.held > 0 {
            self.bytes.push(self.buffer as u8);
            self.buffer >>= 8;
            self.held -= 8;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The stream, its last byte filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.put_bytes(&[]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lie_lowest_first() {
        let mut writer = BitWriter::default();
        writer.put(0b1, 1);
        writer.put(0b01, 2);
        assert_eq!(writer.padding(), 5);
        writer.put(0xffff_ffff, 32);
        writer.align();
        writer.put_bytes(b"ab");
        writer.put(0b10, 2);
        assert_eq!(writer.finish(), [0b1111_1011, 0xff, 0xff, 0xff, 0b111, b'a', b'b', 2]);
    }
}
