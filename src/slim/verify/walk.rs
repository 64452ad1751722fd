//! The rows of a frame description one after the other, as every unwinder comes to them.
//!
//! Where unwinders disagree on an instruction, a description that is put together anew must mean the same to each: libgcc keeps the size
//! of arguments when a state is restored, of which `gimli` and LLVM's libunwind say that it is restored as well, and takes a
//! register to be unsaved by `DW_CFA_restore`, whatever the common part says of it (`execute_cfa_program` in unwind-dw2.c, GCC 12).

use gimli::{
    CallFrameInstruction, CallFrameInstructionIter, EhFrame, FrameDescriptionEntry, Register, UnwindContext,
    UnwindSection, UnwindTable,
};

use super::frames::{Bytes, Frame, Frames};
use super::lookups::Row;

/// What holds up to an address.
pub(super) struct Stretch<'row, 'data> {
    /// The row, and the size of arguments by libgcc's count.
    pub(super) what: (&'row Row<'data>, u64),
    /// Past the last address, which may be behind the function.
    pub(super) end: u64,
}

/// A walk over the rows of one description, from its first address on.
pub(super) struct Walk<'w, 'data> {
    section: &'w EhFrame<Bytes<'data>>,
    table: UnwindTable<'w, 'w, Bytes<'data>>,
    row: Option<(Row<'data>, u64)>,
    arguments: Arguments<'w, 'data>,
}

impl<'w, 'data> Walk<'w, 'data> {
    pub(super) fn new(
        frames: &'w Frames<'data>,
        frame: &Frame,
        context: &'w mut UnwindContext<usize>,
    ) -> Result<Self, gimli::Error> {
        let (section, bases) = (&frames.section, &frames.bases);
        let fde = section.fde_from_offset(bases, frame.offset.into(), EhFrame::cie_from_offset)?;
        let arguments = Arguments::new(frames, &fde)?;
        Ok(Self { section, table: fde.rows(section, bases, context)?, row: None, arguments })
    }

    /// What holds at `address`, which is no smaller than when last asked for.
    pub(super) fn at(&mut self, address: u64) -> Result<Stretch<'_, 'data>, gimli::Error> {
        while self.row.as_ref().is_none_or(|(_, end)| *end <= address) {
            let row = self.table.next_row()?.ok_or(gimli::Error::NoUnwindInfoForAddress)?;
            if row.contains(address) {
                self.row = Some((Row::new(self.section, row)?, row.end_address()));
            }
        }
        let arguments = self.arguments.at(address)?;
        let (row, end) = self.row.as_ref().ok_or(gimli::Error::NoUnwindInfoForAddress)?;
        Ok(Stretch { what: (row, arguments), end: self.arguments.end.min(*end) })
    }
}

/// The size of arguments by libgcc's count.
struct Arguments<'w, 'data> {
    steps: CallFrameInstructionIter<'w, Bytes<'data>>,
    code_alignment: u64,
    /// Registers of which the common part says something.
    initial: Vec<Register>,
    size: u64,
    /// Past the last address for which the size holds.
    end: u64,
}

impl<'w, 'data> Arguments<'w, 'data> {
    fn new(frames: &'w Frames<'data>, fde: &FrameDescriptionEntry<Bytes<'data>>) -> Result<Self, gimli::Error> {
        let (section, bases) = (&frames.section, &frames.bases);
        let (mut initial, mut size) = (Vec::new(), 0);
        let mut steps = fde.cie().instructions(section, bases);
        while let Some(step) = steps.next()? {
            match step {
                CallFrameInstruction::ArgsSize { size: arguments } => size = arguments,
                CallFrameInstruction::Undefined { register }
                | CallFrameInstruction::SameValue { register }
                | CallFrameInstruction::Offset { register, .. }
                | CallFrameInstruction::OffsetExtendedSf { register, .. }
                | CallFrameInstruction::ValOffset { register, .. }
                | CallFrameInstruction::ValOffsetSf { register, .. }
                | CallFrameInstruction::Register { dest_register: register, .. }
                | CallFrameInstruction::Expression { register, .. }
                | CallFrameInstruction::ValExpression { register, .. } => initial.push(register),
                CallFrameInstruction::NegateRaState => initial.push(gimli::AArch64::RA_SIGN_STATE),
                _ => {}
            }
        }
        initial.sort_unstable_by_key(|register| register.0);
        let code_alignment = fde.cie().code_alignment_factor();
        let steps = fde.instructions(section, bases);
        Ok(Self { steps, code_alignment, initial, size, end: fde.initial_address() })
    }

    fn at(&mut self, address: u64) -> Result<u64, gimli::Error> {
        while self.end <= address {
            match self.steps.next()? {
                Some(CallFrameInstruction::ArgsSize { size }) => self.size = size,
                Some(CallFrameInstruction::AdvanceLoc { delta }) => {
                    let step = u64::from(delta).saturating_mul(self.code_alignment);
                    self.end = self.end.saturating_add(step);
                }
                Some(CallFrameInstruction::SetLoc { address }) => self.end = address,
                Some(CallFrameInstruction::Restore { register })
                    if self.initial.binary_search_by_key(&register.0, |initial| initial.0).is_ok() =>
                {
                    return Err(gimli::Error::CfiInstructionInInvalidContext);
                }
                Some(_) => {}
                None => self.end = u64::MAX,
            }
        }
        Ok(self.size)
    }
}
