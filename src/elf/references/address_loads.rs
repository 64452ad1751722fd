//! Instructions of `x86_64` that take the address of something, told from bytes that only look like one.
//!
//! An instruction counts where control gets to it from the first byte of a function or from a landing pad, both of which the unwind
//! tables name: along instructions that follow each other, direct branches, and jumps through tables of distances. Where control
//! would get into the middle of an instruction, or to what is none, nothing in that function counts.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, OpKind};
use memchr::memmem;
use object::elf;

use super::code::code_references;
use super::data::data_pointers;
use super::targets::merged;
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

/// Code that control enters from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::elf) struct EnteredCode<'t> {
    /// Its addresses; it is entered at the first.
    pub(in crate::elf) range: Range<u64>,
    /// Offsets from there at which it is entered as well: landing pads.
    pub(in crate::elf) entries: &'t [u64],
}

/// Linkers write four loaded segments, a few more where they are told to. To ask thousands for each address would take too long.
const MAX_SEGMENTS: usize = 64;

/// What a library says that compares its own code to a checksum (the FIPS modules of BoringSSL and AWS-LC): there, code that means
/// the same is not the same.
const CHECKS_ITSELF: &[u8] = b"FIPS integrity test";

/// Every `lea` of an address relative to itself that control gets to in one of the functions, and that no branch or pointer leads
/// into the middle of; in the order of addresses. None on arm64.
pub(in crate::elf) fn address_loads(image: &Image<'_>, functions: &[EnteredCode<'_>]) -> Vec<AddressLoad> {
    let too_many = image.segments().len() > MAX_SEGMENTS;
    if too_many || image.architecture() != Architecture::X86_64 || memmem::find(image.data(), CHECKS_ITSELF).is_some() {
        return Vec::new();
    }
    let referred = referred_to(image);
    let mut found = Vec::new();
    for function in &apart(functions) {
        let Some(code) = code_of(image, &function.range) else { continue };
        // Many functions may share one long list, but none has more landing pads than bytes.
        if function.entries.len() > code.len() {
            continue;
        }
        let mut walk = Walk::of(image, code, function, &referred);
        if walk.reach_all().is_some() {
            found.append(&mut walk.loads);
        }
    }
    found.retain(|load| next_behind(&referred, load.address).is_none_or(|next| next - load.address >= LENGTH as u64));
    found
}

/// Every address that an instruction or a pointer in data leads to, sorted. Code is read straight on: what is no instruction only
/// adds addresses.
fn referred_to(image: &Image<'_>) -> Vec<u64> {
    let loaded = image.segments().iter().filter(|segment| segment.is_load());
    let loaded: Vec<Range<u64>> = merged(
        loaded.map(|s| s.address..s.address.saturating_add(s.memory_size)).filter(|range| !range.is_empty()).collect(),
    );
    let mut references = Vec::new();
    for segment in image.segments().iter().filter(|segment| segment.is_executable()) {
        let code = image.bytes(&segment.file_range).unwrap_or_default();
        code_references(image.architecture(), code, segment.address, &loaded, &mut references);
    }
    let mut referred: Vec<u64> = references.into_iter().map(|reference| reference.to).collect();
    referred.extend(data_pointers(image).iter().map(|pointer| pointer.target));
    referred.sort_unstable();
    referred.dedup();
    referred
}

/// The first of the addresses that is above another.
fn next_behind(addresses: &[u64], address: u64) -> Option<u64> {
    addresses.get(addresses.partition_point(|&next| next <= address)).copied()
}

/// Those that share no address with another, sorted. Two descriptions of the same function are one.
fn apart<'t>(functions: &[EnteredCode<'t>]) -> Vec<EnteredCode<'t>> {
    let mut sorted: Vec<EnteredCode<'t>> = functions.iter().filter(|code| !code.range.is_empty()).cloned().collect();
    sorted.sort_by_key(|code| (code.range.start, code.range.end));
    sorted.dedup();
    let mut end = 0;
    let mut is_apart = Vec::with_capacity(sorted.len());
    for (number, code) in sorted.iter().enumerate() {
        let next = sorted.get(number + 1).map_or(u64::MAX, |next| next.range.start);
        is_apart.push(code.range.start >= end && code.range.end <= next);
        end = end.max(code.range.end);
    }
    let mut is_apart = is_apart.into_iter();
    sorted.retain(|_| is_apart.next().unwrap_or(false));
    sorted
}

/// The bytes of a function, where they are code that nothing writes.
fn code_of<'data>(image: &Image<'data>, function: &Range<u64>) -> Option<&'data [u8]> {
    let mut writable = image.segments().iter().filter(|segment| segment.flags & elf::PF_W.0 != 0);
    let is_written = writable.any(|segment| segment.offset_of(function.start).is_some());
    image.code(function).filter(|_| !is_written)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Unknown,
    First,
    Inside,
}

/// Follows control through one function.
struct Walk<'i, 'data> {
    image: &'i Image<'data>,
    /// Every address that something leads to, sorted.
    referred: &'i [u64],
    code: &'data [u8],
    start: u64,
    bytes: Vec<Byte>,
    /// Offsets that control gets to and that were not decoded from yet.
    left: Vec<usize>,
    loads: Vec<AddressLoad>,
    /// It jumps to an address in a register: through a table whose address it took.
    jumps_by_register: bool,
    /// How many addresses that it took were looked at for tables.
    looked_at: usize,
    /// Entries of tables that may still be read: a function has not many times more of them than bytes.
    budget: usize,
}

impl<'i, 'data> Walk<'i, 'data> {
    fn of(image: &'i Image<'data>, code: &'data [u8], function: &EnteredCode<'_>, referred: &'i [u64]) -> Self {
        let entries = function.entries.iter().filter_map(|&entry| usize::try_from(entry).ok());
        Self {
            image,
            referred,
            code,
            start: function.range.start,
            bytes: vec![Byte::Unknown; code.len()],
            left: entries.chain([0]).collect(),
            loads: Vec::new(),
            jumps_by_register: false,
            looked_at: 0,
            budget: code.len().saturating_mul(4).saturating_add(1024),
        }
    }

    /// `None` where something is no instruction, or two overlap.
    fn reach_all(&mut self) -> Option<()> {
        let mut decoder = Decoder::with_ip(64, self.code, self.start, DecoderOptions::NONE);
        while !self.left.is_empty() {
            while let Some(at) = self.left.pop() {
                self.follow(at, &mut decoder)?;
            }
            if self.jumps_by_register {
                self.read_tables();
            }
        }
        self.loads.sort_by_key(|load| load.address);
        Some(())
    }

    /// From an offset on, until control goes elsewhere or to what is known. Behind the last byte is a call that does not return, or
    /// the function behind.
    fn follow(&mut self, mut at: usize, decoder: &mut Decoder<'_>) -> Option<()> {
        let mut instruction = Instruction::default();
        while at < self.code.len() {
            match self.bytes.get(at)? {
                Byte::First => return Some(()),
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
                return Some(());
            }
            at = end;
        }
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
            self.left.extend(self.inside(instruction.near_branch64()));
        }
        match instruction.flow_control() {
            FlowControl::Next | FlowControl::ConditionalBranch | FlowControl::Call | FlowControl::IndirectCall => true,
            FlowControl::XbeginXabortXend => true,
            FlowControl::IndirectBranch => {
                self.jumps_by_register |= instruction.op0_kind() == OpKind::Register;
                false
            }
            FlowControl::UnconditionalBranch
            | FlowControl::Return
            | FlowControl::Interrupt
            | FlowControl::Exception => false,
        }
    }

    /// Offset of an address in this function.
    fn inside(&self, address: u64) -> Option<usize> {
        let inside = usize::try_from(address.wrapping_sub(self.start)).ok()?;
        (inside < self.code.len()).then_some(inside)
    }

    /// A table of jumps ends where something else begins that code refers to: another table, whose distances are from elsewhere. It holds distances from itself into the function, four bytes each, as compilers write it for code at any address.
    /// What stands at another address leads into the function by chance: once in four billion for each byte of the function.
    fn read_tables(&mut self) {
        while let Some(load) = self.loads.get(self.looked_at).copied() {
            self.looked_at += 1;
            let Some(entries) = self.data_at(load.target) else { continue };
            let end = next_behind(self.referred, load.target).map_or(usize::MAX, |next| (next - load.target) as usize);
            let entries = entries.get(..end).unwrap_or(entries);
            for entry in entries.as_chunks::<4>().0.iter().take(self.budget) {
                let target = load.target.wrapping_add_signed(i64::from(i32::from_le_bytes(*entry)));
                let Some(inside) = self.inside(target) else { break };
                self.budget -= 1;
                self.left.push(inside);
            }
        }
    }

    /// What stands at an address that is no code, to the end of its segment.
    fn data_at(&self, address: u64) -> Option<&'data [u8]> {
        let segment = self.image.segments().iter().find(|segment| segment.offset_of(address).is_some())?;
        let offset = segment.offset_of(address).filter(|_| self.inside(address).is_none())?;
        self.image.bytes(&(offset..segment.file_range.end))
    }
}
