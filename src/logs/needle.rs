//! Which records can be of use, found without reading them: each of Lambda's holds one of three words.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// START, END, REPORT; INIT_START, INIT_REPORT; `platform.*`.
const WORDS: [&[u8]; 3] = [b"RequestId:", b"INIT_", b"\"platform."];

static FINDERS: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| WORDS.map(Finder::new));

/// `"platform.` as it stands within a string of JSON.
static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\\"platform."));

/// The `platform.*` words that tell something.
static WANTED: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    const WANTED: [&[u8]; 3] = [b"\"platform.report\"", b"\"platform.init", b"\"platform.start\""];
    WANTED.map(Finder::new)
});

/// Whether a record may be one of Lambda's.
pub(super) fn is_candidate(record: &[u8]) -> bool {
    FINDERS.iter().any(|finder| finder.find(record).is_some())
}

/// The same for a record that is a string within JSON.
pub(super) fn is_candidate_in_json(record: &[u8]) -> bool {
    let [request, init, _] = &*FINDERS;
    [request, init, &*ESCAPED].iter().any(|finder| finder.find(record).is_some())
}

/// Whether text holds a `platform.*` word of JSON.
pub(super) fn names_platform(text: &[u8]) -> bool {
    FINDERS.last().is_some_and(|finder| finder.find(text).is_some())
}

/// Whether text holds one of those `platform.*` words that tell something.
pub(super) fn names_wanted_platform(text: &[u8]) -> bool {
    WANTED.iter().any(|finder| finder.find(text).is_some())
}

/// The parts before and after the first `RequestId:`.
pub(super) fn split_at_request(text: &str) -> Option<(&str, &str)> {
    let [request, ..] = &*FINDERS;
    let (before, rest) = text.split_at_checked(request.find(text.as_bytes())?)?;
    Some((before, rest.strip_prefix("RequestId:")?))
}

/// The parts before the first `INIT_`, and from it on.
pub(super) fn split_at_init(text: &str) -> Option<(&str, &str)> {
    let [_, init, _] = &*FINDERS;
    text.split_at_checked(init.find(text.as_bytes())?)
}

/// Where the words stand next, so that each byte is searched once whatever the lines are.
#[derive(Default)]
pub(super) struct Ahead {
    next: [Next; WORDS.len()],
}

/// Offsets count from the begin of the input.
#[derive(Default, Clone, Copy)]
struct Next {
    /// The first place that is not behind what was asked for; where the search ended if there is none.
    at: u64,
    found: bool,
}

impl Ahead {
    /// Whether a word stands in the first `length` bytes of `region`, which begins at `offset`. Regions end with a line.
    pub(super) fn is_candidate(&mut self, offset: u64, length: usize, region: &[u8]) -> bool {
        let end = offset + length as u64;
        let mut any = false;
        for (next, finder) in self.next.iter_mut().zip(&*FINDERS) {
            if next.at < offset || (!next.found && next.at < end) {
                let place = finder.find(region);
                *next = Next { at: offset + place.unwrap_or(region.len()) as u64, found: place.is_some() };
            }
            any |= next.found && next.at < end;
        }
        any
    }
}
