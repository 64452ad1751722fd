//! The flow inside one function: which of its code only landing pads lead to.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind};

use super::code::Function;
use super::sweep::{ReferenceKind, goes_on, is_filling, references};
use super::tables::DistanceTables;

/// Why a function cannot be followed.
type NotFollowed = &'static str;

/// The largest functions of real programs have a few hundred KiB; each instruction takes tens of bytes of memory here.
const MAX_SIZE: usize = 1 << 20;

const LARGE: NotFollowed = "it is too large";
const DATA: NotFollowed = "some bytes are no instruction";
const BETWEEN: NotFollowed = "something leads between instructions";
const INTO_PAD: NotFollowed = "code runs into a landing pad";
const OUT: NotFollowed = "code runs out of the function";
const JUMP: NotFollowed = "a jump through a register that no table explains";

/// A function, decoded from its first byte to its last.
struct Body<'a> {
    instructions: Vec<Instruction>,
    /// Numbers of the instructions that are landing pads.
    pads: Vec<usize>,
    function: &'a Function,
    tables: &'a DistanceTables,
}

/// Which instructions are reached.
struct Reached {
    instructions: Vec<bool>,
    /// Entries of jump tables that lead into the function.
    by_table: usize,
}

/// Addresses of code that is reached from landing pads and in no other way, sorted. `entries` are the addresses inside the
/// function that something outside of it refers to.
pub(super) fn only_from_pads(
    bytes: &[u8],
    function: &Function,
    entries: &[u64],
    tables: &DistanceTables,
) -> Result<Vec<Range<u64>>, NotFollowed> {
    let body = Body::decode(bytes, function, tables)?;
    let mut starts = vec![0];
    for &entry in entries {
        starts.push(body.number(entry).ok_or(BETWEEN)?);
    }
    let after = body.walk(starts.clone())?;
    starts.extend(&body.pads);
    let before = body.walk(starts)?;
    Ok(body.dead(&before, &after))
}

impl<'a> Body<'a> {
    fn decode(bytes: &[u8], function: &'a Function, tables: &'a DistanceTables) -> Result<Self, NotFollowed> {
        if bytes.len() > MAX_SIZE {
            return Err(LARGE);
        }
        let mut instructions = Vec::with_capacity(bytes.len() / 4);
        let mut decoder = Decoder::with_ip(64, bytes, function.range.start, DecoderOptions::NONE);
        while decoder.can_decode() {
            let instruction = decoder.decode();
            if instruction.is_invalid() {
                return Err(DATA);
            }
            instructions.push(instruction);
        }
        let mut body = Self { instructions, pads: Vec::new(), function, tables };
        body.pads = function.pads.iter().map(|&pad| body.number(pad)).collect::<Option<_>>().ok_or(BETWEEN)?;
        Ok(body)
    }

    /// The instruction that starts at an address.
    fn number(&self, address: u64) -> Option<usize> {
        self.instructions.binary_search_by_key(&address, Instruction::ip).ok()
    }

    fn contains(&self, address: u64) -> bool {
        self.function.range.contains(&address)
    }

    fn is_pad(&self, number: usize) -> bool {
        self.pads.binary_search(&number).is_ok()
    }

    fn walk(&self, starts: Vec<usize>) -> Result<Reached, NotFollowed> {
        let mut reached = Reached { instructions: vec![false; self.instructions.len()], by_table: 0 };
        let mut open = starts;
        let mut jumps = Vec::new();
        while let Some(number) = open.pop() {
            let Some(seen) = reached.instructions.get_mut(number) else { continue };
            let Some(instruction) = self.instructions.get(number).filter(|_| !std::mem::replace(seen, true)) else {
                continue;
            };
            open.extend(self.next(number, instruction)?);
            self.targets(instruction, &mut open, &mut reached.by_table)?;
            if instruction.flow_control() == FlowControl::IndirectBranch {
                jumps.push(number);
            }
        }
        // A jump through a register that no table explains may lead anywhere in the function.
        let explained = |&jump: &usize| reached.by_table > 0 || self.is_tail_call(jump);
        if jumps.iter().all(explained) { Ok(reached) } else { Err(JUMP) }
    }

    /// What runs after an instruction that does not jump; `None` where nothing does. No code runs into a
    /// landing pad: a call before one does not return, and where anything else stands, something is not understood.
    fn next(&self, number: usize, instruction: &Instruction) -> Result<Option<usize>, NotFollowed> {
        if !goes_on(instruction) {
            return Ok(None);
        }
        let next = number + 1;
        let is_call = matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall);
        if self.is_pad(next) || next == self.instructions.len() {
            return if is_call { Ok(None) } else { Err(if self.is_pad(next) { INTO_PAD } else { OUT }) };
        }
        Ok(Some(next))
    }

    /// Where an instruction leads inside the function, by a branch, by an address that it takes, by a table.
    fn targets(
        &self,
        instruction: &Instruction,
        open: &mut Vec<usize>,
        by_table: &mut usize,
    ) -> Result<(), NotFollowed> {
        let mut understood = true;
        references(instruction, |reference| {
            let mut enter = |address: u64| match self.number(address) {
                Some(number) => open.push(number),
                None => understood = false,
            };
            match reference.kind {
                ReferenceKind::Branch | ReferenceKind::Address if self.contains(reference.to) => enter(reference.to),
                ReferenceKind::Address => {
                    for &target in self.tables.at(reference.to).iter().filter(|&&target| self.contains(target)) {
                        *by_table += 1;
                        enter(target);
                    }
                }
                // Data among the code.
                ReferenceKind::Memory if self.contains(reference.to) => understood = false,
                ReferenceKind::Branch | ReferenceKind::Memory => {}
            }
        });
        if understood { Ok(()) } else { Err(BETWEEN) }
    }

    /// True for a jump through memory, and through a register that was just loaded: it leaves the function. The loader relocates
    /// every word of memory that holds an address, so that those which lead into the function are among its entries.
    fn is_tail_call(&self, jump: usize) -> bool {
        const LOOK_BACK: usize = 24;
        let Some(instruction) = self.instructions.get(jump).filter(|jump| jump.op0_kind() == OpKind::Register) else {
            return true;
        };
        let register = instruction.op0_register().full_register();
        let before = self.instructions.get(jump.saturating_sub(LOOK_BACK)..jump).unwrap_or_default();
        let writes = |instruction: &&Instruction| {
            instruction.op_count() > 0
                && instruction.op0_kind() == OpKind::Register
                && instruction.op0_register().full_register() == register
                && !matches!(instruction.mnemonic(), Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Push)
        };
        let last = before.iter().rev().find(writes);
        last.is_some_and(|write| match write.mnemonic() {
            Mnemonic::Pop => true,
            Mnemonic::Mov => write.op0_register() == register,
            Mnemonic::Lea => write.is_ip_rel_memory_operand(),
            _ => false,
        })
    }

    /// The runs of instructions that are reached before and not after, and the filling behind each.
    fn dead(&self, before: &Reached, after: &Reached) -> Vec<Range<u64>> {
        let mut dead: Vec<Range<u64>> = Vec::new();
        let mut in_dead = false;
        for ((instruction, before), after) in
            self.instructions.iter().zip(&before.instructions).zip(&after.instructions)
        {
            in_dead = !after && (*before || (in_dead && is_filling(instruction)));
            if !in_dead {
                continue;
            }
            match dead.last_mut().filter(|last| last.end == instruction.ip()) {
                Some(last) => last.end = instruction.next_ip(),
                None => dead.push(instruction.ip()..instruction.next_ip()),
            }
        }
        dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 0x1000;

    /// What is dead in `code`, which has landing pads at `pads`, by offset.
    fn dead(code: &[u8], pads: &[u64], entries: &[u64]) -> Result<Vec<(u64, u64)>, NotFollowed> {
        let pads = pads.iter().map(|pad| START + pad).collect();
        let function = Function { range: START..START + code.len() as u64, pads };
        let entries: Vec<u64> = entries.iter().map(|entry| START + entry).collect();
        let dead = only_from_pads(code, &function, &entries, &DistanceTables::default())?;
        Ok(dead.into_iter().map(|range| (range.start - START, range.end - START)).collect())
    }

    const CALL: [u8; 5] = [0xe8, 0, 0, 0x10, 0];
    const RET: u8 = 0xc3;
    const UD2: [u8; 2] = [0x0f, 0x0b];

    #[test]
    fn what_only_a_landing_pad_leads_to_is_dead_and_so_is_the_filling_behind_it() {
        // call; ret; pad: call; jmp +1; nop; call; ud2; nop
        let code = [&CALL[..], &[RET], &CALL, &[0xeb, 1, 0x90], &CALL, &UD2, &[0x90]].concat();
        assert_eq!(dead(&code, &[6], &[]), Ok(vec![(6, 22)]));
    }

    #[test]
    fn a_call_before_a_landing_pad_does_not_return_but_one_before_other_code_may() {
        let code = [&CALL[..], &CALL, &UD2].concat();
        assert_eq!(dead(&code, &[5], &[]), Ok(vec![(5, 12)]));
        let code = [&CALL[..], &[0x90], &CALL, &UD2].concat();
        assert_eq!(dead(&code, &[6], &[]), Err(INTO_PAD));
    }

    #[test]
    fn what_a_jump_or_something_outside_leads_to_stays() {
        // je pad; ret; pad: call; ud2
        let code = [&[0x74, 1, RET][..], &CALL, &UD2].concat();
        assert_eq!(dead(&code, &[3], &[]), Ok(Vec::new()));
        let code = [&[RET][..], &CALL, &UD2].concat();
        assert_eq!(dead(&code, &[1], &[]), Ok(vec![(1, 8)]));
        assert_eq!(dead(&code, &[1], &[6]), Ok(vec![(1, 6)]));
        assert_eq!(dead(&code, &[1], &[3]), Err(BETWEEN));
    }

    #[test]
    fn a_jump_through_a_register_is_a_call_where_it_was_loaded_and_not_understood_where_it_was_computed() {
        let pad = [&CALL[..], &UD2].concat();
        // mov rax, [rdi]; jmp rax
        let loaded = [&[0x48, 0x8b, 0x07, 0xff, 0xe0][..], &pad].concat();
        assert_eq!(dead(&loaded, &[5], &[]), Ok(vec![(5, 12)]));
        // add rax, rcx; jmp rax
        let computed = [&[0x48, 0x01, 0xc8, 0xff, 0xe0][..], &pad].concat();
        assert_eq!(dead(&computed, &[5], &[]), Err(JUMP));
    }

    #[test]
    fn bytes_that_are_no_instruction_keep_the_function_whole() {
        let code = [&[RET][..], &CALL, &UD2, &[0x06]].concat();
        assert_eq!(dead(&code, &[1], &[]), Err(DATA));
    }
}
