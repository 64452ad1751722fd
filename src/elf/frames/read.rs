//! Reading numbers one after the other.

/// What is left of some bytes, and how many were read.
#[derive(Debug, Clone, Copy)]
pub(in crate::elf) struct Reader<'data> {
    data: &'data [u8],
    at: usize,
}

impl<'data> Reader<'data> {
    pub(in crate::elf) const fn new(data: &'data [u8], at: usize) -> Self {
        Self { data, at }
    }

    /// Where the next byte is read.
    pub(in crate::elf) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.data.len()
    }

    pub(super) fn bytes(&mut self, size: usize) -> Option<&'data [u8]> {
        let end = self.at.checked_add(size)?;
        let bytes = self.data.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    pub(in crate::elf) fn u8(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    pub(in crate::elf) fn uleb(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn sleb(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for shift in (0..63).step_by(7) {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0;
                return Some(if negative { value | (-1 << (shift + 7)) } else { value });
            }
        }
        None
    }

    /// The bytes up to the next zero, which is read as well.
    pub(super) fn text(&mut self) -> Option<&'data [u8]> {
        let size = self.data.get(self.at..)?.iter().position(|&byte| byte == 0)?;
        let text = self.bytes(size)?;
        self.at += 1;
        Some(text)
    }
}
