//! Where functions begin that share one frame description.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl};

use super::instruction_length::layout;
use crate::elf::Architecture;

/// What compilers align functions to on `x86_64`.
const ALIGN: u64 = 16;
const INT3: u8 = 0xcc;

/// The functions in `code`, which is at `address`: each ends before filling, or where the next one begins. One begins behind filling, and
/// at those of `candidates` (sorted) that an instruction stands before which does not go on.
///
/// Code is decoded from its start. Where some bytes are no instruction, what follows up to the next candidate belongs to the function before.
pub(in crate::elf) fn functions_within(
    architecture: Architecture,
    code: &[u8],
    address: u64,
    candidates: &[u64],
) -> Vec<Range<u64>> {
    let mut functions = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let (end, next) = function_at(architecture, code, at, address, candidates);
        functions.push(address + at as u64..address + end as u64);
        at = next.max(at + 1);
    }
    functions
}

/// Where the function that starts at offset `start` ends, and where the next one begins.
fn function_at(
    architecture: Architecture,
    code: &[u8],
    start: usize,
    address: u64,
    candidates: &[u64],
) -> (usize, usize) {
    let mut at = start;
    let mut before = None;
    let mut decoder = (architecture == Architecture::X86_64).then(|| Decoder::new(64, code, DecoderOptions::NONE));
    while at < code.len() {
        if let Some(before) = before {
            let filling = match architecture {
                Architecture::X86_64 => x86_64_filling(code, at, address),
                Architecture::Arm64 => arm64_filling(code, at),
            };
            let begins = || candidates.binary_search(&(address + at as u64)).is_ok().then_some(at);
            if let Some(next) = filling.or_else(begins).filter(|_| may_end(architecture, code, &before)) {
                return (at, next);
            }
        }
        let length = match (&mut decoder, layout(code, at)) {
            (None, _) => 4,
            (Some(_), Some(layout)) => layout.length,
            (Some(decoder), None) => {
                let decoded = decoder.set_position(at).ok().map(|()| decoder.decode());
                match decoded.filter(|instruction| !instruction.is_invalid()) {
                    Some(instruction) => instruction.len(),
                    None => break,
                }
            }
        };
        if length == 0 {
            break;
        }
        before = Some(at..at + length);
        at += length;
    }
    // Data, or an instruction that was taken for another: up to where the next function may begin.
    let here = address + at as u64;
    let next = candidates.get(candidates.partition_point(|&candidate| candidate <= here));
    let next =
        next.and_then(|next| usize::try_from(next - address).ok()).map_or(code.len(), |next| next.min(code.len()));
    (next, next)
}

/// Where filling ends that begins at `at`.
fn x86_64_filling(code: &[u8], at: usize, address: u64) -> Option<usize> {
    let first = *code.get(at).filter(|&&byte| byte == INT3 || byte == 0)?;
    let next = at + (ALIGN - (address + at as u64) % ALIGN) as usize;
    code.get(at..next)?.iter().all(|&byte| byte == first).then_some(next)
}

/// True where the instruction may be the last of a function: it leaves, or calls what may not return.
fn may_end(architecture: Architecture, code: &[u8], instruction: &Range<usize>) -> bool {
    let bytes = code.get(instruction.clone()).unwrap_or_default();
    match architecture {
        Architecture::X86_64 => {
            let flow = Decoder::new(64, bytes, DecoderOptions::NONE).decode().flow_control();
            !matches!(flow, FlowControl::Next | FlowControl::ConditionalBranch)
        }
        Architecture::Arm64 => {
            let word = bytes.first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
            // b, bl; br, blr, ret; svc, brk and their like; udf.
            word & 0x7c00_0000 == 0x1400_0000
                || word & 0xfe00_0000 == 0xd600_0000
                || word >> 24 == 0xd4
                || word >> 16 == 0
        }
    }
}

/// Zeroes are no instruction.
fn arm64_filling(code: &[u8], at: usize) -> Option<usize> {
    let (words, _) = code.get(at..)?.as_chunks::<4>();
    let zeroes = words.iter().take_while(|word| **word == [0; 4]).count();
    (zeroes > 0).then_some(at + 4 * zeroes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(code: &[u8], candidates: &[u64]) -> Vec<Range<u64>> {
        functions_within(Architecture::X86_64, code, 0x1000, candidates)
    }

    #[test]
    fn a_function_begins_behind_filling() {
        for filling in [0, INT3] {
            let mut code = vec![0x31, 0xc0, 0xc3];
            code.resize(16, filling);
            // A call that does not return, and one more.
            code.extend([0xe8, 0, 0, 0, 0]);
            code.resize(32, filling);
            code.extend([0x90, 0xc3]);
            assert_eq!(within(&code, &[]), [0x1000..0x1003, 0x1010..0x1015, 0x1020..0x1022]);
        }
    }

    #[test]
    fn zeroes_of_an_instruction_are_no_filling() {
        // add al, cl at the end of 16 bytes; mov eax, 0 likewise.
        let mut code = vec![0x90; 15];
        code.extend([0x00, 0xc8, 0xc3]);
        assert!(within(&code, &[]).iter().eq([&(0x1000..0x1012)]));
        let mut code = vec![0x90; 11];
        code.extend([0xb8, 0, 0, 0, 0, 0xc3]);
        assert!(within(&code, &[]).iter().eq([&(0x1000..0x1011)]));
    }

    #[test]
    fn a_function_begins_where_it_may_and_the_one_before_ends() {
        let code = [&[0x90; 15][..], &[0xc3], &[0x90; 3], &[0xc3]].concat();
        assert!(within(&code, &[]).iter().eq([&(0x1000..0x1014)]));
        assert_eq!(within(&code, &[0x1010, 0x2000]), [0x1000..0x1010, 0x1010..0x1014]);
        // Nothing ends before it.
        assert!(within(&[0x90; 32], &[0x1010]).iter().eq([&(0x1000..0x1020)]));
        // No instruction, up to where one may begin.
        assert_eq!(within(&[0x90, 0x06, 0x90, 0xc3], &[0x1002]), [0x1000..0x1002, 0x1002..0x1004]);
    }

    #[test]
    fn arm64_functions_are_told_apart_by_what_is_no_instruction() {
        let ret = [0xc0, 0x03, 0x5f, 0xd6];
        let code = [&ret[..], &ret, &[0; 8], &ret].concat();
        let found = functions_within(Architecture::Arm64, &code, 0x1000, &[]);
        assert_eq!(found, [0x1000..0x1008, 0x1010..0x1014]);
        let found = functions_within(Architecture::Arm64, &code, 0x1000, &[0x1004]);
        assert_eq!(found, [0x1000..0x1004, 0x1004..0x1008, 0x1010..0x1014]);
    }
}
