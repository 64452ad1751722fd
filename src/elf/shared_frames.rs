//! Frame descriptions that several functions share, as [`merge-unwind`](crate::slim) writes them: where each function begins, and which bytes of a
//! description and its LSDA are for it.

use std::ops::Range;

use gimli::{BaseAddresses, CfaRule, EhFrame, EndianSlice, LittleEndian, UnwindContext, UnwindSection};

use super::frames::{FrameTables, Share};
use super::image::Image;
use super::references::functions_within;
use super::unwind::{Described, UnwindEntry};

/// What tells functions apart, in a program that shares descriptions between them.
pub(super) struct SharedFrames<'image, 'data> {
    image: &'image Image<'data>,
    /// Addresses at which a description comes back to the row that it began with, sorted: functions may begin there.
    restored: Vec<u64>,
    /// Where each byte of the tables can be told apart; else descriptions go to their first functions.
    tables: Option<FrameTables>,
}

impl<'image, 'data> SharedFrames<'image, 'data> {
    /// `None` where descriptions lie over each other, which could make the same code be gone through as often.
    pub(super) fn read(
        image: &'image Image<'data>,
        section: &EhFrame<EndianSlice<'_, LittleEndian>>,
        bases: &BaseAddresses,
        described: &[Described],
    ) -> Option<Self> {
        let covered = described.iter().map(|one| one.code.end - one.code.start).fold(0, u64::saturating_add);
        (covered <= image.data().len() as u64).then(|| Self {
            image,
            restored: first_rows(section, bases, described),
            tables: FrameTables::read(image).ok(),
        })
    }

    /// The functions that one description is for. What is for which goes to `entries`.
    pub(super) fn functions_of(&self, described: &Described, entries: &mut Vec<UnwindEntry>) -> Vec<Range<u64>> {
        let functions = self.told_apart(&described.code);
        let (of_description, of_lsda) = self.shares(described, functions.len()).unwrap_or_default();
        let starts: Vec<u64> = functions.iter().map(|function| function.start).collect();
        let mut cut = |range: Option<Range<u64>>, shares: &[Share]| {
            if let Some(range) = range {
                entries.extend(cut(&range, shares, &starts));
            }
        };
        cut(described.description.clone(), &of_description);
        cut(described.lsda.clone(), &of_lsda);
        functions
    }

    /// None for a description of one function, and where they cannot be told.
    fn shares(&self, described: &Described, functions: usize) -> Option<(Vec<Share>, Vec<Share>)> {
        let tables = self.tables.as_ref().filter(|_| functions > 1)?;
        let number = tables.fdes.binary_search_by_key(&described.offset, |fde| fde.range.start).ok()?;
        let fde = &tables.fdes[number];
        let of_description = fde.shares(&tables.cies[fde.cie], self.image.bytes(&tables.frames.file_range)?);
        let lsda = fde.lsda_address().and_then(|address| tables.lsda_at(address));
        Some((of_description, lsda.map(|lsda| fde.lsda_shares(&tables.lsdas[lsda])).unwrap_or_default()))
    }

    fn told_apart(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let code = self.image.code(range).filter(|code| !code.is_empty());
        let Some(code) = code else { return vec![range.clone()] };
        let first = self.restored.partition_point(|&at| at <= range.start);
        let past = self.restored.partition_point(|&at| at < range.end);
        let starts = self.restored.get(first..past).unwrap_or_default();
        functions_within(self.image.architecture(), code, range.start, starts)
    }
}

/// The pieces of `range` (bytes of the file) by function: what is for an address is for the function of `starts` (sorted) that it is in.
/// Places of `shares` are counted from anywhere: the first one is where `range` begins.
fn cut(range: &Range<u64>, shares: &[Share], starts: &[u64]) -> Vec<UnwindEntry> {
    let function_at =
        |address: u64| starts.get(starts.partition_point(|&start| start <= address).saturating_sub(1)).copied();
    let mut pieces: Vec<UnwindEntry> = Vec::new();
    let base = shares.first().map_or(0, |share| share.0);
    let whole = [(base, starts.first().copied().unwrap_or(0))];
    for &(place, address) in if shares.is_empty() { &whole } else { shares } {
        let (start, function) = ((range.start + (place - base) as u64).min(range.end), function_at(address));
        match pieces.last_mut() {
            Some(last) if last.function == function => {}
            Some(last) => {
                last.range.end = start;
                pieces.push(UnwindEntry { range: start..range.end, function });
            }
            None => pieces.push(UnwindEntry { range: start..range.end, function }),
        }
    }
    pieces.retain(|piece| !piece.range.is_empty());
    pieces
}

fn first_rows(
    section: &EhFrame<EndianSlice<'_, LittleEndian>>,
    bases: &BaseAddresses,
    described: &[Described],
) -> Vec<u64> {
    let (mut found, mut context) = (Vec::new(), UnwindContext::new());
    for Described { offset, .. } in described {
        let Ok(fde) = section.fde_from_offset(bases, (*offset).into(), EhFrame::cie_from_offset) else { continue };
        let Ok(mut rows) = fde.rows(section, bases, &mut context) else { continue };
        let mut first: Option<(CfaRule<usize>, Vec<_>)> = None;
        while let Ok(Some(row)) = rows.next_row() {
            match &first {
                None => first = Some((row.cfa().clone(), row.registers().cloned().collect())),
                Some((cfa, first)) if cfa == row.cfa() && row.registers().eq(first) => found.push(row.start_address()),
                Some(_) => {}
            }
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_to_the_function_that_their_address_is_in() {
        let starts = [0x1000, 0x1040];
        let pieces = |shares: &[Share]| {
            let pieces = cut(&(100..140), shares, &starts);
            pieces.into_iter().map(|piece| (piece.range, piece.function.expect("a function"))).collect::<Vec<_>>()
        };
        assert_eq!(pieces(&[]), [(100..140, 0x1000)]);
        // A row inside the first one, one of the second one, actions that all may use.
        let shares = [(7, 0x1000), (20, 0x1010), (25, 0x1040), (27, 0x1050), (40, 0x1000)];
        assert_eq!(pieces(&shares), [(100..118, 0x1000), (118..133, 0x1040), (133..140, 0x1000)]);
        // Past the end, as a damaged table has it.
        assert_eq!(pieces(&[(7, 0x1000), (80, 0x1040)]), [(100..140, 0x1000)]);
    }
}
