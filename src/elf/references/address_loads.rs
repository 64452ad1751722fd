//! Instructions of `x86_64` that take the address of something, told from bytes that only look like one.
//!
//! An instruction counts where control gets to it from the start of a function: along instructions that follow each other and
//! direct branches, from the first byte that a frame description names. Behind a jump through a table nothing is known, and where
//! control would get into the middle of an instruction, out of a function or to what is none, nothing in that function counts.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, OpKind};
use memchr::memmem;
use object::elf;

use super::code::code_references;
use super::data::data_pointers;
use crate::elf::Architecture;
use crate::elf::image::Image;

/// `lea r64, [rip + distance]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::elf) struct AddressLoad {
    /// Its address.
    pub(in crate::elf) address: u64,
    /// The address that it takes.
    pub(in crate::elf) target: u64,
    /// The instruction: REX.W with or without R, opcode, ModRM, distance.
    pub(in crate::elf) code: [u8; LENGTH],
}

const LENGTH: usize = 7;

/// What a library says that compares its own code to a checksum (the FIPS modules of BoringSSL and AWS-LC): there, code that means
/// the same is not the same.
const CHECKS_ITSELF: &[u8] = b"FIPS integrity test";

/// Every `lea` of an address relative to itself that control gets to in one of the functions, and that no branch or pointer leads
/// into the middle of; in the order of addresses. None on arm64.
pub(in crate::elf) fn address_loads(image: &Image<'_>, functions: &[Range<u64>]) -> Vec<AddressLoad> {
    if image.architecture() != Architecture::X86_64 || memmem::find(image.data(), CHECKS_ITSELF).is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut targets = Vec::new();
    let functions = apart(functions);
    for function in &functions {
        if let Some(code) = code_of(image, function) {
            let mut walk = Walk::of(code, function.start);
            if walk.to_the_end().is_some() {
                found.append(&mut walk.loads);
                targets.append(&mut walk.targets);
            }
        }
    }
    if found.is_empty() {
        return found;
    }
    targets.extend(branches_anywhere(image));
    targets.extend(data_pointers(image).iter().map(|pointer| pointer.target));
    targets.sort_unstable();
    found.retain(|load| {
        let next = targets.partition_point(|&target| target <= load.address);
        targets.get(next).is_none_or(|&target| target - load.address >= LENGTH as u64)
    });
    found
}

/// The ranges that share no address with another, sorted, each once.
fn apart(functions: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = functions.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    sorted.dedup();
    let mut end = 0;
    let mut apart = Vec::new();
    for (number, function) in sorted.iter().enumerate() {
        let next = sorted.get(number + 1).map_or(u64::MAX, |next| next.start);
        if function.start >= end && function.end <= next {
            apart.push(function.clone());
        }
        end = end.max(function.end);
    }
    apart
}

/// The bytes of a function, where they are code that nothing writes.
fn code_of<'data>(image: &Image<'data>, function: &Range<u64>) -> Option<&'data [u8]> {
    let size = function.end - function.start;
    let segment = image.segments().iter().find(|segment| segment.offset_of(function.start).is_some())?;
    if !segment.is_executable() || segment.flags & elf::PF_W.0 != 0 {
        return None;
    }
    let start = segment.offset_of(function.start)?;
    let end = start.checked_add(size).filter(|&end| end <= segment.file_range.end)?;
    image.bytes(&(start..end))
}

/// What direct branches anywhere in code lead to, read straight on: what is no instruction adds targets that are none.
fn branches_anywhere(image: &Image<'_>) -> impl Iterator<Item = u64> {
    let mut references = Vec::new();
    for segment in image.segments().iter().filter(|segment| segment.is_executable()) {
        let code = image.bytes(&segment.file_range).unwrap_or_default();
        let range = segment.address..segment.address.saturating_add(code.len() as u64);
        code_references(image.architecture(), code, segment.address, &[range], &mut references);
    }
    references.into_iter().map(|reference| reference.to)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Unknown,
    First,
    Inside,
}

/// Follows control through one function.
struct Walk<'code> {
    code: &'code [u8],
    start: u64,
    bytes: Vec<Byte>,
    /// Offsets that control gets to and that were not decoded from yet.
    left: Vec<usize>,
    loads: Vec<AddressLoad>,
    /// What its branches lead to outside of it.
    targets: Vec<u64>,
}

impl<'code> Walk<'code> {
    fn of(code: &'code [u8], start: u64) -> Self {
        let bytes = vec![Byte::Unknown; code.len()];
        Self { code, start, bytes, left: vec![0], loads: Vec::new(), targets: Vec::new() }
    }

    /// `None` where something is no instruction, or two overlap.
    fn to_the_end(&mut self) -> Option<()> {
        let mut decoder = Decoder::with_ip(64, self.code, self.start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while let Some(mut at) = self.left.pop() {
            // Behind the last byte: a call that does not return, or on into the function behind.
            while at < self.code.len() {
                match self.bytes.get(at)? {
                    Byte::First => break,
                    Byte::Inside => return None,
                    Byte::Unknown => {}
                }
                decoder.set_position(at).ok()?;
                decoder.set_ip(self.start.wrapping_add(at as u64));
                decoder.decode_out(&mut instruction);
                if instruction.is_invalid() {
                    return None;
                }
                let end = at + instruction.len();
                self.mark(at, end)?;
                self.note_load(at, end, &instruction);
                if !self.goes_on_behind(&instruction) {
                    break;
                }
                at = end;
            }
        }
        self.loads.sort_by_key(|load| load.address);
        Some(())
    }

    fn mark(&mut self, at: usize, end: usize) -> Option<()> {
        let bytes = self.bytes.get_mut(at..end)?;
        if bytes.iter().any(|&byte| byte != Byte::Unknown) {
            return None;
        }
        bytes.fill(Byte::Inside);
        *bytes.first_mut()? = Byte::First;
        Some(())
    }

    fn note_load(&mut self, at: usize, end: usize, instruction: &Instruction) {
        let Some(&code) = self.code.get(at..end).and_then(|code| code.first_chunk::<LENGTH>()) else { return };
        let [prefix, opcode, modrm, ..] = code;
        let is_load = end - at == LENGTH && prefix & 0xfb == 0x48 && opcode == 0x8d && modrm & 0xc7 == 0x05;
        if is_load && instruction.is_ip_rel_memory_operand() {
            let (address, target) = (instruction.ip(), instruction.ip_rel_memory_address());
            self.loads.push(AddressLoad { address, target, code });
        }
    }

    /// False where control never gets to what follows. Notes where else it gets to.
    fn goes_on_behind(&mut self, instruction: &Instruction) -> bool {
        if instruction.op0_kind() == OpKind::NearBranch64 {
            let target = instruction.near_branch64();
            let inside = target.wrapping_sub(self.start);
            match usize::try_from(inside).ok().filter(|&inside| inside < self.code.len()) {
                Some(inside) => self.left.push(inside),
                None => self.targets.push(target),
            }
        }
        match instruction.flow_control() {
            FlowControl::Next | FlowControl::ConditionalBranch | FlowControl::Call | FlowControl::IndirectCall => true,
            FlowControl::XbeginXabortXend => true,
            FlowControl::UnconditionalBranch
            | FlowControl::IndirectBranch
            | FlowControl::Return
            | FlowControl::Interrupt
            | FlowControl::Exception => false,
        }
    }
}
