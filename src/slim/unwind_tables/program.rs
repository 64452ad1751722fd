//! Call frame instructions of neighbouring functions, one after the other.

use crate::elf::ProgramShape;

const REMEMBER_STATE: u8 = 0x0a;
const RESTORE_STATE: u8 = 0x0b;
/// Most bytes of instructions that undo what a function leaves. A remembered state takes two, and makes unwinders copy all rules of a row twice:
/// of 0, 1, 2, 3, 4 and all, 3 and 4 were a fifth faster than 0 and 0.03 % of the zip larger, all as fast and 0.08 % larger (2026-11-30, a panic of 20
/// frames, a function of 19 MB with fat LTO).
const MOST_UNDOING: usize = 4;

/// The call frame instructions of one of the functions.
#[derive(Debug, Clone)]
pub(super) struct Part<'m> {
    /// Where the function starts, in units of code alignment from the start of the first one.
    pub(super) offset: u64,
    pub(super) program: &'m [u8],
    pub(super) shape: &'m ProgramShape,
}

/// The instructions of all. Each function begins in the row of the common part: where one before it left another, that is undone by
/// instructions or by a state that was remembered before. `None` where a distance is too long.
pub(super) fn join(parts: &[Part<'_>]) -> Option<Vec<u8>> {
    let mut program = Vec::new();
    let mut at = 0;
    let mut undo: &[u8] = &[];
    for (number, part) in parts.iter().enumerate() {
        if !undo.is_empty() {
            advance(&mut program, part.offset.checked_sub(at)?)?;
            program.extend(undo);
            at = part.offset;
        }
        let own = part.program.get(..part.shape.size)?;
        undo = undoing(part.shape).unwrap_or(&[RESTORE_STATE]);
        if undoing(part.shape).is_none() && number + 1 < parts.len() {
            program.push(REMEMBER_STATE);
        }
        if own.is_empty() {
            continue;
        }
        let (lead, distance) = part.shape.lead;
        advance(&mut program, part.offset.checked_sub(at)?.checked_add(distance)?)?;
        program.extend(&own[lead..]);
        at = part.offset.checked_add(part.shape.last_row)?;
    }
    Some(program)
}

/// Instructions that undo what a function leaves, where they are few.
fn undoing(shape: &ProgramShape) -> Option<&[u8]> {
    shape.back.as_deref().filter(|back| back.len() <= MOST_UNDOING)
}

/// Most states that are remembered at once in what [`join`] makes of parts of such shapes.
pub(super) fn depth<'s>(shapes: impl Iterator<Item = &'s ProgramShape>) -> usize {
    shapes.map(|shape| shape.depth + usize::from(undoing(shape).is_none())).max().unwrap_or(0)
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

    /// The CFA by an expression.
    const LOST: [u8; 4] = [0x41, 0x0f, 1, 0x30];

    #[test]
    fn what_a_function_leaves_is_undone_where_the_next_one_starts() {
        let both = [&SAVES[..], &[0x4f, 0xc3], &SAVES].concat();
        assert_eq!(joined(&[(0, &SAVES), (0x90, &SAVES)]), both);
        // A leaf between them.
        let with_leaf = [&SAVES[..], &[0x4f, 0xc3, 0x61], &SAVES[1..]].concat();
        assert_eq!(joined(&[(0, &SAVES), (0x90, &[]), (0xb0, &SAVES)]), with_leaf);
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &SAVES)]), [&RETURNS[..], &[0x49], &SAVES[1..]].concat());
    }

    #[test]
    fn a_row_that_is_as_at_the_start_needs_nothing() {
        let both = [&RETURNS[..], &[0x49], &RETURNS[1..]].concat();
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &RETURNS)]), both);
        assert_eq!(joined(&[(0, &[]), (0x10, &[]), (0x20, &RETURNS)]), [&[0x61][..], &RETURNS[1..]].concat());
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &[])]), RETURNS);
    }

    #[test]
    fn what_nothing_undoes_is_remembered_before() {
        let both = [&[0x0a][..], &LOST, &[0x4f, 0x0b], &RETURNS].concat();
        assert_eq!(joined(&[(0, &LOST), (0x10, &RETURNS)]), both);
        // Nothing comes behind the last one.
        assert_eq!(joined(&[(0, &RETURNS), (0x10, &LOST)]), [&RETURNS[..], &[0x49], &LOST[1..]].concat());
    }

    #[test]
    fn what_was_joined_can_be_joined_again() {
        let two = joined(&[(0, &SAVES), (0x90, &SAVES)]);
        let shape = ProgramShape::of(&INITIAL, &two).expect("followed");
        assert_eq!((shape.depth, shape.back.clone(), shape.last_row), (0, Some(vec![0xc3]), 0x90 + 0x81));
        let remembers = joined(&[(0, &LOST), (0x10, &LOST)]);
        let remembers = ProgramShape::of(&INITIAL, &remembers).expect("followed");
        assert_eq!((remembers.depth, remembers.back.clone()), (1, None));
        assert_eq!(depth([shape, remembers].iter()), 2);
    }
}
