//! Instructions that took an address relative to themselves and hold it as a value: it is the same address.

use std::ops::Range;

use super::error::VerifyError;
use super::loaded::Loaded;

/// `lea r64, [rip + distance]`, or `mov r32, imm32` and a `nop` in its place.
const LENGTH: u64 = 7;

/// Proves of the instruction at each offset in the file that it was a `lea` of an address and is a `mov` of the same address in the
/// program as it was moved, into the same register. That an instruction begins there is not proven. Hands back their ranges.
pub(super) fn same(
    before: &Loaded<'_>,
    after: &Loaded<'_>,
    offsets: &[u64],
    base: u64,
) -> Result<Vec<Range<u64>>, VerifyError> {
    let mut covered: Vec<Range<u64>> = Vec::with_capacity(offsets.len());
    let code = before.code();
    let mut segments = code.iter().peekable();
    for &offset in offsets {
        let range = offset..offset.saturating_add(LENGTH);
        while segments.next_if(|segment| segment.end <= range.start).is_some() {}
        let in_code = segments.peek().is_some_and(|segment| segment.start <= range.start && range.end <= segment.end);
        let address = before.address(offset);
        let apart = covered.last().is_none_or(|last| last.end <= range.start);
        let target = taken(before.file_bytes(&range), address);
        let same = target.is_some() && target == held(after.file_bytes(&range), base);
        if !in_code || !apart || !same {
            return Err(VerifyError::Unexplained { address, why: "it does not take the same address as before" });
        }
        covered.push(range);
    }
    Ok(covered)
}

/// Register and address, where the bytes are `lea` of one.
fn taken(code: Option<&[u8]>, address: u64) -> Option<(u8, u64)> {
    let (&[rex, 0x8d, modrm], distance) = code?.split_first_chunk()? else { return None };
    let high = match rex {
        0x48 => 0,
        0x4c => 8,
        _ => return None,
    };
    let distance = i32::from_le_bytes(distance.try_into().ok()?);
    let target = address.wrapping_add(LENGTH).wrapping_add_signed(i64::from(distance));
    (modrm & 0xc7 == 0x05).then_some((high | modrm >> 3, target))
}

/// Register and address before the program was moved, where the bytes are `mov` of a value and a `nop`. The upper half of the register
/// is cleared.
fn held(code: Option<&[u8]>, base: u64) -> Option<(u8, u64)> {
    let (register, value) = match code? {
        [opcode @ 0xb8..=0xbf, value @ .., 0x66, 0x90] => (opcode & 7, value),
        [0x41, opcode @ 0xb8..=0xbf, value @ .., 0x90] => (8 | opcode & 7, value),
        _ => return None,
    };
    let value = u64::from(u32::from_le_bytes(value.try_into().ok()?));
    Some((register, value.wrapping_sub(base)))
}
