//! Whether control can run off the end of a function.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl};

use super::instruction_length::layout;

/// True where the last instruction of the `x86_64` function `code` returns, jumps or traps, so that nothing comes to what stands behind it.
/// A call at the end, of a function that does not return, is no such instruction: nothing in the code proves it.
///
/// The function is decoded from its start. Where that does not come out at its end, the answer is false.
#[must_use]
pub fn ends_for_good(code: &[u8]) -> bool {
    let Some(last) = last_instruction(code) else { return false };
    let Some(bytes) = code.get(last) else { return false };
    let instruction = Decoder::new(64, bytes, DecoderOptions::NONE).decode();
    let flow = instruction.flow_control();
    let leaves = matches!(
        flow,
        FlowControl::Return | FlowControl::UnconditionalBranch | FlowControl::IndirectBranch | FlowControl::Exception
    );
    leaves && !instruction.is_invalid() && instruction.len() == bytes.len()
}

fn last_instruction(code: &[u8]) -> Option<Range<usize>> {
    let mut at = 0;
    let mut decoder = None;
    loop {
        let length = match layout(code, at) {
            Some(layout) => layout.length,
            None => {
                let decoder = decoder.get_or_insert_with(|| Decoder::new(64, code, DecoderOptions::NONE));
                decoder.set_position(at).ok()?;
                let instruction = decoder.decode();
                (!instruction.is_invalid()).then(|| instruction.len())?
            }
        };
        let end = at.checked_add(length)?;
        if end >= code.len() {
            return (end == code.len() && length > 0).then_some(at..end);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_ends_for_good_by_what_its_last_instruction_does() {
        let ends: [&[u8]; 6] =
            [&[0xc3], &[0x90, 0xeb, 0xfd], &[0xe9, 0, 0, 0, 0], &[0x0f, 0x0b], &[0xff, 0xe0], &[0x31, 0xc0, 0xc3]];
        for code in ends {
            assert!(ends_for_good(code), "{code:x?}");
        }
        let goes_on: [&[u8]; 6] =
            [&[], &[0xe8, 0, 0, 0, 0], &[0x74, 0], &[0x90], &[0xb8, 0xc3, 0xc3, 0xc3, 0xc3], &[0x48, 0xc3, 0x66]];
        for code in goes_on {
            assert!(!ends_for_good(code), "{code:x?}");
        }
    }
}
