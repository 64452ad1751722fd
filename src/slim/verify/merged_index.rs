//! The index of frame descriptions that neighbours may share: one entry for each, and every function is found.

use super::error::VerifyError;
use super::frames::{Frame, Frames};
use super::index::Index;
use super::lookups::samples;
use super::merged::Cover;

/// Entries as they were read: the address, and the number of the frame description.
type Entries = [(u64, usize)];

/// Proves that the new index has exactly one entry for each description that says what one in the old index said, for its first address,
/// and that looking up addresses of every function leads there.
pub(super) fn same(
    before: (&Index<'_>, &Frames<'_>, &Entries),
    after: (&Index<'_>, &Frames<'_>, &Entries),
    cover: &Cover,
) -> Result<(), VerifyError> {
    order(before.2, after.2)?;
    entries(before.2, after.2, &after.1.list, cover)?;
    lookups((before.0, before.1), (after.0, after.1), cover)
}

/// Entries of which an unwinder finds any by halves.
fn order(old: &Entries, new: &Entries) -> Result<(), VerifyError> {
    let strictly = old.is_sorted_by(|(a, _), (b, _)| a < b);
    let in_order = |a: u64, b: u64| if strictly { a < b } else { a <= b };
    let disorder = |entries: &Entries| {
        let found = entries.windows(2).find_map(|pair| match pair {
            [(a, _), (b, _)] if !in_order(*a, *b) => Some(*b),
            _ => None,
        });
        found.map_or(Ok(()), |address| Err(VerifyError::IndexEntry { address, what: "is out of order" }))
    };
    // In an index of no order an unwinder may find anything, so nothing can be shown of one with fewer entries.
    disorder(old)?;
    disorder(new)
}

fn entries(old: &Entries, new: &Entries, frames: &[Frame], cover: &Cover) -> Result<(), VerifyError> {
    for &(address, number) in new {
        if frames.get(number).is_none_or(|frame| frame.begin != address) {
            return Err(VerifyError::IndexEntry { address, what: "leads to another frame description" });
        }
    }
    let mut expected: Vec<usize> = old.iter().filter_map(|&(_, number)| cover.of(number)).collect();
    expected.sort_unstable();
    expected.dedup();
    let said = |numbers: Vec<usize>| {
        let mut said: Vec<_> = numbers.into_iter().filter_map(|number| frames.get(number)).map(says).collect();
        said.sort_unstable();
        said
    };
    let (expected, found) = (said(expected), said(new.iter().map(|&(_, number)| number).collect()));
    for (expected, found) in expected.iter().zip(&found) {
        if expected.0 != found.0 {
            let address = expected.0.min(found.0);
            return Err(VerifyError::IndexEntry { address, what: "is in one of the files only" });
        }
        if expected != found {
            return Err(VerifyError::IndexEntry { address: found.0, what: "leads to another frame description" });
        }
    }
    if expected.len() != found.len() {
        return Err(VerifyError::Index { what: "has another number of entries" });
    }
    Ok(())
}

/// Looks up the first, middle and last address of every function in both. What an unwinder finds counts only where it is for the address.
fn lookups(
    before: (&Index<'_>, &Frames<'_>),
    after: (&Index<'_>, &Frames<'_>),
    cover: &Cover,
) -> Result<(), VerifyError> {
    let find = |(index, frames): (&Index<'_>, &Frames<'_>), address: u64| {
        let number = index.lookup(address, &frames.list, frames.address)?;
        let fits = frames.list.get(number).is_some_and(|frame| (frame.begin..frame.end).contains(&address));
        fits.then_some(number)
    };
    let said = |number: usize| after.1.list.get(number).map(says);
    for frame in before.1.list.iter().filter(|frame| frame.begin < frame.end) {
        for address in samples(frame) {
            let expected = find(before, address).and_then(|old| cover.of(old));
            if expected.and_then(said) != find(after, address).and_then(said) {
                return Err(VerifyError::Lookup { address, what: "frame description" });
            }
        }
    }
    Ok(())
}

/// The same for two descriptions that say the same of the same addresses, between which an unwinder may choose.
fn says(frame: &Frame) -> (u64, u64, super::frames::Says) {
    (frame.begin, frame.end, frame.says)
}
