//! One pass through a stretch of code, from its first byte to its last: what its instructions refer to.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind};

use crate::elf::Architecture;

/// How an instruction refers to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReferenceKind {
    /// A call or a jump.
    Branch,
    /// It takes the address (`lea`).
    Address,
    /// It reads, writes, calls or jumps through what stands there.
    Memory,
}

/// A reference of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    /// Address of the instruction.
    pub(super) from: u64,
    /// What it refers to.
    pub(super) to: u64,
    pub(super) kind: ReferenceKind,
}

/// What a stretch of code says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sweep {
    /// References that leave the stretch, and all that take an address or use memory.
    pub(super) references: Vec<Reference>,
    /// Some bytes are no instruction, or the last one ends behind the stretch.
    pub(super) has_data: bool,
    /// A bit for each byte: an instruction starts there.
    starts: Vec<u64>,
    /// What runs to the end of the stretch may go on behind it. Filling is not looked at.
    pub(super) falls_out: bool,
}

impl Sweep {
    /// True where an instruction starts so many bytes behind the start of the stretch; anywhere where data lies in it.
    pub(super) fn may_start_at(&self, offset: u64) -> bool {
        let word = usize::try_from(offset / 64).ok().and_then(|word| self.starts.get(word));
        self.has_data || word.is_some_and(|word| word >> (offset % 64) & 1 == 1)
    }
}

/// The references of one instruction.
pub(super) fn references(instruction: &Instruction, mut found: impl FnMut(Reference)) {
    let from = instruction.ip();
    for operand in 0..instruction.op_count() {
        match instruction.op_kind(operand) {
            OpKind::Memory if instruction.is_ip_rel_memory_operand() => {
                let kind = match instruction.mnemonic() {
                    Mnemonic::Lea => ReferenceKind::Address,
                    _ => ReferenceKind::Memory,
                };
                found(Reference { from, to: instruction.ip_rel_memory_address(), kind });
            }
            OpKind::NearBranch64 => {
                found(Reference { from, to: instruction.near_branch64(), kind: ReferenceKind::Branch });
            }
            _ => {}
        }
    }
}

/// True where what follows the instruction may run after it. A call may return.
pub(super) fn goes_on(instruction: &Instruction) -> bool {
    !matches!(
        instruction.flow_control(),
        FlowControl::UnconditionalBranch | FlowControl::IndirectBranch | FlowControl::Return | FlowControl::Exception
    )
}

/// True for what assemblers fill with: `nop` of any length, `int3`.
pub(super) fn is_filling(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3)
}

/// True where `code`, which stands between functions, is nothing but what linkers and assemblers fill with: zeroes, `nop`s, breakpoints.
#[must_use]
pub fn is_only_filling(architecture: Architecture, code: &[u8]) -> bool {
    if code.iter().all(|&byte| byte == 0) {
        return true;
    }
    match architecture {
        Architecture::X86_64 => {
            let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
            let mut all = std::iter::from_fn(|| decoder.can_decode().then(|| decoder.decode()));
            all.all(|instruction| is_filling(&instruction))
        }
        Architecture::Arm64 => {
            let (words, rest) = code.as_chunks::<4>();
            let fills = |word: &[u8; 4]| {
                let word = u32::from_le_bytes(*word);
                // udf #0, nop, brk.
                word == 0 || word == 0xd503_201f || word & 0xffe0_001f == 0xd420_0000
            };
            rest.is_empty() && words.iter().all(fills)
        }
    }
}

/// Goes through `bytes`, which stand at `address`.
pub(super) fn sweep(bytes: &[u8], address: u64) -> Sweep {
    let mut sweep = Sweep { starts: vec![0; bytes.len().div_ceil(64)], ..Sweep::default() };
    let own = address..address.saturating_add(bytes.len() as u64);
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        let at = decoder.position();
        decoder.decode_out(&mut instruction);
        if instruction.is_invalid() {
            sweep.has_data = true;
            sweep.falls_out = true;
            if decoder.set_position(at + 1).is_err() {
                break;
            }
            decoder.set_ip(address.wrapping_add(at as u64 + 1));
            continue;
        }
        if let Some(word) = sweep.starts.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
        references(&instruction, |reference| {
            if reference.kind != ReferenceKind::Branch || !own.contains(&reference.to) {
                sweep.references.push(reference);
            }
        });
        if !is_filling(&instruction) {
            // What a compiler puts behind a last call is another function: the call does not return.
            sweep.falls_out = goes_on(&instruction)
                && !matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall);
        }
    }
    sweep
}
