//! When which thread waited, over all programs of a start.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::waits::{Wait, WaitKind};

/// Shorter waits are left out, but for connections and look-ups.
pub(super) const SHORTEST: Duration = Duration::from_millis(1);

/// The most waits that are remembered, short ones included.
const LIMIT: usize = 200_000;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Diary(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    /// When the first program's first instruction was next.
    start: Option<Instant>,
    /// When each thread was first seen, and when it was seen to end.
    threads: Vec<(Instant, Option<Instant>)>,
    entries: Vec<Entry>,
    left_out: u64,
}

#[derive(Debug)]
struct Entry {
    thread: usize,
    start: Instant,
    /// `None` as long as it waits.
    end: Option<Instant>,
    kind: WaitKind,
    /// The thread did nothing else meanwhile.
    is_still: bool,
}

/// The waits until a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) items: Vec<Wait>,
    pub(super) left_out: u64,
    pub(super) wall: Duration,
    pub(super) idle: Vec<Range<Duration>>,
}

/// A wait that was written down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(usize);

impl Diary {
    /// A program's first instruction is next.
    pub(super) fn started(&self) {
        self.pages().start.get_or_insert_with(Instant::now);
    }

    /// A new thread. Gives its number.
    pub(super) fn thread(&self) -> usize {
        let mut pages = self.pages();
        pages.threads.push((Instant::now(), None));
        pages.threads.len() - 1
    }

    pub(super) fn thread_ended(&self, thread: usize) {
        if let Some((_, end)) = self.pages().threads.get_mut(thread) {
            *end = Some(Instant::now());
        }
    }

    /// A thread begins to wait, and does nothing else.
    pub(super) fn waits(&self, thread: usize, kind: WaitKind) -> Option<Place> {
        self.pages().add(Entry { thread, start: Instant::now(), end: None, kind, is_still: true })
    }

    /// What a thread began at `start` is under way while it does other things.
    pub(super) fn is_under_way(&self, thread: usize, start: Instant, kind: WaitKind) -> Option<Place> {
        self.pages().add(Entry { thread, start, end: None, kind, is_still: false })
    }

    /// What was waited for is there; `learn` may know more of it now.
    pub(super) fn over(&self, place: Place, learn: impl FnOnce(&mut WaitKind)) {
        if let Some(entry) = self.pages().entries.get_mut(place.0) {
            entry.end = Some(Instant::now());
            learn(&mut entry.kind);
        }
    }

    /// What was waited for until `moment`, times counted from the start.
    pub(super) fn until(&self, moment: Instant) -> Told {
        let pages = self.pages();
        let Some(start) = pages.start else {
            return Told { items: Vec::new(), left_out: 0, wall: Duration::ZERO, idle: Vec::new() };
        };
        let since = |at: Instant| at.min(moment).saturating_duration_since(start);
        let seen = || pages.entries.iter().filter(|entry| entry.start < moment);
        let waits = seen().map(|entry| Wait {
            thread: entry.thread,
            start: since(entry.start),
            end: since(entry.end.unwrap_or(moment)),
            kind: entry.kind.clone(),
        });
        let is_long = |wait: &Wait| {
            wait.took() > SHORTEST || matches!(wait.kind, WaitKind::Connect { .. } | WaitKind::LookUp { .. })
        };
        let mut items: Vec<Wait> = waits.filter(is_long).collect();
        // Stable: what a thread began first stays first.
        items.sort_by_key(|wait| (wait.start, wait.thread));
        // A file's bytes may be waited for in the queue for a processor.
        let still = seen().filter(|entry| entry.is_still && !matches!(entry.kind, WaitKind::File { .. }));
        let still = still.map(|entry| (since(entry.start), since(entry.end.unwrap_or(moment))));
        let alive = pages.threads.iter().map(|(first, last)| (since(*first), since(last.unwrap_or(moment))));
        let idle = idle(alive, still);
        Told { items, left_out: pages.left_out, wall: since(moment), idle }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn add(&mut self, entry: Entry) -> Option<Place> {
        if self.entries.len() >= LIMIT {
            self.left_out += 1;
            return None;
        }
        self.entries.push(entry);
        Some(Place(self.entries.len() - 1))
    }
}

/// When somebody was there and everybody who was there stood still. A thread does not stand still twice at once.
fn idle(
    alive: impl Iterator<Item = (Duration, Duration)>,
    still: impl Iterator<Item = (Duration, Duration)>,
) -> Vec<Range<Duration>> {
    // By moment: how many more are there, and how many more stand still, from then on.
    let mut changes: Vec<(Duration, i64, i64)> = Vec::new();
    for (from, to) in alive {
        changes.extend([(from, 1, 0), (to, -1, 0)]);
    }
    for (from, to) in still {
        changes.extend([(from, 0, 1), (to, 0, -1)]);
    }
    changes.sort_unstable();
    let mut spans: Vec<Range<Duration>> = Vec::new();
    let (mut there, mut standing, mut before) = (0, 0, Duration::ZERO);
    for (at, more, more_standing) in changes {
        if there > 0 && standing >= there && at > before {
            match spans.last_mut() {
                Some(last) if last.end == before => last.end = at,
                _ => spans.push(before..at),
            }
        }
        there += more;
        standing += more_standing;
        before = at;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(from: u64, to: u64) -> (Duration, Duration) {
        (Duration::from_millis(from), Duration::from_millis(to))
    }

    #[test]
    fn idle_is_when_nobody_of_those_who_are_there_does_anything() {
        let idle = |alive: &[_], still: &[_]| -> u128 {
            let spans = idle(alive.iter().copied(), still.iter().copied());
            spans.iter().map(|span| (span.end - span.start).as_millis()).sum()
        };
        assert_eq!(idle(&[ms(0, 10)], &[ms(2, 5), ms(5, 7)]), 5);
        // The second thread comes at 3, stands still from 4 on, and is gone at 6.
        assert_eq!(idle(&[ms(0, 10), ms(3, 6)], &[ms(2, 8), ms(4, 6)]), 1 + 2 + 2);
        assert_eq!(idle(&[ms(0, 10), ms(0, 10)], &[ms(0, 10)]), 0);
        assert_eq!(idle(&[], &[]), 0);
    }

    #[test]
    fn what_is_not_over_lasts_to_the_end_and_what_begins_later_is_left_out() {
        let diary = Diary::default();
        assert_eq!(diary.until(Instant::now()).items, []);
        let thread = diary.thread();
        diary.started();
        let sleep = diary.waits(thread, WaitKind::Sleep).unwrap();
        std::thread::sleep(2 * SHORTEST);
        diary.over(sleep, |_| ());
        diary.waits(thread, WaitKind::Poll).unwrap();
        std::thread::sleep(2 * SHORTEST);
        let moment = Instant::now();
        diary.waits(thread, WaitKind::Process).unwrap();
        let told = diary.until(moment);
        let [sleep, poll] = &told.items[..] else { panic!("{told:?}") };
        assert_eq!((&sleep.kind, &poll.kind, poll.end), (&WaitKind::Sleep, &WaitKind::Poll, told.wall));
        let idle: Duration = told.idle.iter().map(|span| span.end - span.start).sum();
        assert!(idle <= told.wall && idle >= sleep.took() + poll.took(), "{told:?}");
    }
}
