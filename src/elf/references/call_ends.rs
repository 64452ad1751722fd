//! Where calls may end, found without cutting code into instructions: more places than there are calls, and none less.

use memchr::memchr3_iter;

use crate::elf::Architecture;

/// Instructions are no longer.
const LONGEST: usize = 15;
const CALL: u8 = 0xe8;
/// Calls and jumps through registers and memory, and more.
const INDIRECT: u8 = 0xff;
/// Begins instructions of two bytes and more, some of which enter the system or a hypervisor.
const LONG: u8 = 0x0f;

/// Offsets in `code` of bytes that may be the last one of an instruction that calls, ascending, each once. Bytes of `before`, which stand in front of
/// it, may be how such an instruction begins. On arm64 `code` is taken to begin at a multiple of four.
#[must_use]
pub fn call_ends(architecture: Architecture, before: &[u8], code: &[u8]) -> Vec<usize> {
    match architecture {
        Architecture::X86_64 => {
            let near = &before[before.len().saturating_sub(LONGEST)..];
            let mut ends: Vec<usize> = x86_64(&[near, code].concat());
            ends.retain(|&end| end >= near.len() && end < near.len() + code.len());
            ends.iter_mut().for_each(|end| *end -= near.len());
            ends
        }
        Architecture::Arm64 => {
            let (words, _) = code.as_chunks::<4>();
            let calls = words.iter().enumerate().filter(|(_, word)| arm64(u32::from_le_bytes(**word)));
            calls.map(|(number, _)| 4 * number + 3).collect()
        }
    }
}

fn x86_64(code: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    for at in memchr3_iter(CALL, INDIRECT, LONG, code) {
        let behind = code.get(at + 1..).unwrap_or_default();
        match (code[at], behind) {
            (CALL, _) => ends.push(at + 4),
            // call r/m64; call m16:64.
            (INDIRECT, [modrm, rest @ ..]) if matches!(modrm >> 3 & 7, 2 | 3) => ends.push(at + operand(*modrm, rest)),
            // syscall, sysenter; vmcall and its like.
            (LONG, [0x05 | 0x34, ..]) => ends.push(at + 1),
            (LONG, [0x01, modrm, ..]) if *modrm >= 0xc0 => ends.push(at + 2),
            _ => {}
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// Bytes of an operand in a register or in memory.
fn operand(modrm: u8, behind: &[u8]) -> usize {
    let (mode, register) = (modrm >> 6, modrm & 7);
    let has_index = mode != 3 && register == 4;
    // A register as base is 5 where there is none.
    let base = if has_index { behind.first().map_or(0, |index| index & 7) } else { register };
    let distance = match mode {
        0 if base == 5 => 4,
        1 => 1,
        2 => 4,
        _ => 0,
    };
    1 + usize::from(has_index) + distance
}

/// `bl`, `blr`, and `blr` that authenticates.
fn arm64(word: u32) -> bool {
    word >> 26 == 0b10_0101 || (word >> 25 == 0b110_1011 && matches!(word >> 21 & 0xf, 1 | 9))
}

#[cfg(test)]
mod tests {
    use iced_x86::{Decoder, DecoderOptions};
    use proptest::prelude::*;

    use super::*;

    fn ends(code: &[u8]) -> Vec<usize> {
        call_ends(Architecture::X86_64, &[], code)
    }

    #[test]
    fn calls_end_where_they_do() {
        assert_eq!(ends(&[0xe8, 1, 2, 3, 4, 0x90]), [4]);
        // call rax; call r12; call [rip + x]; call [rax + 8]; call [r12 + 0x100]; call [rax * 8 + x].
        assert_eq!(ends(&[0xff, 0xd0]), [1]);
        assert_eq!(ends(&[0x41, 0xff, 0xd4]), [2]);
        assert_eq!(ends(&[0xff, 0x15, 1, 2, 3, 4]), [5]);
        assert_eq!(ends(&[0xff, 0x50, 8]), [2]);
        assert_eq!(ends(&[0x41, 0xff, 0x94, 0x24, 0, 1, 0, 0]), [7]);
        assert_eq!(ends(&[0xff, 0x14, 0xc5, 1, 2, 3, 4]), [6]);
        // jmp rax; inc [rax]; push rbx.
        assert_eq!(ends(&[0xff, 0xe0, 0xff, 0x00, 0x53]), [0; 0]);
        // One that begins before.
        assert_eq!(call_ends(Architecture::X86_64, &[0xe8, 1], &[2, 3, 4, 5]), [2]);
        // One that is cut off.
        assert_eq!(ends(&[0xe8, 1, 2, 3]), [0; 0]);
    }

    #[test]
    fn arm64_calls_are_words() {
        let code: Vec<u8> = [0x9400_0001_u32, 0xd63f_0100, 0xd61f_0100, 0xd63f_091f, 0x1400_0000]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        assert_eq!(call_ends(Architecture::Arm64, &[], &code), [3, 7, 15]);
    }

    proptest! {
        #[test]
        fn no_call_is_missed(mut code in proptest::collection::vec(any::<u8>(), 20), at in 0..12_usize, opcode in 0..3_u8) {
            // Random bytes have few calls.
            code[at] = [CALL, INDIRECT, LONG][usize::from(opcode)];
            let found = ends(&code);
            for start in 0..code.len() {
                let mut decoder = Decoder::new(64, &code[start..], DecoderOptions::NONE);
                let instruction = decoder.decode();
                let calls = instruction.is_call_near() || instruction.is_call_near_indirect()
                    || instruction.is_call_far() || instruction.is_call_far_indirect();
                if !instruction.is_invalid() && calls {
                    prop_assert!(found.contains(&(start + instruction.len() - 1)), "{:02x?} at {start}", code);
                }
            }
        }
    }
}
