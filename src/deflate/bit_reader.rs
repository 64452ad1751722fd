//! Bits from a byte slice, least significant first, as Deflate packs them.

/// A cursor over the bits of a stream. Reading past the end is the caller's to refuse: see [`BitReader::take`].
pub(super) struct BitReader<'s> {
    stream: &'s [u8],
    /// Next byte to load.
    position: usize,
    /// Loaded bits, next one lowest. Above `held` lie either zeros or bits that the next refill will load again.
    buffer: u64,
    /// Valid bits in `buffer`.
    held: u32,
}

/// The stream ended first.
#[derive(Debug)]
pub(super) struct EndOfStream;

impl<'s> BitReader<'s> {
    pub(super) fn new(stream: &'s [u8]) -> Self {
        Self { stream, position: 0, buffer: 0, held: 0 }
    }

    /// Bits consumed since the start of the stream.
    pub(super) fn bit_position(&self) -> u64 {
        self.position as u64 * 8 - u64::from(self.held)
    }

    /// Loads at least 56 bits, or all that are left.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(word) = self.stream.get(self.position..).and_then(<[u8]>::first_chunk::<8>) {
            self.buffer |= u64::from_le_bytes(*word) << self.held;
            let loaded = (63 - self.held) / 8;
            self.position += loaded as usize;
            self.held += loaded * 8;
        } else {
            self.refill_at_end();
        }
    }

    #[cold]
    fn refill_at_end(&mut self) {
        // Bits above `held` may be left over from a whole-word load; they equal what is loaded here, so `|=` is sound.
        while self.held < 56
            && let Some(&byte) = self.stream.get(self.position)
        {
            self.buffer |= u64::from(byte) << self.held;
            self.position += 1;
            self.held += 8;
        }
    }

    /// The loaded bits, next one lowest. Past the end of the stream they are zeros.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.buffer
    }

    /// Consumes `count` (at most 56) loaded bits; an error where the stream has fewer.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: u32) -> Result<(), EndOfStream> {
        let left = self.held.checked_sub(count).ok_or(EndOfStream)?;
        self.buffer >>= count;
        self.held = left;
        Ok(())
    }

    /// Reads `count` (at most 32) bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, EndOfStream> {
        self.refill();
        let value = self.buffer & ((1 << count) - 1);
        self.consume(count)?;
        Ok(u32::try_from(value).expect("at most 32 bits were asked for"))
    }

    /// Skips to the next byte boundary.
    pub(super) fn align(&mut self) {
        let partial = self.held % 8;
        self.buffer >>= partial;
        self.held -= partial;
    }

    /// Skips `count` bytes from a byte boundary.
    pub(super) fn skip_bytes(&mut self, count: usize) -> Result<(), EndOfStream> {
        let start = self.position - (self.held / 8) as usize;
        let end = start.checked_add(count).ok_or(EndOfStream)?;
        if end > self.stream.len() {
            return Err(EndOfStream);
        }
        self.position = end;
        self.buffer = 0;
        self.held = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_comes_once_and_in_order() {
        let stream: Vec<u8> = (0..=40).map(|i: u8| i.wrapping_mul(73) ^ 0x5a).collect();
        for width in 1..=32 {
            let mut reader = BitReader::new(&stream);
            let mut position = 0;
            while let Ok(value) = reader.take(width) {
                for bit in 0..width as usize {
                    let at = position + bit;
                    let expected = u32::from(stream[at / 8] >> (at % 8) & 1);
                    assert_eq!(value >> bit & 1, expected, "width {width}, bit {at}");
                }
                position += width as usize;
                assert_eq!(reader.bit_position(), position as u64);
            }
            assert!(position + width as usize > stream.len() * 8);
        }
    }

    #[test]
    fn skipping_continues_at_the_right_byte() {
        let stream: Vec<u8> = (0..32).collect();
        let mut reader = BitReader::new(&stream);
        assert_eq!(reader.take(3).unwrap(), 0);
        reader.align();
        assert_eq!(reader.bit_position(), 8);
        reader.skip_bytes(9).unwrap();
        assert_eq!(reader.take(8).unwrap(), 10);
        assert!(reader.skip_bytes(22).is_err());
        reader.skip_bytes(21).unwrap();
        assert!(reader.take(1).is_err());
    }
}
