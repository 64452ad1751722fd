//! What an unwinder finds: addresses of every function looked up in both files, and the rows that tell how to leave the frame.

use gimli::{CfaRule, EhFrame, Register, RegisterRule, UnwindContext, UnwindExpression, UnwindSection, UnwindTableRow};

use rayon::prelude::*;

use super::compare::Handlers;
use super::error::VerifyError;
use super::frames::{Bytes, Contents, Frame, Frames};
use super::index::Index;
use super::merged::Run;
use super::walk::Walk;

/// Looks up the first, middle and last address of every function in both indexes.
pub(super) fn by_index(
    before: (&Index<'_>, &Frames<'_>),
    after: (&Index<'_>, &Frames<'_>),
    handlers: Handlers,
    contents: &Contents<'_>,
) -> Result<(), VerifyError> {
    for frame in before.1.list.iter().filter(|frame| frame.begin < frame.end) {
        for address in samples(frame) {
            let find = |(index, frames): (&Index<'_>, &Frames<'_>)| {
                let found = index.lookup(address, &frames.list, frames.address)?;
                frames.list.get(found).map(|found| (found.begin, found.end, found.says))
            };
            let same = match (find(before), find(after)) {
                (Some(old), Some(new)) => {
                    (old.0, old.1) == (new.0, new.1) && handlers.difference(old.2, new.2, contents).is_none()
                }
                (old, new) => old == new,
            };
            if !same {
                return Err(VerifyError::Lookup { address, what: "frame description" });
            }
        }
    }
    Ok(())
}

/// Carries out the call frame instructions of every pair up to its middle and to its end, and compares the rows.
pub(super) fn rows(before: &Frames<'_>, after: &Frames<'_>, pairs: &[(&Frame, &Frame)]) -> Result<(), VerifyError> {
    // Enough for a thread to be worth its start.
    const AT_ONCE: usize = 512;
    let differs = pairs.par_chunks(AT_ONCE).find_map_first(|pairs| {
        let (mut old_rows, mut new_rows) = (Rows::new(before), Rows::new(after));
        let mut samples = pairs.iter().filter(|(old, _)| old.begin < old.end).flat_map(|(old, new)| {
            let [_, middle, last] = samples(old);
            [(old, new, middle), (old, new, last)]
        });
        samples.find_map(|(old, new, at)| (old_rows.row(old, at) != new_rows.row(new, at)).then_some(at))
    });
    differs.map_or(Ok(()), |address| Err(VerifyError::Lookup { address, what: "row" }))
}

/// Carries out all call frame instructions of every new description and of the old ones that it covers, and compares the rows for
/// every address of the old ones.
pub(super) fn merged_rows(before: &Frames<'_>, after: &Frames<'_>, runs: &[&Run<'_>]) -> Result<(), VerifyError> {
    const AT_ONCE: usize = 128;
    let differs = runs.par_chunks(AT_ONCE).find_map_first(|runs| {
        let (mut old, mut new) = (UnwindContext::new(), UnwindContext::new());
        runs.iter().find_map(|run| first_row_that_differs(before, after, run, &mut old, &mut new))
    });
    differs.map_or(Ok(()), |address| Err(VerifyError::Lookup { address, what: "row" }))
}

fn first_row_that_differs(
    before: &Frames<'_>,
    after: &Frames<'_>,
    run: &Run<'_>,
    old_context: &mut UnwindContext<usize>,
    new_context: &mut UnwindContext<usize>,
) -> Option<u64> {
    let Ok(mut new_walk) = Walk::new(after, run.new, new_context) else { return Some(run.new.begin) };
    for old in &run.olds {
        let Ok(mut old_walk) = Walk::new(before, old, old_context) else { return Some(old.begin) };
        let mut address = old.begin;
        while address < old.end {
            match (old_walk.at(address), new_walk.at(address)) {
                (Ok(old), Ok(new)) if old.what == new.what => address = old.end.min(new.end),
                _ => return Some(address),
            }
        }
    }
    None
}

pub(super) fn samples(frame: &Frame) -> [u64; 3] {
    let last = frame.end - 1;
    [frame.begin, frame.begin + (last - frame.begin) / 2, last]
}

/// How to leave a frame, independent of where its description stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'data> {
    cfa: Rule<'data>,
    registers: Vec<(Register, Rule<'data>)>,
    arguments: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule<'data> {
    Cfa(Register, i64),
    Plain(RegisterRule<usize>),
    Expression(bool, &'data [u8]),
}

struct Rows<'f, 'data> {
    frames: &'f Frames<'data>,
    context: UnwindContext<usize>,
}

impl<'f, 'data> Rows<'f, 'data> {
    fn new(frames: &'f Frames<'data>) -> Self {
        Self { frames, context: UnwindContext::new() }
    }

    /// The row at `address`; an error where the instructions cannot be carried out.
    fn row(&mut self, frame: &Frame, address: u64) -> Result<Row<'data>, gimli::Error> {
        let (section, bases) = (&self.frames.section, &self.frames.bases);
        let fde = section.fde_from_offset(bases, frame.offset.into(), EhFrame::cie_from_offset)?;
        Row::new(section, fde.unwind_info_for_address(section, bases, &mut self.context, address)?)
    }
}

impl<'data> Row<'data> {
    pub(super) fn new(section: &EhFrame<Bytes<'data>>, row: &UnwindTableRow<usize>) -> Result<Self, gimli::Error> {
        let cfa = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => Rule::Cfa(*register, *offset),
            CfaRule::Expression(expression) => Rule::Expression(false, bytes(section, expression)?),
        };
        let mut registers = Vec::new();
        for (register, rule) in row.registers() {
            let rule = match rule {
                RegisterRule::Expression(expression) => Rule::Expression(false, bytes(section, expression)?),
                RegisterRule::ValExpression(expression) => Rule::Expression(true, bytes(section, expression)?),
                plain => Rule::Plain(plain.clone()),
            };
            registers.push((*register, rule));
        }
        registers.sort_by_key(|(register, _)| register.0);
        Ok(Self { cfa, registers, arguments: row.saved_args_size() })
    }
}

fn bytes<'data>(section: &EhFrame<Bytes<'data>>, at: &UnwindExpression<usize>) -> Result<&'data [u8], gimli::Error> {
    Ok(at.get(section)?.0.slice())
}
