//! Call sites whose ends may be elsewhere: where a call may end, an exception finds what it found.

use super::calls::Calls;
use super::frames::{Contents, Frame};
use super::lsda::{Lsda, Type};
use super::merged::Run;
use super::merged_sites::Site;

/// What new descriptions may do that old ones did not.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'c> {
    /// One may be for several functions, and in other words.
    pub(super) merging: bool,
    /// Call sites may begin and end elsewhere, as far as none of these ends there.
    pub(super) rounding: Option<&'c Calls<'c>>,
    /// Some frame of the program is made by a signal.
    pub(super) signals: bool,
}

/// There are more bytes to look at than a file has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// What differs between the call sites of `frame` at a byte at which a call may end, if anything does. Both are in order, none is empty;
/// `budget` is taken off for each byte that is looked at.
pub(super) fn words(
    frame: &Frame,
    had: &[Site],
    has: &[Site],
    calls: &Calls<'_>,
    budget: &mut u64,
) -> Result<Option<&'static str>, TooMany> {
    let (mut had, mut has) = (Answers { sites: had }, Answers { sites: has });
    let mut at = frame.begin;
    while at < frame.end {
        let (old, new) = (had.at(at), has.at(at));
        let past = old.past.min(new.past).min(frame.end);
        if let Some(what) = part(old.site, new.site) {
            for address in at..past {
                *budget = budget.checked_sub(1).ok_or(TooMany)?;
                if calls.may_end(address) {
                    return Ok(Some(what));
                }
            }
        }
        at = past;
    }
    Ok(None)
}

/// The part in which two answers differ.
fn part(old: Option<&Site>, new: Option<&Site>) -> Option<&'static str> {
    match (old, new) {
        (None, None) => None,
        (Some(old), Some(new)) if old.pad != new.pad => Some("landing pads"),
        (Some(old), Some(new)) => (old.chain != new.chain).then_some("actions"),
        _ => Some("call sites"),
    }
}

/// What is found at one address after the other.
struct Answers<'s> {
    /// Those that end behind the address last asked for, if not before it.
    sites: &'s [Site],
}

struct Answer<'s> {
    site: Option<&'s Site>,
    /// First address behind it for which something else may be found.
    past: u64,
}

impl<'s> Answers<'s> {
    /// What is found at `address`, which is no smaller than when last asked for.
    fn at(&mut self, address: u64) -> Answer<'s> {
        while let [first, rest @ ..] = self.sites {
            if first.end > address {
                let site = (first.start <= address).then_some(first);
                return Answer { site, past: if site.is_some() { first.end } else { first.start } };
            }
            self.sites = rest;
        }
        Answer { site: None, past: u64::MAX }
    }
}

/// Whether exceptions may come otherwise than by calls. Past a frame that a signal makes, an unwinder looks up the address itself and not the
/// byte before, and it is the function that was interrupted for which it does; code that switches stacks marks its frames so, and returns
/// to places that no call is before.
pub(super) fn signals(frames: &[Frame], contents: &Contents<'_>) -> bool {
    frames.iter().any(|frame| contents.commons.get(frame.says.common).is_none_or(|common| common.signal))
}

/// Whether `has_types` of one of the tables of `run`.
pub(super) fn is_exact(run: &Run<'_>, mut has_types: impl FnMut(u32) -> bool) -> bool {
    run.olds.iter().chain([&run.new]).any(|frame| has_types(frame.says.lsda))
}

/// Whether some action is for a type that is not null.
pub(super) fn has_types(table: &Lsda) -> bool {
    let mut types = table.chains.iter().flatten().flat_map(|action| &action.types);
    types.any(|of| *of != Type::Null)
}

#[cfg(test)]
mod tests {
    use goblin::elf::header::EM_X86_64;
    use goblin::elf::program_header::{PF_X, PT_LOAD};
    use goblin::elf::{Elf, Header, ProgramHeader};

    use super::super::frames::Says;
    use super::super::loaded::Loaded;
    use super::*;

    fn frame(begin: u64, end: u64) -> Frame {
        let says = Says { common: 1, bare_common: 1, program: 1, lsda: 1 };
        Frame { offset: 0, begin, end, says, in_walk: true }
    }

    #[test]
    fn no_more_bytes_are_looked_at_than_the_budget_allows() {
        let mut header = Header::new(Default::default());
        header.e_machine = EM_X86_64;
        let mut elf = Elf::lazy_parse(header).expect("a header");
        let code = [0x90; 200];
        let segment = ProgramHeader { p_vaddr: 0x1000, p_filesz: 200, p_flags: PF_X, ..ProgramHeader::new() };
        elf.program_headers = vec![ProgramHeader { p_type: PT_LOAD, ..segment }];
        let loaded = Loaded::new(&elf, &code);
        let calls = Calls::new(&elf, &loaded);
        let site = Site { start: 0x1040, end: 0x1050, pad: Some(0x1080), chain: 0 };
        let words =
            |end, has: &[Site], mut budget| (words(&frame(0x1020, end), &[site], has, &calls, &mut budget), budget);
        assert_eq!(words(0x10c0, &[], 16), (Ok(None), 0));
        assert_eq!(words(0x10c0, &[], 15), (Err(TooMany), 0));
        // What is the same costs nothing, however far it is, nor does what cannot be read cost more than a byte.
        assert_eq!(words(u64::MAX, &[site], 0), (Ok(None), 0));
        let far = Site { start: 0x2000, end: u64::MAX, ..site };
        assert_eq!(words(u64::MAX, &[site, far], 1), (Ok(Some("call sites")), 0));
    }
}
