//! Call sites that begin and end at round numbers.
//!
//! Exceptions come to a function by its calls: an unwinder looks up the last byte of a call. Between one call and the next it does not matter where one
//! call site ends and the other begins. Compilers end them at the call; here they end at the multiple of the highest power of two that lies
//! between, so that few numbers come again and again. That saves 15 to 18 % of what exception tables take in the zip (measured 2026-11-30).
//!
//! Past a frame that a signal makes it is the address itself, and code that switches stacks returns to where no call is; both mark such frames. Where there
//! are any, all call sites stay.
//!
//! What is written depends on the calls and on what is found at each alone, so that doing it twice is doing it once.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::elf::{Architecture, CallSite, FrameTables, Image, Lsda, call_ends};

use super::call_sites::{self, are_orderly};
use super::model::{Frame, Handlers, UnwindModel};

/// How far a call site may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::slim) enum Reach {
    /// As far as no call is touched. Some numbers take a byte more.
    Far,
    /// As far as no number takes a byte more than it would at its lowest: tables hardly grow.
    Near,
}

/// Instructions of `x86_64` that end in a function may begin so many bytes before it.
const LONGEST_BEFORE: u64 = 15;

/// The model with rounded call sites; `None` where all are as they would be.
pub(in crate::slim) fn round_call_sites(
    image: &Image<'_>,
    tables: &FrameTables,
    model: &UnwindModel,
    reach: Reach,
) -> Option<UnwindModel> {
    let users = users(model);
    let rounded = users.par_iter().filter_map(|user| Some((user.lsda, user.rounded(image, tables, model, reach)?)));
    let rounded: BTreeMap<usize, Handlers> = rounded.collect();
    let changed = rounded.iter().any(|(number, lsda)| model.lsdas[*number] != *lsda);
    changed.then(|| model.with_lsdas(rounded))
}

/// True where there are call sites that can be rounded, and all of them are.
pub(in crate::slim) fn are_rounded(image: &Image<'_>, tables: &FrameTables, model: &UnwindModel) -> bool {
    let users = users(model);
    [Reach::Far, Reach::Near].into_iter().any(|reach| {
        let mut some = false;
        let as_rounded = |user: &User<'_>| match user.rounded(image, tables, model, reach) {
            None => true,
            Some(rounded) => {
                some = true;
                rounded == model.lsdas[user.lsda]
            }
        };
        users.iter().all(as_rounded) && some
    })
}

/// Whose an LSDA is.
struct User<'m> {
    /// Its number.
    lsda: usize,
    frames: Vec<&'m Frame>,
}

/// Those LSDAs whose frames share no address with others; none where exceptions may come otherwise than by calls.
fn users(model: &UnwindModel) -> Vec<User<'_>> {
    if model.commons.iter().any(|common| common.is_special) {
        return Vec::new();
    }
    let mut frames_of: BTreeMap<usize, Option<Vec<&Frame>>> = BTreeMap::new();
    for (frame, apart) in model.frames.iter().zip(model.apart()) {
        let Some(number) = frame.lsda else { continue };
        let frames = frames_of.entry(number).or_insert_with(|| Some(Vec::new()));
        match (apart, frames.as_mut()) {
            (true, Some(frames)) => frames.push(frame),
            _ => *frames = None,
        }
    }
    frames_of.into_iter().filter_map(|(lsda, frames)| Some(User { lsda, frames: frames? })).collect()
}

impl User<'_> {
    /// `None` where what it says is not known well enough.
    fn rounded(&self, image: &Image<'_>, tables: &FrameTables, model: &UnwindModel, reach: Reach) -> Option<Handlers> {
        let lsda = tables.lsdas.get(*model.sources.get(self.lsda)?)?;
        round(image, lsda, &model.lsdas[self.lsda], &self.frames, reach)
    }
}

/// One LSDA, which is that of `frames`.
fn round(image: &Image<'_>, lsda: &Lsda, handlers: &Handlers, frames: &[&Frame], reach: Reach) -> Option<Handlers> {
    let is_known = handlers.types.is_empty() && frames.iter().all(|frame| are_orderly(&lsda.call_sites, frame.size));
    let size = frames.iter().map(|frame| frame.size).min().filter(|_| is_known)?;
    let mut ends = Vec::new();
    for frame in frames {
        ends.extend(ends_of(image, frame)?);
    }
    ends.sort_unstable();
    ends.dedup();
    let call_sites = rounded_sites(&runs(&lsda.call_sites, &ends), size, reach);
    if call_sites.is_empty() {
        return None;
    }
    let lsda = Lsda { call_sites, call_site_places: Vec::new(), ..lsda.clone() };
    call_sites::join(&[call_sites::Part { offset: 0, size, lsda: Some((&lsda, handlers)) }])
}

/// Offsets in a function at which calls may end.
fn ends_of(image: &Image<'_>, frame: &Frame) -> Option<Vec<u64>> {
    let code = image.code(&(frame.address..frame.end()))?;
    // What stands before a segment is not known; the first function of one is left alone.
    let before = image.code(&(frame.address.checked_sub(LONGEST_BEFORE)?..frame.address))?;
    if image.architecture() == Architecture::Arm64 && !frame.address.is_multiple_of(4) {
        return None;
    }
    let ends = call_ends(image.architecture(), before, code);
    Some(ends.into_iter().map(|end| end as u64).collect())
}

/// Calls one after the other for which the same is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Where the first one ends, and the last one.
    first: u64,
    last: u64,
    /// Landing pad and action; `None` where nothing is found.
    found: Option<(u64, u64)>,
}

/// `call_sites` are in order, `ends` as well.
fn runs(call_sites: &[CallSite], ends: &[u64]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut sites = call_sites.iter().peekable();
    for &end in ends {
        while sites.next_if(|site| site.start.saturating_add(site.size) <= end).is_some() {}
        let site = sites.peek().filter(|site| site.start <= end);
        let found = site.map(|site| (site.landing_pad, site.action));
        match runs.last_mut() {
            Some(run) if run.found == found => run.last = end,
            _ => runs.push(Run { first: end, last: end, found }),
        }
    }
    runs
}

/// One call site for each run, for which something is found.
fn rounded_sites(runs: &[Run], size: u64, reach: Reach) -> Vec<CallSite> {
    let mut sites: Vec<CallSite> = Vec::with_capacity(runs.len());
    // Where a call site begins that follows another at once.
    let mut follows = None;
    let mut behind_last = 0;
    for (number, run) in runs.iter().enumerate() {
        let next = runs.get(number + 1);
        if let Some((landing_pad, action)) = run.found {
            let start = follows.unwrap_or_else(|| reach.roundest(behind_last, run.first, &[0]));
            let leads_on = next.is_some_and(|next| next.found.is_some());
            let highest = next.map_or(size.max(run.last + 1), |next| next.first);
            let bases: &[u64] = if leads_on { &[0, start] } else { &[start] };
            let end = reach.roundest(run.last + 1, highest, bases);
            follows = leads_on.then_some(end);
            sites.push(CallSite { start, size: end - start, landing_pad, action });
        } else {
            follows = None;
        }
        behind_last = run.last + 1;
    }
    sites
}

impl Reach {
    /// The number from `low` to `high` with the most zeroes at its end in binary, the highest of these. What is written is its distance to each of `bases`.
    fn roundest(self, low: u64, high: u64, bases: &[u64]) -> u64 {
        let high = match self {
            Self::Far => high,
            Self::Near => bases.iter().map(|base| base + last_as_long(low - base)).fold(high, u64::min),
        };
        let mut round = high;
        // Taking away the lowest one of a number leaves the next rounder one below.
        while round > 0 && round & (round - 1) >= low {
            round &= round - 1;
        }
        round
    }
}

/// The highest number that takes as many bytes as `number`, seven bits in each.
fn last_as_long(number: u64) -> u64 {
    let bits = (u64::BITS - number.leading_zeros()).max(1).div_ceil(7) * 7;
    1_u64.checked_shl(bits).map_or(u64::MAX >> 1, |past| past - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_roundest_number_has_the_most_zeroes() {
        let far = |low, high| Reach::Far.roundest(low, high, &[0]);
        assert_eq!([far(5, 9), far(9, 15), far(13, 13), far(0, 200), far(33, 70), far(1, 3)], [8, 12, 13, 0, 64, 2]);
        // 128 takes two bytes.
        assert_eq!(Reach::Near.roundest(100, 140, &[0]), 112);
        assert_eq!(Reach::Far.roundest(100, 140, &[0]), 128);
        assert_eq!(Reach::Near.roundest(1000, 1030, &[0, 990]), 1024);
        assert_eq!(Reach::Near.roundest(1025, 1200, &[0, 990]), 1088);
    }

    fn site(start: u64, size: u64, landing_pad: u64, action: u64) -> CallSite {
        CallSite { start, size, landing_pad, action }
    }

    #[test]
    fn call_sites_end_at_round_numbers_between_calls() {
        // Nothing at 4 and 9, a landing pad at 21, another at 30 and 38, none at all at 50.
        let sites = [site(0, 10, 0, 0), site(17, 5, 70, 1), site(26, 14, 80, 0)];
        let runs = runs(&sites, &[4, 9, 21, 30, 38, 50]);
        assert_eq!(runs.len(), 4);
        let rounded = rounded_sites(&runs, 100, Reach::Far);
        assert_eq!(rounded, [site(0, 16, 0, 0), site(16, 8, 70, 1), site(24, 24, 80, 0)]);
    }

    fn found(sites: &[CallSite], at: u64) -> Option<(u64, u64)> {
        let site = sites.iter().find(|site| site.start <= at && at < site.start + site.size)?;
        Some((site.landing_pad, site.action))
    }

    proptest! {
        #[test]
        fn every_call_finds_what_it_found_and_twice_is_once(
            parts in proptest::collection::vec((0..40_u64, 1..300_u64, 0..4_u64, 0..2_u64), 1..12),
            ends in proptest::collection::btree_set(0..2500_u64, 1..60),
        ) {
            let mut sites = Vec::new();
            let mut at = 0;
            for (gap, size, pad, action) in parts {
                sites.push(site(at + gap, size, pad, action));
                at += gap + size;
            }
            let size = at.max(2500);
            let ends: Vec<u64> = ends.into_iter().collect();
            for reach in [Reach::Far, Reach::Near] {
                let rounded = rounded_sites(&runs(&sites, &ends), size, reach);
                prop_assert!(are_orderly(&rounded, size));
                for &end in &ends {
                    prop_assert_eq!(found(&rounded, end), found(&sites, end));
                }
                prop_assert_eq!(&rounded_sites(&runs(&rounded, &ends), size, reach), &rounded);
            }
        }
    }
}
