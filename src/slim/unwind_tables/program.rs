//! Call frame instructions of neighbouring functions, one after the other.

use crate::elf::ProgramShape;

const REMEMBER_STATE: u8 = 0x0a;
const RESTORE_STATE: u8 = 0x0b;

/// The call frame instructions of one of the functions.
#[derive(Debug, Clone)]
pub(super) struct Part<'m> {
    /// Where the function starts, in units of code alignment from the start of the first one.
    pub(super) offset: u64,
    pub(super) program: &'m [u8],
    pub(super) shape: &'m ProgramShape,
}

/// The instructions of all: each function begins in the row of the common part, which is remembered before the first instruction of a
/// function that does not lead back to it. `None` where a distance is too long.
pub(super) fn join(parts: &[Part<'_>]) -> Option<Vec<u8>> {
    let mut program = Vec::new();
    let mut at = 0;
    let mut left_changed = false;
    for (number, part) in parts.iter().enumerate() {
        if left_changed {
            advance(&mut program, part.offset.checked_sub(at)?)?;
            program.push(RESTORE_STATE);
            at = part.offset;
        }
        let own = part.program.get(..part.shape.size)?;
        if own.is_empty() {
            left_changed = false;
            continue;
        }
        left_changed = !part.shape.returns;
        if left_changed && number + 1 < parts.len() {
            program.push(REMEMBER_STATE);
        }
        let (lead, distance) = part.shape.lead;
        advance(&mut program, part.offset.checked_sub(at)?.checked_add(distance)?)?;
        program.extend(&own[lead..]);
        at = part.offset.checked_add(part.shape.last_row)?;
    }
    Some(program)
}

/// Most states that are remembered at once in what [`join`] makes of parts of such shapes.
pub(super) fn depth<'s>(shapes: impl Iterator<Item = &'s ProgramShape>) -> usize {
    shapes.map(|shape| shape.depth + usize::from(!shape.returns)).max().unwrap_or(0)
}

fn advance(program: &mut Vec<u8>, distance: u64) -> Option<()> {
    match distance {
        0 => {}
        1..0x40 => program.push(0x40 | distance as u8),
        0x40..0x100 => program.extend([0x02, distance as u8]),
        0x100..0x1_0000 => {
            program.push(0x03);
            program.extend((distance as u16).to_le_bytes());
        }
        _ => {
            program.push(0x04);
            program.extend(u32::try_from(distance).ok()?.to_le_bytes());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The initial instructions of LLVM for `x86_64`.
    const INITIAL: [u8; 5] = [0x0c, 7, 8, 0x90, 1];
    /// push rbx; ...; pop rbx; ret.
    const SAVES: [u8; 9] = [0x41, 0x0e, 16, 0x83, 2, 0x02, 0x80, 0x0e, 8];
    /// push rax; ...; pop rax; ret.
    const RETURNS: [u8; 6] = [0x41, 0x0e, 16, 0x47, 0x0e, 8];

    fn joined(functions: &[(u64, &[u8])]) -> Vec<u8> {
        let shapes: Vec<ProgramShape> =
            functions.iter().map(|(_, program)| ProgramShape::of(&INITIAL, program).expect("followed")).collect();
        let parts: Vec<Part<'_>> = functions
            .iter()
            .zip(&shapes)
            .map(|((offset, program), shape)| Part { offset: *offset, program, shape })
            .collect();
        join(&parts).expect("joined")
    }

    #[test]
    fn a_row_that_stays_changed_is_restored_where_the_next_function_starts() {
        let both = [&[0x0a][..], &SAVES, &[0x4f, 0x0b], &SAVES].concat();
        assert_eq!(joined(&[(0, &SAVES), (0x90, &SAVES)]), both);
        // A leaf between them: the state is the one that was remembered.
        assert_eq!(
            joined(&[(0, &SAVES), (0x90, &[]), (0xb0, &SAVES)]),
            [&[0x0a][..], &SAVES, &[0x4f, 0x0b, 0x61], &SAVES[1..]].concat()
        );
    }

    #[test]
    fn a_row_that_is_as_at_the_start_needs_no_restoring() {
        let both = [&RETURNS[..], &[0x49], &RETURNS[1..]].concat();
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &RETURNS)]), both);
        assert_eq!(joined(&[(0, &[]), (0x10, &[]), (0x20, &RETURNS)]), [&[0x61][..], &RETURNS[1..]].concat());
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &[])]), RETURNS);
    }

    #[test]
    fn what_was_joined_can_be_joined_again() {
        let two = joined(&[(0, &SAVES), (0x90, &SAVES)]);
        let shape = ProgramShape::of(&INITIAL, &two).expect("followed");
        assert_eq!((shape.depth, shape.returns, shape.last_row), (1, false, 0x90 + 0x81));
        assert_eq!(depth([shape.clone(), shape].iter()), 2);
    }
}
