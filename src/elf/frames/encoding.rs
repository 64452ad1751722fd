//! Pointers in unwind tables: `DW_EH_PE_*`, a format and what the value is relative to.

use super::read::Reader;

const FORMAT: u8 = 0x0f;
const RELATIVE_TO: u8 = 0x70;
const PC_RELATIVE: u8 = 0x10;
const INDIRECT: u8 = 0x80;

/// How a pointer is encoded. Only encodings that mean the same at another place, once adjusted, are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointerEncoding(u8);

impl PointerEncoding {
    /// 'There is no pointer.'
    pub const OMITTED: u8 = 0xff;

    /// `None` for encodings that are not known here.
    #[must_use]
    pub fn known(byte: u8) -> Option<Self> {
        let format = matches!(byte & FORMAT, 0x00 | 0x03 | 0x04 | 0x0b | 0x0c);
        let relative = matches!(byte & RELATIVE_TO, 0x00 | PC_RELATIVE);
        (byte != Self::OMITTED && format && relative).then_some(Self(byte))
    }

    /// True where the value is relative to the place that holds it.
    #[must_use]
    pub const fn is_pc_relative(self) -> bool {
        self.0 & RELATIVE_TO == PC_RELATIVE
    }

    /// True where the value is the address of the address.
    #[must_use]
    pub const fn is_indirect(self) -> bool {
        self.0 & INDIRECT != 0
    }

    /// The encoding as it is written.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Bytes that a pointer takes.
    #[must_use]
    pub const fn size(self) -> usize {
        if matches!(self.0 & FORMAT, 0x03 | 0x0b) { 4 } else { 8 }
    }

    fn is_signed(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// The value as it is stored.
    pub(super) fn stored(self, reader: &mut Reader<'_>) -> Option<i64> {
        Some(match (self.size(), self.is_signed()) {
            (4, true) => i64::from(reader.u32()?.cast_signed()),
            (4, false) => i64::from(reader.u32()?),
            _ => reader.u64()?.cast_signed(),
        })
    }

    /// What `stored` at address `place` points at; `None` for a null pointer, which is stored as 0 whatever it is relative to.
    #[must_use]
    pub const fn target(self, stored: i64, place: u64) -> Option<u64> {
        if stored == 0 {
            return None;
        }
        let base = if self.is_pc_relative() { place } else { 0 };
        Some(base.wrapping_add_signed(stored))
    }

    /// Writes a pointer to `target` into the first bytes of `field`, which stands at address `place`. `None` where the
    /// distance does not fit, or where it would read as a null pointer.
    #[must_use]
    pub fn write(self, target: Option<u64>, place: u64, field: &mut [u8]) -> Option<()> {
        let base = if self.is_pc_relative() { place } else { 0 };
        let stored = target.map_or(0, |target| target.wrapping_sub(base));
        if target.is_some() && stored == 0 {
            return None;
        }
        match (self.size(), self.is_signed()) {
            (4, true) => {
                let narrow = i32::try_from(stored.cast_signed()).ok()?;
                field.get_mut(..4)?.copy_from_slice(&narrow.to_le_bytes());
            }
            (4, false) => {
                let narrow = u32::try_from(stored).ok()?;
                field.get_mut(..4)?.copy_from_slice(&narrow.to_le_bytes());
            }
            _ => field.get_mut(..8)?.copy_from_slice(&stored.to_le_bytes()),
        }
        Some(())
    }
}
