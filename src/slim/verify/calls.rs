//! Where an instruction that calls may end. An exception comes to a function by its calls, and is looked up by their last bytes.
//!
//! Where instructions begin is not believed of anybody: on `x86_64` whatever decodes as a call from any byte counts, be it inside of another
//! instruction. Promises: more places than there are calls, never fewer; what cannot be read, or is of an architecture that is not
//! known here, may be one.

use goblin::elf::Elf;
use goblin::elf::header::{EM_AARCH64, EM_X86_64};
use iced_x86::{Decoder, DecoderOptions, FlowControl};

use super::loaded::Loaded;

/// Size of the longest instruction of `x86_64` in bytes.
const LONGEST: u64 = 15;

/// The code of a file.
pub(super) struct Calls<'f> {
    loaded: &'f Loaded<'f>,
    machine: u16,
}

impl<'f> Calls<'f> {
    pub(super) fn new(elf: &Elf<'_>, loaded: &'f Loaded<'_>) -> Self {
        Self { loaded, machine: elf.header.e_machine }
    }

    /// Whether the byte at `address` may be the last one of an instruction that calls.
    pub(super) fn may_end(&self, address: u64) -> bool {
        match self.machine {
            EM_X86_64 => self.before(address, LONGEST).is_none_or(x86_64),
            EM_AARCH64 if address % 4 != 3 => false,
            EM_AARCH64 => {
                let word = self.before(address, 4).and_then(|bytes| bytes.first_chunk::<4>());
                word.is_none_or(|word| arm64(u32::from_le_bytes(*word)))
            }
            _ => true,
        }
    }

    /// The `size` bytes of which the last is at `address`.
    fn before(&self, address: u64, size: u64) -> Option<&'f [u8]> {
        self.loaded.bytes(address.checked_sub(size - 1)?, size)
    }
}

/// Whether some instruction that calls ends with the last of `bytes`.
fn x86_64(bytes: &[u8]) -> bool {
    let mut may_begin = false;
    (0..bytes.len().saturating_sub(1)).rev().filter_map(|start| bytes.get(start..)).any(|bytes| {
        // Any instruction of iced's `Call`, such as `syscall`, has one of these opcodes, if not prefixes before. Decoding takes the time.
        may_begin = match bytes.first() {
            Some(0x0f | 0xe8 | 0xff) => true,
            Some(0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3) => may_begin,
            _ => false,
        };
        may_begin && is_call(bytes)
    })
}

/// Whether `bytes` are one instruction, which calls.
fn is_call(bytes: &[u8]) -> bool {
    let instruction = Decoder::new(64, bytes, DecoderOptions::NONE).decode();
    !instruction.is_invalid()
        && instruction.len() == bytes.len()
        && matches!(instruction.flow_control(), FlowControl::Call | FlowControl::IndirectCall)
}

/// `bl`, `blr`, and with pointer authentication `blraa`, `blrab`, `blraaz`, `blrabz`.
fn arm64(word: u32) -> bool {
    word & 0xfc00_0000 == 0x9400_0000
        || word & 0xffff_fc1f == 0xd63f_0000
        || word & 0xffff_f81f == 0xd63f_081f
        || word & 0xffff_f800 == 0xd73f_0800
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `call` ends where code stands before it.
    fn ends(call: &[u8]) -> bool {
        let mut bytes = vec![0x90; 15];
        bytes.extend(call);
        x86_64(&bytes[call.len()..])
    }

    #[test]
    fn calls_of_every_form_end_where_they_end() {
        for call in [
            &[0xe8, 1, 2, 3, 4][..],
            &[0xff, 0xd0],
            &[0x41, 0xff, 0xd4],
            &[0xff, 0x15, 1, 2, 3, 4],
            &[0xff, 0x50, 8],
            &[0xff, 0x14, 0x25, 1, 2, 3, 4],
            &[0x41, 0xff, 0x94, 0xc4, 1, 2, 3, 4],
            &[0x3e, 0xff, 0xd0],
            // As linkers pad the call of `__tls_get_addr`.
            &[0x66, 0x66, 0x48, 0xe8, 1, 2, 3, 4],
            &[0xff, 0x18],
            &[0x0f, 0x05],
            &[0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xe8, 1, 2, 3, 4],
        ] {
            assert!(ends(call), "{call:x?}");
            assert!(call.len() == 2 || !ends(&call[..call.len() - 1]), "{call:x?} ends too early");
            let longer = [call, &[0x90]].concat();
            assert!(!ends(&longer), "{call:x?} ends too late");
        }
        // jmp, jmp through a register, ret, push, inc; nothing at all.
        for other in [&[0xe9, 1, 2, 3, 4][..], &[0xff, 0xe0], &[0xc3], &[0xff, 0x35, 1, 2, 3, 4], &[0xff, 0xc0], &[]] {
            assert!(!ends(other), "{other:x?}");
        }
        // Inside of `mov eax, 0xd0ff`.
        assert!(ends(&[0xb8, 0xff, 0xd0]));
        assert!(!ends(&[0xb8, 0xff, 0xd0, 0, 0]));
    }

    /// Looking at opcodes alone leaves nothing out that the decoder takes for a call.
    #[test]
    fn no_call_begins_otherwise() {
        let mut calls = 0;
        for first in 0..=0xff_u8 {
            for second in 0..=0xff_u8 {
                for third in [0x01, 0x05, 0x0f, 0x10, 0x15, 0x34, 0x58, 0xc1, 0xd0, 0xd1, 0xe8, 0xff] {
                    let bytes = [first, second, third, 0xd0, 0x10, 0x48, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                    let length = Decoder::new(64, &bytes, DecoderOptions::NONE).decode().len();
                    if is_call(&bytes[..length]) {
                        assert!(ends(&bytes[..length]), "{:x?}", &bytes[..length]);
                        calls += 1;
                    }
                }
            }
        }
        assert!(calls > 1000, "{calls}");
    }

    #[test]
    fn calls_of_arm64_are_words() {
        // bl, bl backwards, blr x8, blraa x0 and x1, blrab, blraaz x3, blrabz.
        for call in [0x9400_0001, 0x97ff_ffff, 0xd63f_0100, 0xd73f_0801, 0xd73f_0c22, 0xd63f_087f, 0xd63f_0c7f] {
            assert!(arm64(call), "{call:x}");
        }
        // b, br x8, ret, braa, braaz, nop, svc.
        for other in [0x1400_0001, 0xd61f_0100, 0xd65f_03c0, 0xd71f_0801, 0xd61f_087f, 0xd503_201f, 0xd400_0001] {
            assert!(!arm64(other), "{other:x}");
        }
    }
}
