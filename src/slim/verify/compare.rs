//! Frame descriptions before and after, by what they say.

use super::error::VerifyError;
use super::frames::{Common, Contents, Frame, Frames, Says};

/// What may be missing afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handlers {
    /// Every function has the handlers that it had.
    Kept,
    /// Some or all are gone; none is another.
    MayBeGone,
}

impl Handlers {
    /// The part in which `after` says something else than `before`; `None` where it says the same.
    pub(super) fn difference(self, before: Says, after: Says, contents: &Contents<'_>) -> Option<&'static str> {
        if before == after {
            return None;
        }
        if !self.same_common(before, after) {
            return Some(common_words(before, after, contents));
        }
        if before.program != after.program {
            return Some("call frame instructions");
        }
        if before.lsda == after.lsda {
            return None;
        }
        let after_lsda = contents.lsdas.get(after.lsda);
        if self == Self::MayBeGone && after_lsda.is_none_or(|lsda| lsda.is_empty()) {
            return None;
        }
        match (contents.lsdas.get(before.lsda), after_lsda) {
            (Some(before), Some(after)) => Some(before.difference(after)),
            (Some(_), None) => Some("handlers, which are gone"),
            (None, _) => Some("handlers, of which it had none"),
        }
    }

    /// Whether the common part is the same, as far as no handlers are gone.
    pub(super) fn same_common(self, before: Says, after: Says) -> bool {
        match self {
            Self::Kept => before.common == after.common,
            Self::MayBeGone => {
                // With no handlers left there is no need of a personality, but never for another.
                let gone = after.common == after.bare_common;
                before.common == after.common || (before.bare_common == after.bare_common && gone)
            }
        }
    }
}

/// The part in which two common parts differ.
pub(super) fn common_words(before: Says, after: Says, contents: &Contents<'_>) -> &'static str {
    let pair = contents.commons.get(before.common).zip(contents.commons.get(after.common));
    pair.map_or("common part", |(before, after)| common_difference(before, after))
}

fn common_difference(before: &Common, after: &Common) -> &'static str {
    if before.personality != after.personality {
        "personality"
    } else if before.version != after.version {
        "version"
    } else if (before.code_alignment, before.data_alignment) != (after.code_alignment, after.data_alignment) {
        "alignment factors"
    } else if before.return_register != after.return_register {
        "return address register"
    } else if before.signal != after.signal {
        "mark of a signal frame"
    } else {
        "initial instructions"
    }
}

/// Proves that both lists describe the same functions in the same way, as multisets. Hands back the pairs.
pub(super) fn frames<'f>(
    before: &'f Frames<'_>,
    after: &'f Frames<'_>,
    handlers: Handlers,
    contents: &Contents<'_>,
) -> Result<Vec<(&'f Frame, &'f Frame)>, VerifyError> {
    let (old, new) = (sorted(&before.list), sorted(&after.list));
    let mut pairs = Vec::with_capacity(old.len());
    let (mut olds, mut news) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let missing = |frame: &Frame| VerifyError::FrameMissing { begin: frame.begin, end: frame.end };
        let added = |frame: &Frame| VerifyError::FrameAdded { begin: frame.begin, end: frame.end };
        let (old, new) = match (olds.next(), news.next()) {
            (None, None) => return Ok(pairs),
            (Some(old), None) => return Err(missing(old)),
            (None, Some(new)) => return Err(added(new)),
            (Some(old), Some(new)) => (old, new),
        };
        let (Frame { begin, end, .. }, Frame { begin: other, end: other_end, .. }) = (old, new);
        match (begin, end).cmp(&(other, other_end)) {
            std::cmp::Ordering::Less => return Err(missing(old)),
            std::cmp::Ordering::Greater => return Err(added(new)),
            std::cmp::Ordering::Equal => {}
        }
        if let Some(what) = handlers.difference(old.says, new.says, contents) {
            return Err(VerifyError::Frame { begin: *begin, end: *end, what });
        }
        if old.in_walk && !new.in_walk {
            return Err(VerifyError::Frame {
                begin: *begin,
                end: *end,
                what: "place: it stands behind the terminator",
            });
        }
        pairs.push((old, new));
    }
}

fn sorted(frames: &[Frame]) -> Vec<&Frame> {
    let mut sorted: Vec<&Frame> = frames.iter().collect();
    sorted.sort_by_key(|frame| (frame.begin, frame.end, frame.says, !frame.in_walk));
    sorted
}

/// Without an index an unwinder takes the first frame description that fits. Proves that no other one fits as well.
pub(super) fn nothing_overlaps(after: &Frames<'_>) -> Result<(), VerifyError> {
    let mut last: Option<&Frame> = None;
    for frame in sorted(&after.list).into_iter().filter(|frame| frame.begin < frame.end) {
        if let Some(last) = last.filter(|last| frame.begin < last.end) {
            let same = (last.begin, last.end, last.says) == (frame.begin, frame.end, frame.says);
            if !same {
                return Err(VerifyError::Lookup { address: frame.begin, what: "frame description: two fit" });
            }
        }
        if last.is_none_or(|last| frame.end > last.end) {
            last = Some(frame);
        }
    }
    Ok(())
}
