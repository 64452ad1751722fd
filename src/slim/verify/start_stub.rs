//! The start stub: the code that is known to do its work, on the table, the pages and the entry point that it has to work on.

use super::error::VerifyError;
use super::loaded::Loaded;
use super::packed::Place;

/// The stub for `x86_64`, as GNU as assembles it from `testdata/start-stub.s`; zeroes where the operands stand.
const X86_64: [u8; 147] = *b"\
    \xf3\x0f\x1e\xfa\x49\x89\xf8\x49\x89\xf1\x49\x89\xd2\x48\x8d\x35\0\0\0\0\x48\x8d\x3d\0\0\0\0\x48\x8d\x15\0\0\
    \0\0\x48\x39\xfe\x73\x36\x48\x8b\x06\x48\x83\xc6\x08\xa8\x01\x75\x0d\x48\x8d\x0c\x02\x48\x01\x11\x48\x83\xc1\
    \x08\xeb\xe3\x49\x89\xcb\x48\xd1\xe8\x74\x0d\xa8\x01\x74\x03\x49\x01\x13\x49\x83\xc3\x08\xeb\xee\x48\x81\xc1\
    \xf8\x01\0\0\xeb\xc5\x48\x8d\x3d\0\0\0\0\xbe\0\0\0\0\xba\x01\0\0\0\xb8\x0a\0\0\0\x0f\x05\x85\xc0\x74\x0c\
    \xbf\x7f\0\0\0\xb8\xe7\0\0\0\x0f\x05\x4c\x89\xc7\x4c\x89\xce\x4c\x89\xd2\xe9\0\0\0\0";

/// Where an operand of four bytes stands, and what it says.
enum Operand {
    /// An address, as the distance from the operand's end.
    Address(u64),
    Value(u64),
}

/// Proves that the stub is the known one, and that its operands are the packed table, the pages to protect, and `entry`.
pub(super) fn does_its_work(after: &Loaded<'_>, place: &Place, entry: u64) -> Result<(), VerifyError> {
    let (address, _) = place.stub;
    let differs = |why| VerifyError::Unexplained { address, why };
    let stub = after.file_bytes(&place.stub_range).and_then(|stub| <[u8; 147]>::try_from(stub).ok());
    let mut stub = stub.ok_or_else(|| differs("it is no start stub"))?;
    let (table, table_size) = place.table;
    let operands = [
        (0x10, Operand::Address(table)),
        (0x17, Operand::Address(table.wrapping_add(table_size))),
        (0x1e, Operand::Address(0)),
        (0x60, Operand::Address(place.relro.start)),
        (0x65, Operand::Value(place.relro.end.wrapping_sub(place.relro.start))),
        (0x8f, Operand::Address(entry)),
    ];
    for (at, operand) in operands {
        let field: &mut [u8; 4] =
            stub.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or_else(|| differs("it is short"))?;
        let value = i64::from(i32::from_le_bytes(*field)).cast_unsigned();
        let same = match operand {
            Operand::Address(target) => address.wrapping_add(at as u64 + 4).wrapping_add(value) == target,
            Operand::Value(size) => value == size,
        };
        if !same {
            return Err(differs("the start stub works on something else"));
        }
        *field = [0; 4];
    }
    if stub == X86_64 { Ok(()) } else { Err(differs("it is no start stub")) }
}
