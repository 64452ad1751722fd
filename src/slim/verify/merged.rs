//! Neighbouring functions that share a frame description: what an unwinder is told of every address is what it was told before.
//!
//! A description that equals an old one is its partner. Each of the others covers a run of the old ones that are left: whole, in
//! their order, with nothing but filling between them. Promises: every old description is covered exactly once, and nothing is
//! described that was not, but for filling. Where no sharing was declared, each covers one, and differs in its handlers alone.

use super::code::Gaps;
use super::compare::{self, Handlers};
use super::error::VerifyError;
use super::frames::{Contents, Frame, Frames};
use super::lookups;
use super::merged_sites::Sites;
use super::rounded::Allowed;

/// Functions begin at multiples of 64 at most, so that there are fewer bytes of filling between two.
const LARGEST_GAP: u64 = 63;

/// Which new description says what an old one said. Numbers are places in the lists of both files.
#[derive(Debug)]
pub(super) struct Cover {
    /// The number of the new one, for each old one.
    by_old: Vec<usize>,
    /// True where some new one says it of several functions, or in other words.
    pub(super) merges: bool,
}

impl Cover {
    pub(super) fn of(&self, old: usize) -> Option<usize> {
        self.by_old.get(old).copied()
    }
}

/// A new description, and the old ones that it covers, in the order of their addresses.
#[derive(Debug)]
pub(super) struct Run<'f> {
    pub(super) new: &'f Frame,
    pub(super) olds: Vec<&'f Frame>,
}

impl<'f> Run<'f> {
    /// The old one that is for `address`, or the next.
    pub(super) fn at(&self, address: u64) -> &'f Frame {
        let place = self.olds.partition_point(|old| old.end <= address);
        self.olds.get(place).or(self.olds.last()).copied().unwrap_or(self.new)
    }

    /// The old one where nothing but handlers and personality may differ.
    fn alike(&self) -> Option<&'f Frame> {
        let &[old] = &*self.olds else { return None };
        let says = |frame: &Frame| (frame.says.bare_common, frame.says.program);
        (says(old) == says(self.new)).then_some(old)
    }
}

/// A description and its place in the list.
type Numbered<'f> = (usize, &'f Frame);

/// Proves that `after` describes the same functions in the same way, where neighbours may share a description, or call sites may
/// begin and end elsewhere.
pub(super) fn frames(
    before: &Frames<'_>,
    after: &Frames<'_>,
    handlers: Handlers,
    contents: &Contents<'_>,
    gaps: &Gaps<'_>,
    allowed: Allowed<'_>,
) -> Result<Cover, VerifyError> {
    let olds = sorted(&before.list);
    let Paired { pairs, olds: old_left, news: new_left } = paired(&olds, &sorted(&after.list), handlers, contents)?;
    let runs = runs(&old_left, &new_left, gaps)?;
    if !allowed.merging {
        none_shared(&runs)?;
    }
    nothing_else_touches(&runs, &olds)?;
    let mut sites = Sites::new(contents, allowed, gaps.file_size());
    for run in &runs {
        for old in &run.olds {
            stays(old, run.new)?;
        }
        common(run, handlers, contents)?;
        match run.olds.first() {
            Some(old) if !allowed.merging && run.alike().is_none() => {
                return Err(differs(old, "call frame instructions"));
            }
            _ => sites.same(run, handlers)?,
        }
    }
    let mut same: Vec<(&Frame, &Frame)> = pairs.iter().map(|&((_, old), (_, new))| (old, new)).collect();
    let mut reworded = Vec::new();
    for run in &runs {
        match run.alike().filter(|_| allowed.rounding.is_some()) {
            Some(old) => same.push((old, run.new)),
            None => reworded.push(run),
        }
    }
    lookups::rows(before, after, &same)?;
    lookups::merged_rows(before, after, &reworded)?;

    let covers = runs.iter().zip(&new_left).flat_map(|(run, &(new, _))| run.olds.iter().map(move |_| new));
    let mut by_old = vec![0; before.list.len()];
    let merged = old_left.iter().map(|&(old, _)| old).zip(covers);
    for (old, new) in pairs.iter().map(|&((old, _), (new, _))| (old, new)).chain(merged) {
        if let Some(place) = by_old.get_mut(old) {
            *place = new;
        }
    }
    Ok(Cover { by_old, merges: !runs.is_empty() })
}

fn sorted(frames: &[Frame]) -> Vec<Numbered<'_>> {
    let mut sorted: Vec<Numbered<'_>> = frames.iter().enumerate().collect();
    sorted.sort_by_key(|(_, frame)| (frame.begin, frame.end, frame.says, !frame.in_walk));
    sorted
}

struct Paired<'f> {
    pairs: Vec<(Numbered<'f>, Numbered<'f>)>,
    olds: Vec<Numbered<'f>>,
    news: Vec<Numbered<'f>>,
}

/// Pairs those that say the same of the same addresses; the others are left.
fn paired<'f>(
    olds: &[Numbered<'f>],
    news: &[Numbered<'f>],
    handlers: Handlers,
    contents: &Contents<'_>,
) -> Result<Paired<'f>, VerifyError> {
    let mut paired = Paired { pairs: Vec::with_capacity(olds.len()), olds: Vec::new(), news: Vec::new() };
    let (mut olds, mut news) = (olds.iter().peekable(), news.iter().peekable());
    while let (Some(&&old), Some(&&new)) = (olds.peek(), news.peek()) {
        let order = (old.1.begin, old.1.end).cmp(&(new.1.begin, new.1.end));
        if order.is_le() {
            olds.next();
        }
        if order.is_ge() {
            news.next();
        }
        if order.is_eq() && handlers.difference(old.1.says, new.1.says, contents).is_none() {
            stays(old.1, new.1)?;
            paired.pairs.push((old, new));
            continue;
        }
        if order.is_le() {
            paired.olds.push(old);
        }
        if order.is_ge() {
            paired.news.push(new);
        }
    }
    paired.olds.extend(olds);
    paired.news.extend(news);
    Ok(paired)
}

/// Proves that a walk still comes to what it came to.
fn stays(old: &Frame, new: &Frame) -> Result<(), VerifyError> {
    if old.in_walk && !new.in_walk {
        return Err(differs(old, "place: it stands behind the terminator"));
    }
    Ok(())
}

/// Proves that the new ones that are left cover the old ones that are left. Both are sorted.
fn runs<'f>(
    old_left: &[Numbered<'f>],
    new_left: &[Numbered<'f>],
    gaps: &Gaps<'_>,
) -> Result<Vec<Run<'f>>, VerifyError> {
    let missing = |frame: &Frame| VerifyError::FrameMissing { begin: frame.begin, end: frame.end };
    let added = |begin: u64, end: u64| VerifyError::FrameAdded { begin, end };
    let mut left = old_left.iter().map(|&(_, old)| old).peekable();
    let mut runs = Vec::with_capacity(new_left.len());
    for &(_, new) in new_left {
        if let Some(old) = left.next_if(|old| old.begin < new.begin) {
            return Err(missing(old));
        }
        let (mut olds, mut at) = (Vec::new(), new.begin);
        while olds.is_empty() || at < new.end {
            let old = left.next_if(|old| old.begin < new.end).ok_or_else(|| added(new.begin, new.end))?;
            if old.begin < at || old.begin == old.end || old.end > new.end {
                return Err(missing(old));
            }
            if olds.is_empty() && old.begin != new.begin {
                return Err(added(new.begin, new.end));
            }
            if old.begin != at && (old.begin - at > LARGEST_GAP || !gaps.is_filling(at, old.begin)) {
                return Err(added(at, old.begin));
            }
            olds.push(old);
            at = old.end;
        }
        runs.push(Run { new, olds });
    }
    left.next().map_or(Ok(runs), |old| Err(missing(old)))
}

/// Proves that each new one is for one old one.
fn none_shared(runs: &[Run<'_>]) -> Result<(), VerifyError> {
    let first = runs.iter().find(|run| run.olds.len() > 1).and_then(|run| run.olds.first());
    first.map_or(Ok(()), |old| Err(VerifyError::FrameMissing { begin: old.begin, end: old.end }))
}

/// Proves that no old description but those of a run touches what its new one describes: an unwinder could come to either.
/// `olds` are all of them, sorted.
fn nothing_else_touches(runs: &[Run<'_>], olds: &[Numbered<'_>]) -> Result<(), VerifyError> {
    let mut all = olds.iter().map(|(_, old)| *old).peekable();
    let mut reaches = 0;
    for run in runs {
        while let Some(before) = all.next_if(|old| old.begin < run.new.begin) {
            reaches = reaches.max(before.end);
        }
        if reaches > run.new.begin {
            return Err(VerifyError::Lookup { address: run.new.begin, what: "frame description: two fit" });
        }
        for expected in &run.olds {
            let found = all.next().unwrap_or(expected);
            if !std::ptr::eq(found, *expected) {
                return Err(VerifyError::Lookup { address: found.begin, what: "frame description: two fit" });
            }
        }
        if let Some(other) = all.peek().filter(|other| other.begin < run.new.end) {
            return Err(VerifyError::Lookup { address: other.begin, what: "frame description: two fit" });
        }
        reaches = reaches.max(run.new.end);
    }
    Ok(())
}

/// Proves that the common part is the same. Its personality comes from the neighbours where a function has neither that nor handlers.
fn common(run: &Run<'_>, handlers: Handlers, contents: &Contents<'_>) -> Result<(), VerifyError> {
    let new = run.new.says;
    let mut from_some = new.common == new.bare_common;
    for old in &run.olds {
        let same = handlers.same_common(old.says, new);
        let bare = old.says.common == old.says.bare_common && old.says.lsda == 0;
        let may_differ = bare && old.says.bare_common == new.bare_common;
        if !same && !may_differ {
            return Err(differs(old, compare::common_words(old.says, new, contents)));
        }
        from_some |= same;
    }
    match run.olds.first() {
        Some(first) if !from_some => Err(differs(first, "personality")),
        _ => Ok(()),
    }
}

pub(super) fn differs(old: &Frame, what: &'static str) -> VerifyError {
    VerifyError::Frame { begin: old.begin, end: old.end, what }
}
