//! What instructions refer to.

use std::ops::Range;

use super::targets::Targets;
use super::{arm64, x86_64};
use crate::elf::Architecture;

/// One reference from code to data or code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeReference {
    /// Address of the instruction. Of a pair that builds an address (`adrp` and `add` or a load), the second.
    pub from: u64,
    /// Address that it refers to.
    pub to: u64,
    /// Bytes that the instruction reads or writes there; 0 where it only takes the address, calls it or jumps to it.
    pub size: u32,
}

/// References in `code`, which begins at `address`, to addresses inside `targets` (sorted, disjoint ranges of addresses, as
/// data sections are). They are appended to `into` by the address of the instruction.
///
/// Operands relative to the instruction alone: all that position-independent code can have. Calls and jumps count where a
/// target covers what they go to. Data between the instructions may be read as instructions until these fall into step
/// again, as every disassembler that goes straight on does.
///
/// ```
/// use lambda_slim::elf::{Architecture, CodeReference, code_references};
///
/// let lea = [0x48, 0x8d, 0x05, 0xf9, 0x0f, 0x00, 0x00]; // lea rax, [rip + 0xff9]
/// let mut found = Vec::new();
/// code_references(Architecture::X86_64, &lea, 0x1000, &[0x2000..0x3000], &mut found);
/// assert_eq!(found, [CodeReference { from: 0x1000, to: 0x2000, size: 0 }]);
/// ```
pub fn code_references(
    architecture: Architecture,
    code: &[u8],
    address: u64,
    targets: &[Range<u64>],
    into: &mut Vec<CodeReference>,
) {
    references(architecture, code, address, targets, x86_64::Operands::Relative, into);
}

/// As [`code_references`], and addresses that stand in instructions as they are: displacements and immediate values of 32 or
/// 64 bits. Only in programs that are loaded where they were linked (`Image::is_fixed`) is such a value an address;
/// elsewhere any number of the size of an address would be taken for one.
pub fn code_references_at_fixed_addresses(
    architecture: Architecture,
    code: &[u8],
    address: u64,
    targets: &[Range<u64>],
    into: &mut Vec<CodeReference>,
) {
    references(architecture, code, address, targets, x86_64::Operands::RelativeAndAbsolute, into);
}

fn references(
    architecture: Architecture,
    code: &[u8],
    address: u64,
    targets: &[Range<u64>],
    operands: x86_64::Operands,
    into: &mut Vec<CodeReference>,
) {
    let targets = Targets::around(address, targets);
    if targets.is_empty() {
        return;
    }
    match architecture {
        Architecture::X86_64 => x86_64::references(code, address, &targets, operands, into),
        // Its instructions are too short to hold an address: both kinds of program build them from the instruction's own.
        Architecture::Arm64 => arm64::references(code, address, &targets, into),
    }
}
