//! Frame descriptions that several functions share, as [`merge-unwind`](crate::slim) writes them: where each function begins, and which bytes of a
//! description and its LSDA are for it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use gimli::{BaseAddresses, CfaRule, EhFrame, EndianSlice, LittleEndian, UnwindContext, UnwindSection};

use super::frames::{For, FrameTables, Share};
use super::image::Image;
use super::references::functions_within;
use super::unwind_entry::{Described, UnwindEntry};

/// What tells functions apart, in a program that shares descriptions between them.
pub(super) struct SharedFrames<'image, 'data> {
    image: &'image Image<'data>,
    /// Addresses at which a description comes back to the row that it began with, sorted: functions may begin there.
    restored: Vec<u64>,
    /// Where each byte of the tables can be told apart; else descriptions go to their first functions.
    tables: Option<FrameTables>,
    /// Where LSDAs begin in the file that were gone through.
    lsdas: HashSet<u64>,
    /// The functions that share a description, sorted, by its address.
    groups: HashMap<u64, Vec<u64>>,
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
            lsdas: HashSet::new(),
            groups: HashMap::new(),
        })
    }

    /// The functions that one description is for. What is for which goes to `entries`.
    pub(super) fn functions_of(&mut self, described: &Described, entries: &mut Vec<UnwindEntry>) -> Vec<Range<u64>> {
        let functions = self.told_apart(&described.code);
        let starts: Vec<u64> = functions.iter().map(|function| function.start).collect();
        let whole = |range: &Range<u64>| UnwindEntry { range: range.clone(), function: starts.first().copied() };
        // Many may have one LSDA; it is gone through once.
        let lsda = described.lsda.as_ref().filter(|range| self.lsdas.insert(range.start));
        let known = self.tables.as_ref().filter(|_| starts.len() > 1).and_then(|tables| {
            let number = tables.fdes.binary_search_by_key(&described.offset, |fde| fde.range.start).ok()?;
            Some((tables, &tables.fdes[number], self.image.bytes(&tables.frames.file_range)?))
        });
        let Some((tables, fde, section)) = known else {
            entries.extend(described.description.iter().chain(lsda).map(whole));
            return functions;
        };
        if let Some(range) = &described.description {
            entries.extend(cut(range, &fde.shares(&tables.cies[fde.cie], section), &starts, &starts));
        }
        if let Some(range) = lsda {
            match fde.lsda_address().and_then(|address| tables.lsda_at(address)) {
                None => entries.push(whole(range)),
                Some(number) => {
                    let lsda = &tables.lsdas[number];
                    // Only who has something to do where it unwinds needs an LSDA.
                    let pads = lsda.landing_pads().into_iter();
                    let pads = pads.map(|pad| function_at(&starts, fde.address().saturating_add(pad)));
                    let mut needed_by: Vec<u64> = pads.flatten().collect();
                    needed_by.dedup();
                    let all = if needed_by.is_empty() { &starts } else { &needed_by };
                    entries.extend(cut(range, &fde.lsda_shares(lsda), &starts, all));
                }
            }
        }
        self.groups.insert(described.code.start, starts);
        functions
    }

    /// The entry of the index for the description that begins at an address goes to all that share it.
    pub(super) fn index_entry(&self, range: &Range<u64>, address: u64) -> Vec<UnwindEntry> {
        let alone = [address];
        parts(range, self.groups.get(&address).map_or(&alone, Vec::as_slice)).collect()
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

/// The pieces of `range` (bytes of the file) by function: what is for an address is for the function of `starts` (sorted) that it is in, what
/// is for all is for those of `all` in equal parts. Places of `shares` are counted from anywhere: the first one is where `range` begins.
fn cut(range: &Range<u64>, shares: &[Share], starts: &[u64], all: &[u64]) -> Vec<UnwindEntry> {
    let base = shares.first().map_or(0, |share| share.0);
    let place = |at: usize| range.start.saturating_add((at - base) as u64).min(range.end);
    let ends = shares.iter().skip(1).map(|share| place(share.0)).chain([range.end]);
    let mut pieces: Vec<UnwindEntry> = Vec::new();
    for ((at, whom), end) in shares.iter().zip(ends) {
        let range = place(*at)..end;
        match whom {
            _ if range.is_empty() => {}
            For::All => pieces.extend(parts(&range, all)),
            For::Code(address) => {
                let function = function_at(starts, *address);
                match pieces.last_mut().filter(|last| last.function == function) {
                    Some(last) => last.range.end = range.end,
                    None => pieces.push(UnwindEntry { range, function }),
                }
            }
        }
    }
    pieces
}

/// The function of `starts` (sorted) that an address is in.
fn function_at(starts: &[u64], address: u64) -> Option<u64> {
    starts.get(starts.partition_point(|&start| start <= address).saturating_sub(1)).copied()
}

/// Equal parts of some bytes, one for each of `functions`. Where there are fewer bytes, every so many functions have one.
fn parts(range: &Range<u64>, functions: &[u64]) -> impl Iterator<Item = UnwindEntry> {
    let size = range.end - range.start;
    let count = functions.len() as u64;
    let parts = size.min(count);
    let start = range.start;
    (0..parts).map(move |part| {
        let function = usize::try_from(count * part / parts).ok().and_then(|number| functions.get(number)).copied();
        UnwindEntry { range: start + size * part / parts..start + size * (part + 1) / parts, function }
    })
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

    /// Places and functions of the pieces of bytes 100 to 140.
    fn pieces(shares: &[Share]) -> Vec<(Range<u64>, u64)> {
        let starts = [0x1000, 0x1040];
        let pieces = cut(&(100..140), shares, &starts, &starts);
        pieces.into_iter().map(|piece| (piece.range, piece.function.expect("a function"))).collect()
    }

    #[test]
    fn bytes_go_to_the_function_that_their_address_is_in() {
        use For::{All, Code};
        // A row inside the first one, two of the second one, actions.
        let shares =
            [(7, All), (18, Code(0x1000)), (20, Code(0x1010)), (25, Code(0x1040)), (27, Code(0x1050)), (40, All)];
        let expected = [
            (100..105, 0x1000),
            (105..111, 0x1040),
            (111..118, 0x1000),
            (118..133, 0x1040),
            (133..136, 0x1000),
            (136..140, 0x1040),
        ];
        assert_eq!(pieces(&shares), expected);
        // Past the end, as a damaged table has it.
        assert_eq!(pieces(&[(7, Code(0x1000)), (80, Code(0x1040))]), [(100..140, 0x1000)]);
    }

    #[test]
    fn what_is_for_all_is_for_each_in_equal_parts() {
        let of = |functions: &[u64]| -> Vec<_> {
            parts(&(8..16), functions).map(|part| (part.range, part.function.expect("a function"))).collect()
        };
        assert_eq!(of(&[5]), [(8..16, 5)]);
        assert_eq!(of(&[5, 6, 7]), [(8..10, 5), (10..13, 6), (13..16, 7)]);
        let many: Vec<u64> = (0..100).collect();
        let found = of(&many);
        assert_eq!(found.len(), 8);
        assert_eq!((found[0].clone(), found[7].clone()), ((8..9, 0), (15..16, 87)));
        assert_eq!(of(&[]), []);
    }
}
