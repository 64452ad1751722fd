//! Call frame instructions: whether they mean the same at another place, and what they come to.

use std::collections::BTreeSet;

use super::read::Reader;

/// `DW_OP_GNU_encoded_addr`: an address in an expression, in an encoding of its own.
const ENCODED_ADDRESS: u8 = 0xf1;

const DEF_CFA: u8 = 0x0c;
const DEF_CFA_OFFSET: u8 = 0x0e;
/// `DW_CFA_restore`, in the two highest bits.
const RESTORE: u8 = 0xc0;

/// Why some instructions cannot be moved; `Ok` where they can. `DW_CFA_*` numbers: DWARF 5, section 7.24, and GNU's extensions.
pub(super) fn check_movable(instructions: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader::new(instructions, 0);
    while !reader.is_empty() {
        step(&mut reader).ok_or("call frame instructions in an unknown or position-dependent form")?;
    }
    Ok(())
}

/// One instruction, as far as it matters here.
enum Step {
    Nop,
    /// The next row begins so many units of code alignment later.
    Advance(u64),
    Remember,
    RestoreState,
    /// The CFA is a register and an offset.
    Cfa(u64, u64),
    CfaRegister(u64),
    CfaOffset(u64),
    /// A register is saved at an offset.
    Saved(u64),
    /// A register has the rule of the CIE again.
    Restored(u64),
    /// `DW_CFA_GNU_args_size`, which remembered states do not hold.
    ArgumentsSize,
    Other,
}

fn step(reader: &mut Reader<'_>) -> Option<Step> {
    let code = reader.u8()?;
    let low = u64::from(code & 0x3f);
    Some(match code {
        0x00 => Step::Nop,
        0x40..=0x7f => Step::Advance(low),
        0x02 => Step::Advance(u64::from(reader.u8()?)),
        0x03 => Step::Advance(u64::from(u16::from_le_bytes(*reader.bytes(2)?.first_chunk()?))),
        0x04 => Step::Advance(u64::from(reader.u32()?)),
        0x0a => Step::Remember,
        0x0b => Step::RestoreState,
        0x0c => Step::Cfa(reader.uleb()?, reader.uleb()?),
        0x0d => Step::CfaRegister(reader.uleb()?),
        0x0e => Step::CfaOffset(reader.uleb()?),
        0x80..=0xbf => {
            reader.uleb()?;
            Step::Saved(low)
        }
        0xc0..=0xff => Step::Restored(low),
        0x06 => Step::Restored(reader.uleb()?),
        0x2e => {
            reader.uleb()?;
            Step::ArgumentsSize
        }
        0x2d => Step::Other,
        0x07 | 0x08 => {
            reader.uleb()?;
            Step::Other
        }
        0x05 | 0x09 | 0x14 | 0x2f => {
            reader.uleb()?;
            reader.uleb()?;
            Step::Other
        }
        0x0f => {
            expression(reader)?;
            Step::Other
        }
        0x10 | 0x16 => {
            reader.uleb()?;
            expression(reader)?;
            Step::Other
        }
        0x11 | 0x12 | 0x15 => {
            reader.uleb()?;
            reader.sleb()?;
            Step::Other
        }
        0x13 => {
            reader.sleb()?;
            Step::Other
        }
        // `DW_CFA_set_loc` (0x01) holds an address; all others are not known here.
        _ => return None,
    })
}

fn expression(reader: &mut Reader<'_>) -> Option<()> {
    let size = usize::try_from(reader.uleb()?).ok()?;
    let bytes = reader.bytes(size)?;
    (!bytes.contains(&ENCODED_ADDRESS)).then_some(())
}

/// Where the instructions of `program` stand that lead to another row, and how far that is from the start of the function, in units of code
/// alignment. Ends before an instruction that is not known.
pub(super) fn advances(program: &[u8]) -> Vec<(usize, u64)> {
    let (mut found, mut units) = (Vec::new(), 0_u64);
    let mut reader = Reader::new(program, 0);
    loop {
        let at = reader.at();
        match step(&mut reader) {
            None => return found,
            Some(Step::Advance(by)) => {
                units = units.saturating_add(by);
                found.push((at, units));
            }
            Some(_) => {}
        }
    }
}

/// What a program of call frame instructions comes to, for whoever puts another one behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramShape {
    /// Its bytes, without the filling at its end.
    pub size: usize,
    /// Where its last row begins, in units of code alignment from the start of the function.
    pub last_row: u64,
    /// Bytes of its first instruction and the distance, where that is an advance; two zeroes otherwise.
    pub lead: (usize, u64),
    /// How many states it has remembered at most.
    pub depth: usize,
    /// Instructions that lead from its last row back to the one that it began with, none where they are the same; `None` where only a
    /// remembered state does.
    pub back: Option<Vec<u8>>,
}

impl ProgramShape {
    /// Follows `program` from the row that `initial`, the instructions of the CIE, leaves. `None` where something of what it does would
    /// reach past its end (states that stay remembered, sizes of arguments), and where unwinders do not agree on what it does: registers that
    /// go back to a rule of the CIE's.
    #[must_use]
    pub fn of(initial: &[u8], program: &[u8]) -> Option<Self> {
        let mut first_row = Row::default();
        let mut reader = Reader::new(initial, 0);
        while !reader.is_empty() {
            first_row.apply(&step(&mut reader)?, &BTreeSet::new());
        }
        let inherited = std::mem::take(&mut first_row.saved);
        let mut row = first_row.clone();
        let mut remembered = Vec::new();
        let mut shape = Self { size: 0, last_row: 0, lead: (0, 0), depth: 0, back: None };
        let mut reader = Reader::new(program, 0);
        while !reader.is_empty() {
            let step = step(&mut reader)?;
            if matches!(step, Step::Nop) {
                continue;
            }
            match &step {
                Step::Advance(units) => {
                    if shape.size == 0 {
                        shape.lead = (reader.at(), *units);
                    }
                    shape.last_row = shape.last_row.checked_add(*units)?;
                }
                Step::Remember => {
                    remembered.push(row.clone());
                    shape.depth = shape.depth.max(remembered.len());
                }
                Step::RestoreState => row = remembered.pop()?,
                Step::ArgumentsSize => return None,
                Step::Restored(register) if inherited.contains(register) => return None,
                rule => row.apply(rule, &inherited),
            }
            shape.size = reader.at();
        }
        shape.back = row.back_to(&first_row);
        remembered.is_empty().then_some(shape)
    }
}

/// A row of the table of call frames, as far as it is followed here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Row {
    cfa: Option<(u64, u64)>,
    saved: BTreeSet<u64>,
    /// Something was done to it that is not followed: it is like no other.
    is_lost: bool,
}

impl Row {
    /// Registers that have no rule at first have none when they are restored, whatever an unwinder takes that for.
    fn back_to(&self, first: &Self) -> Option<Vec<u8>> {
        let ((register, offset), (first_register, first_offset)) = self.cfa.zip(first.cfa)?;
        if self.is_lost || first.is_lost {
            return None;
        }
        let mut back = Vec::new();
        let byte = |number: u64| u8::try_from(number).ok().filter(|&number| number < 0x80);
        if register != first_register {
            back.extend([DEF_CFA, byte(first_register)?, byte(first_offset)?]);
        } else if offset != first_offset {
            back.extend([DEF_CFA_OFFSET, byte(first_offset)?]);
        }
        for &saved in &self.saved {
            back.push(u8::try_from(saved).ok().filter(|&register| register < 0x40)? | RESTORE);
        }
        Some(back)
    }

    /// `inherited` are the registers that the CIE has rules for.
    fn apply(&mut self, step: &Step, inherited: &BTreeSet<u64>) {
        match (step, self.cfa) {
            (Step::Cfa(register, offset), _) => self.cfa = Some((*register, *offset)),
            (Step::CfaRegister(register), Some((_, offset))) => self.cfa = Some((*register, offset)),
            (Step::CfaOffset(offset), Some((register, _))) => self.cfa = Some((register, *offset)),
            (Step::Saved(register), _) if !inherited.contains(register) => drop(self.saved.insert(*register)),
            (Step::Restored(register), _) => drop(self.saved.remove(register)),
            (Step::Nop | Step::Advance(_), _) => {}
            _ => self.is_lost = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What LLVM writes for `x86_64`: the CFA is rsp + 8, the return address at CFA - 8.
    const INITIAL: [u8; 5] = [0x0c, 7, 8, 0x90, 1];

    fn shape(program: &[u8]) -> Option<ProgramShape> {
        ProgramShape::of(&INITIAL, program)
    }

    fn back(program: &[u8]) -> Option<Vec<u8>> {
        shape(program).expect("followed").back
    }

    #[test]
    fn a_function_that_saves_no_register_ends_as_it_began() {
        // push rax; ...; pop rax; ret.
        let shape = shape(&[0x41, 0x0e, 16, 0x02, 0x90, 0x0e, 8, 0, 0]).expect("followed");
        assert_eq!(shape, ProgramShape { size: 7, last_row: 0x91, lead: (1, 1), depth: 0, back: Some(Vec::new()) });
        assert_eq!(back(&[]), Some(Vec::new()));
    }

    #[test]
    fn a_saved_register_stays_until_it_is_restored() {
        assert_eq!(back(&[0x41, 0x0e, 16, 0x83, 2, 0x44, 0x0e, 8]), Some(vec![0xc3]));
        assert_eq!(back(&[0x41, 0x0e, 16, 0x83, 2, 0x86, 3, 0x44]), Some(vec![0x0e, 8, 0xc3, 0xc6]));
        // push rbp; mov rbp, rsp.
        assert_eq!(back(&[0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6]), Some(vec![0x0c, 7, 8, 0xc6]));
        assert_eq!(back(&[0x41, 0x0e, 16, 0x83, 2, 0x44, 0xc3, 0x0e, 8]), Some(Vec::new()));
        let remembered = shape(&[0x41, 0x0e, 16, 0x0a, 0x83, 2, 0x0b, 0x44, 0x0e, 8]).expect("followed");
        assert_eq!((remembered.back, remembered.depth), (Some(Vec::new()), 1));
        // A CFA that an expression tells, a return address that there is none of.
        assert_eq!(back(&[0x41, 0x0f, 1, 0x30]), None);
        assert_eq!(back(&[0x07, 16]), None);
    }

    #[test]
    fn what_reaches_past_the_end_is_refused() {
        assert_eq!(shape(&[0x0a]), None);
        assert_eq!(shape(&[0x0b]), None);
        assert_eq!(shape(&[0x2e, 16]), None);
        assert_eq!(shape(&[0x01]), None);
        // The return address has a rule in the CIE.
        assert_eq!(shape(&[0x41, 0xd0]), None);
    }
}
