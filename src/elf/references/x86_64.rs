//! References in `x86_64` code: operands relative to the instruction, and addresses that stand in it.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};

use super::code::CodeReference;
use super::instruction_length::{Layout, layout};
use super::targets::Targets;

/// Which operands count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Those relative to the instruction.
    Relative,
    /// Displacements and immediate values as well: the program stands where it was linked.
    RelativeAndAbsolute,
}

/// Appends the references in `code` to `into`.
pub(super) fn references(
    code: &[u8],
    address: u64,
    targets: &Targets<'_>,
    operands: Operands,
    into: &mut Vec<CodeReference>,
) {
    match operands {
        Operands::Relative => walk::<false>(code, address, targets, into),
        Operands::RelativeAndAbsolute => walk::<true>(code, address, targets, into),
    }
}

/// Goes from instruction to instruction by length, and has decoded what may refer to a target and says no more by its length.
fn walk<const ABSOLUTE: bool>(code: &[u8], address: u64, targets: &Targets<'_>, into: &mut Vec<CodeReference>) {
    let mut decoder = None;
    let mut instruction = Instruction::default();
    let mut at = 0;
    while at < code.len() {
        if let Some(layout) = layout(code, at)
            && at + layout.length <= code.len()
        {
            let relative = relative_target(code, address, at, layout).filter(|&to| targets.contain(to));
            let absolute = ABSOLUTE && may_hold_target(code, at, layout, targets);
            let known = match relative {
                None => !absolute,
                Some(to) if !absolute && let Some(size) = layout.relative_size() => {
                    into.push(CodeReference { from: address.wrapping_add(at as u64), to, size });
                    true
                }
                Some(_) => false,
            };
            if known {
                at += layout.length;
                continue;
            }
        }
        let decoder = decoder.get_or_insert_with(|| Decoder::new(64, code, DecoderOptions::NONE));
        if decoder.set_position(at).is_err() {
            return;
        }
        decoder.set_ip(address.wrapping_add(at as u64));
        decoder.decode_out(&mut instruction);
        if instruction.is_invalid() {
            at += 1;
            continue;
        }
        collect::<ABSOLUTE>(&instruction, targets, into);
        at += instruction.len();
    }
}

/// Where the relative operand of the instruction at `at` points, if it has one.
#[inline(always)]
fn relative_target(code: &[u8], address: u64, at: usize, layout: Layout) -> Option<u64> {
    if layout.relative == 0 {
        return None;
    }
    let distance = if layout.relative + 1 == layout.length {
        code.get(at + layout.relative).map_or(0, |&byte| i64::from(byte.cast_signed()))
    } else {
        i64::from(signed_at(code, at + layout.relative))
    };
    let end = address.wrapping_add((at + layout.length) as u64);
    Some(end.wrapping_add_signed(distance))
}

/// False only where neither displacement nor immediate value is a target.
#[inline(always)]
fn may_hold_target(code: &[u8], at: usize, layout: Layout, targets: &Targets<'_>) -> bool {
    let is_target = |at| targets.contain(sign_extended(signed_at(code, at)));
    match layout.immediate {
        // Rare enough to be decoded each time.
        8 => true,
        4 if is_target(at + layout.length - 4) => true,
        _ => layout.displacement != 0 && is_target(at + layout.displacement),
    }
}

#[inline(always)]
fn signed_at(code: &[u8], at: usize) -> i32 {
    code.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| i32::from_le_bytes(*bytes))
}

/// As the processor extends displacements and immediate values of 32 bits. No program of fixed addresses that holds them in 32
/// bits reaches as far as where the kinds of extension differ.
fn sign_extended(value: i32) -> u64 {
    i64::from(value).cast_unsigned()
}

fn collect<const ABSOLUTE: bool>(instruction: &Instruction, targets: &Targets<'_>, into: &mut Vec<CodeReference>) {
    let from = instruction.ip();
    let mut add = |to: u64, size: usize| {
        if targets.contain(to) {
            into.push(CodeReference { from, to, size: size as u32 });
        }
    };
    for operand in 0..instruction.op_count() {
        match instruction.op_kind(operand) {
            OpKind::Memory if instruction.is_ip_rel_memory_operand() => {
                add(instruction.ip_rel_memory_address(), instruction.memory_size().size());
            }
            OpKind::Memory if ABSOLUTE && holds_address(instruction) => {
                add(instruction.memory_displacement64(), instruction.memory_size().size());
            }
            OpKind::NearBranch64 => add(instruction.near_branch64(), 0),
            OpKind::Immediate32 if ABSOLUTE => add(sign_extended(instruction.immediate32().cast_signed()), 0),
            OpKind::Immediate32to64 if ABSOLUTE => add(instruction.immediate32to64().cast_unsigned(), 0),
            OpKind::Immediate64 if ABSOLUTE => add(instruction.immediate64(), 0),
            _ => {}
        }
    }
}

/// True where the displacement may be an address: four bytes or more, and not an offset in the storage of a thread.
fn holds_address(instruction: &Instruction) -> bool {
    instruction.memory_displ_size() >= 4 && !matches!(instruction.memory_segment(), Register::FS | Register::GS)
}

/// How much follows the operands of instructions, asked in ascending order. Goes from instruction to instruction only where
/// the opcode does not tell, from the last end of an instruction that is sure.
pub(super) struct OperandEnds<'code> {
    code: &'code [u8],
    boundary: usize,
    last: (usize, u64),
}

impl<'code> OperandEnds<'code> {
    pub(super) fn new(code: &'code [u8]) -> Self {
        Self { code, boundary: 0, last: (usize::MAX, 0) }
    }

    /// Bytes of immediate value behind the four bytes of an operand at `place`, an offset that is not below the one before.
    pub(super) fn immediate_behind(&mut self, place: usize) -> u64 {
        if self.last.0 == place {
            return self.last.1;
        }
        let end = place.saturating_add(4);
        let immediate = if self.is_last(place) { 0 } else { self.walk_to(place, end).unwrap_or(0) };
        self.boundary = self.boundary.max(end.saturating_add(immediate));
        self.last = (place, immediate as u64);
        immediate as u64
    }

    /// True where no instruction with such bytes before the operand has an immediate value.
    fn is_last(&self, place: usize) -> bool {
        let Some(&[opcode, modrm]) = self.code.get(..place).and_then(|before| before.last_chunk::<2>()) else {
            return true;
        };
        // No ModRM byte of an operand relative to the instruction: a branch.
        let is_branch = modrm & 0xc7 != 0x05;
        // mov, lea, call, jmp, push: in no map of opcodes do these have a value behind them.
        is_branch || matches!(opcode, 0x88..=0x8b | 0x8d | 0xff)
    }

    /// `None` where no instruction has its operand there: data lies between.
    fn walk_to(&mut self, place: usize, end: usize) -> Option<usize> {
        let mut decoder = Decoder::new(64, self.code, DecoderOptions::NONE);
        while self.boundary < place {
            let start = self.boundary;
            let (length, operand) = match layout(self.code, start) {
                Some(layout) => (layout.length, layout.relative),
                None => {
                    decoder.set_position(start).ok()?;
                    let instruction = decoder.decode();
                    let offsets = decoder.get_constant_offsets(&instruction);
                    (instruction.len().max(1), offsets.displacement_offset())
                }
            };
            self.boundary = start.checked_add(length)?;
            if start + operand == place {
                return self.boundary.checked_sub(end);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    /// The same by the decoder alone.
    fn decoded<const ABSOLUTE: bool>(code: &[u8], address: u64, targets: &Targets<'_>) -> Vec<CodeReference> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < code.len() {
            let ip = address.wrapping_add(at as u64);
            let instruction = Decoder::with_ip(64, &code[at..], ip, DecoderOptions::NONE).decode();
            if instruction.is_invalid() {
                at += 1;
            } else {
                collect::<ABSOLUTE>(&instruction, targets, &mut found);
                at += instruction.len();
            }
        }
        found
    }

    fn walked<const ABSOLUTE: bool>(code: &[u8], address: u64, targets: &Targets<'_>) -> Vec<CodeReference> {
        let mut found = Vec::new();
        walk::<ABSOLUTE>(code, address, targets, &mut found);
        found
    }

    #[test]
    fn this_very_program_has_the_references_that_the_decoder_alone_finds() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let image = crate::elf::Image::parse(&program).unwrap();
        let code = image.sections().iter().find(|section| section.name == ".text").unwrap();
        let bytes = image.bytes(&code.file_range).unwrap();
        let loaded = image.sections().iter().filter(|section| section.is_loaded() && section.memory_size() > 0);
        let mut all: Vec<Range<u64>> = loaded.map(|section| section.address..section.address + section.size).collect();
        all.sort_by_key(|range| range.start);
        let data: Vec<Range<u64>> = all.iter().filter(|range| range.start != code.address).cloned().collect();
        for targets in [&data, &all] {
            let targets = Targets::around(code.address, targets);
            let found = walked::<false>(bytes, code.address, &targets);
            assert!(found.len() > 10_000, "{} references", found.len());
            assert!(found == decoded::<false>(bytes, code.address, &targets));
            assert!(walked::<true>(bytes, code.address, &targets) == decoded::<true>(bytes, code.address, &targets));
        }
    }

    /// Bytes that look like code more often than noise does.
    fn code_like() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => any::<u8>(),
            1 => proptest::sample::select(vec![0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x64, 0x48, 0x4c, 0x41]),
            1 => proptest::sample::select(vec![0x0f, 0xc4, 0xc5, 0x62, 0x8b, 0x8d, 0x05, 0xe8, 0xc7, 0xff, 0x81]),
            2 => Just(0),
        ];
        proptest::collection::vec(byte, 0..400)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_bytes_have_the_references_that_the_decoder_alone_finds(code in code_like(), address in any::<u64>()) {
            let below = 0x10..address.saturating_sub(0x20);
            let ranges: Vec<Range<u64>> = [0..0x10, below, address.saturating_add(0x100)..u64::MAX]
                .into_iter().filter(|range| !range.is_empty()).collect();
            let targets = Targets::around(address, &ranges);
            prop_assert_eq!(walked::<false>(&code, address, &targets), decoded::<false>(&code, address, &targets));
            prop_assert_eq!(walked::<true>(&code, address, &targets), decoded::<true>(&code, address, &targets));
        }
    }
}
