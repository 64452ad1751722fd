//! References in arm64 code: addresses are built from a page and an offset, in two instructions that need not be neighbours.
//!
//! Goes straight on and remembers the page that each register holds. A register forgets it when it is written to, when a call may
//! have written to it, and, where calls do not keep it, when the code before does not go on into the code behind.

use super::code::CodeReference;
use super::targets::Targets;

const INSTRUCTION_SIZE: usize = 4;
const PAGE: u64 = 0x1000;
/// Registers that a call keeps: x19 to x29. Source: Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), "General-
/// purpose Registers", read 2026-11-24.
const KEPT: std::ops::RangeInclusive<usize> = 19..=29;
/// The stack pointer or zero: never a page.
const NO_REGISTER: usize = 31;

/// The pages that registers hold.
struct Pages([Option<u64>; 32]);

impl Pages {
    fn of(&self, register: usize) -> Option<u64> {
        self.0.get(register).copied().flatten()
    }

    fn set(&mut self, register: usize, page: Option<u64>) {
        if register != NO_REGISTER
            && let Some(slot) = self.0.get_mut(register)
        {
            *slot = page;
        }
    }

    fn forget(&mut self, register: usize) {
        self.set(register, None);
    }

    fn forget_what_calls_change(&mut self) {
        for (register, page) in self.0.iter_mut().enumerate() {
            if !KEPT.contains(&register) {
                *page = None;
            }
        }
    }
}

/// Appends the references in `code` to `into`.
pub(super) fn references(code: &[u8], address: u64, targets: &Targets<'_>, into: &mut Vec<CodeReference>) {
    let (words, _) = code.as_chunks::<INSTRUCTION_SIZE>();
    let mut pages = Pages([None; 32]);
    let mut from = address;
    for word in words {
        let word = u32::from_le_bytes(*word);
        if let Some((to, size)) = reference(word, from, &pages)
            && targets.contain(to)
        {
            into.push(CodeReference { from, to, size });
        }
        update(word, from, &mut pages);
        from = from.wrapping_add(INSTRUCTION_SIZE as u64);
    }
}

/// `count` bits of the word from bit `start`.
fn bits(word: u32, start: u32, count: u32) -> u32 {
    word >> start & ((1 << count) - 1)
}

/// The same, as a register's number.
fn register(word: u32, start: u32) -> usize {
    bits(word, start, 5) as usize
}

/// The same, as a signed number.
fn signed(word: u32, start: u32, count: u32) -> i64 {
    let unused = 32 - count;
    i64::from((bits(word, start, count) << unused).cast_signed() >> unused)
}

/// What the instruction refers to, and how many bytes it reads or writes there.
fn reference(word: u32, at: u64, pages: &Pages) -> Option<(u64, u32)> {
    let relative = |words: i64| at.wrapping_add_signed(words * INSTRUCTION_SIZE as i64);
    match word >> 24 {
        // adr
        top if top & 0x9f == 0x10 => Some((at.wrapping_add_signed(page_distance(word)), 0)),
        // add (64-bit, immediate)
        0x91 if word & 1 << 23 == 0 => {
            let page = pages.of(register(word, 5))?;
            let shift = bits(word, 22, 1) * 12;
            Some((page.wrapping_add(u64::from(bits(word, 10, 12) << shift)), 0))
        }
        // Load or store with an unsigned offset.
        top if top & 0x3b == 0x39 => {
            let page = pages.of(register(word, 5))?;
            let scale = scale(word)?;
            let size = if is_prefetch(word) { 0 } else { 1 << scale };
            Some((page.wrapping_add(u64::from(bits(word, 10, 12)) << scale), size))
        }
        // Load of a literal.
        top if top & 0x3b == 0x18 => Some((relative(signed(word, 5, 19)), literal_size(word))),
        // b, bl
        top if top & 0x7c == 0x14 => Some((relative(signed(word, 0, 26)), 0)),
        // b.cond; cbz, cbnz
        top if top == 0x54 || top & 0x7e == 0x34 => Some((relative(signed(word, 5, 19)), 0)),
        // tbz, tbnz
        top if top & 0x7e == 0x36 => Some((relative(signed(word, 5, 14)), 0)),
        _ => None,
    }
}

/// The immediate value of `adr` and `adrp`: its low two bits stand apart.
fn page_distance(word: u32) -> i64 {
    signed(word, 5, 19) << 2 | i64::from(bits(word, 29, 2))
}

/// Of a load or store with an unsigned offset: the power of two that the offset counts in, and the size.
fn scale(word: u32) -> Option<u32> {
    let (size, vector, operation) = (bits(word, 30, 2), bits(word, 26, 1), bits(word, 22, 2));
    match (vector, operation) {
        // 128 bits; the same with another size is not allocated.
        (1, 2 | 3) => (size == 0).then_some(4),
        _ => Some(size),
    }
}

fn is_prefetch(word: u32) -> bool {
    bits(word, 30, 2) == 3 && bits(word, 26, 1) == 0 && bits(word, 22, 2) == 2
}

fn literal_size(word: u32) -> u32 {
    match (bits(word, 26, 1), bits(word, 30, 2)) {
        (0, 0 | 2) | (1, 0) => 4,
        (0, 1) | (1, 1) => 8,
        (1, 2) => 16,
        // A prefetch, or not allocated.
        _ => 0,
    }
}

/// What the instruction does to the registers.
fn update(word: u32, at: u64, pages: &mut Pages) {
    let written = register(word, 0);
    match bits(word, 25, 4) {
        // Data processing with an immediate value.
        0b1000 | 0b1001 => {
            let page = (word & 0x9f00_0000 == 0x9000_0000)
                .then(|| (at & !(PAGE - 1)).wrapping_add_signed(page_distance(word) << 12));
            pages.set(written, page);
        }
        0b1010 | 0b1011 => update_by_branch(word, pages),
        // Data processing with registers; a conditional comparison has flags where others have the register.
        0b0101 | 0b1101 if word & 0x1fe0_0000 != 0x1a40_0000 => pages.forget(written),
        // Vectors: conversions to, and moves into, general registers.
        0b0111 | 0b1111 => {
            let converts = word & 0x5f20_fc00 == 0x1e20_0000 && !matches!(bits(word, 16, 3), 2 | 3);
            let moves = matches!(word & 0xbfe0_fc00, 0x0e00_2c00 | 0x0e00_3c00);
            if converts || moves {
                pages.forget(written);
            }
        }
        0b0100 | 0b0110 | 0b1100 | 0b1110 => update_by_access(word, pages),
        _ => {}
    }
}

/// Branches, and what reads a system register.
fn update_by_branch(word: u32, pages: &mut Pages) {
    match word >> 24 {
        // Calls (bl, blr), and the ends of what goes straight on (b, br, ret).
        0x94..=0x97 | 0x14..=0x17 | 0xd6 | 0xd7 => pages.forget_what_calls_change(),
        0xd5 if word & 0xfff0_0000 == 0xd530_0000 => pages.forget(register(word, 0)),
        _ => {}
    }
}

/// Loads and stores: which general registers they write to.
fn update_by_access(word: u32, pages: &mut Pages) {
    let (first, base) = (register(word, 0), register(word, 5));
    let general = bits(word, 26, 1) == 0;
    match bits(word, 27, 3) {
        // One register.
        0b111 => {
            let unscaled = bits(word, 24, 1) == 0;
            let form = bits(word, 10, 2);
            let by_register_or_atomic = bits(word, 21, 1) == 1;
            let is_load = bits(word, 22, 2) != 0;
            let atomic = unscaled && by_register_or_atomic && form == 0;
            if general && (is_load || atomic) && !is_prefetch(word) {
                pages.forget(first);
            }
            if unscaled && !by_register_or_atomic && form & 1 == 1 {
                pages.forget(base);
            }
        }
        // Two registers.
        0b101 => {
            if general && bits(word, 22, 1) == 1 {
                pages.forget(first);
                pages.forget(register(word, 10));
            }
            if bits(word, 23, 1) == 1 {
                pages.forget(base);
            }
        }
        // A literal; stores of a tag and the like, which are none, cost a page at worst.
        0b011 if general => pages.forget(first),
        // Exclusive and ordered access, compare and swap.
        0b001 if general => {
            if bits(word, 22, 1) == 1 {
                pages.forget(first);
                if bits(word, 21, 1) == 1 {
                    pages.forget(register(word, 10));
                }
            }
            pages.forget(register(word, 16));
        }
        // Several vectors: behind the access the base moves on.
        0b001 if bits(word, 23, 1) == 1 => pages.forget(base),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: std::ops::Range<u64> = 0x10_0000..0x20_0000;

    fn found(words: &[u32]) -> Vec<CodeReference> {
        let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut found = Vec::new();
        references(&code, 0x1000, &Targets::around(0x1000, std::slice::from_ref(&DATA)), &mut found);
        found
    }

    // As objdump shows them at 0x1000 and behind.
    const ADRP_X8_101000: u32 = 0x9000_0808;
    const ADD_X0_X8_20: u32 = 0x9100_8100;
    const LDR_X1_X8_40: u32 = 0xf940_2101;
    const LDR_Q0_X8_40: u32 = 0x3dc0_1100;
    const LDR_X8_X8_40: u32 = 0xf940_2108;
    const BL_2000: u32 = 0x9400_03ff;

    #[test]
    fn a_page_serves_every_offset_until_its_register_is_written() {
        let words = [ADRP_X8_101000, ADD_X0_X8_20, LDR_X1_X8_40, LDR_Q0_X8_40, LDR_X8_X8_40, ADD_X0_X8_20];
        let expected =
            [(0x1004, 0x10_1020, 0), (0x1008, 0x10_1040, 8), (0x100c, 0x10_1040, 16), (0x1010, 0x10_1040, 8)];
        assert_eq!(found(&words), expected.map(|(from, to, size)| CodeReference { from, to, size }));
    }

    #[test]
    fn a_call_ends_the_page_of_a_register_that_it_does_not_keep() {
        assert!(found(&[ADRP_X8_101000, BL_2000, ADD_X0_X8_20]).is_empty());
        let kept = |word: u32, start: u32| word & !(31 << start) | 20 << start;
        let words = [kept(ADRP_X8_101000, 0), BL_2000, kept(ADD_X0_X8_20, 5)];
        assert_eq!(found(&words), [CodeReference { from: 0x1008, to: 0x10_1020, size: 0 }]);
    }
}
