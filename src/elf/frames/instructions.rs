//! Call frame instructions: whether they mean the same at another place.

use super::read::Reader;

/// `DW_OP_GNU_encoded_addr`: an address in an expression, in an encoding of its own.
const ENCODED_ADDRESS: u8 = 0xf1;

/// Why some instructions cannot be moved; `Ok` where they can. `DW_CFA_*` numbers: DWARF 5, section 7.24, and GNU's extensions.
pub(super) fn check_movable(instructions: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(instructions, 0);
    while !reader.is_empty() {
        step(&mut reader).ok_or("call frame instructions in an unknown or position-dependent form")?;
    }
    Ok(())
}

fn step(reader: &mut Reader<'_>) -> Option<()> {
    let code = reader.u8()?;
    match code {
        0x40..=0x7f | 0xc0..=0xff | 0x00 | 0x0a | 0x0b | 0x2d => {}
        0x80..=0xbf | 0x06 | 0x07 | 0x08 | 0x0d | 0x0e | 0x2e => drop(reader.uleb()?),
        0x02 => drop(reader.bytes(1)?),
        0x03 => drop(reader.bytes(2)?),
        0x04 => drop(reader.bytes(4)?),
        0x05 | 0x09 | 0x0c | 0x14 | 0x2f => {
            reader.uleb()?;
            reader.uleb()?;
        }
        0x0f => expression(reader)?,
        0x10 | 0x16 => {
            reader.uleb()?;
            expression(reader)?;
        }
        0x11 | 0x12 | 0x15 => {
            reader.uleb()?;
            reader.sleb()?;
        }
        0x13 => drop(reader.sleb()?),
        // `DW_CFA_set_loc` (0x01) holds an address; all others are not known here.
        _ => return None,
    }
    Some(())
}

fn expression(reader: &mut Reader<'_>) -> Option<()> {
    let size = usize::try_from(reader.uleb()?).ok()?;
    let bytes = reader.bytes(size)?;
    (!bytes.contains(&ENCODED_ADDRESS)).then_some(())
}
