//! Log streams are environments: how long idle ones live follows from when each was used.
//!
//! An environment that is used again after a gap has survived it. A cold start tells that none was left: the one that became idle
//! last had lived for less than the time since.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::logs::{Histogram, Initialization};
use crate::units::Millis;

/// Streams that are remembered; when there are more, those that were idle for longest are forgotten.
const MOST_STREAMS: usize = 1 << 20;
/// Idle time after which a stream is forgotten first, in ms: longer than any environment was seen to live.
const FORGOTTEN_MS: i64 = 4 * 3_600_000;

#[derive(Debug, Clone, Copy)]
struct Stream {
    /// When its last invocation ended; `None` before the first.
    idle_since: Option<i64>,
    /// When its first invocation ended.
    begun: Option<i64>,
    function: u64,
    initialization: Option<Initialization>,
}

impl Stream {
    fn lifetime(&self) -> Option<(u64, Millis)> {
        let lived = self.idle_since?.saturating_sub(self.begun?);
        Some((self.function, Millis::new(lived.max(1) as f64)))
    }
}

/// The streams of all functions, by a hash of their name.
#[derive(Debug, Clone, Default)]
pub(super) struct Environments {
    streams: HashMap<u64, Stream>,
    /// By function: when an environment last became idle, and which.
    last_idle: HashMap<u64, (i64, u64)>,
    /// By function: from the first to the last invocation of streams that are forgotten.
    lived: HashMap<u64, Histogram>,
    newest: i64,
}

/// How long the environments of each function lived.
pub(super) struct Lifetimes(HashMap<u64, Histogram>);

impl Lifetimes {
    pub(super) fn of(&self, function: &str) -> Histogram {
        self.0.get(&hash(&function)).cloned().unwrap_or_default()
    }
}

/// What an invocation tells of keep-alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    /// Idle for so long, in ms, and used again.
    Survived(i64),
    /// The one that became idle last was gone after so many ms.
    Gone(i64),
}

impl Environments {
    /// Why the stream's environment was started, as its latest initStart said.
    pub(super) fn started(&mut self, function: &str, stream: Option<&str>, initialization: Option<Initialization>) {
        let Some(stream) = stream else { return };
        let (key, function) = (hash(&(function, stream)), hash(&function));
        self.streams.insert(key, Stream { idle_since: None, begun: None, function, initialization });
    }

    pub(super) fn initialization(&self, function: &str, stream: Option<&str>) -> Option<Initialization> {
        self.streams.get(&hash(&(function, stream?)))?.initialization
    }

    /// An invocation from `start` to `end`, in ms since 1970; a `cold` one started its environment.
    pub(super) fn invoked(&mut self, function: &str, stream: &str, start: i64, end: i64, cold: bool) -> Told {
        let (key, function) = (hash(&(function, stream)), hash(&function));
        self.newest = self.newest.max(end);
        let before = self.streams.get(&key).and_then(|stream| stream.idle_since);
        let last_idle = self.last_idle.get(&function).copied();
        let told = match (cold, before, last_idle) {
            (false, Some(idle), _) if start >= idle => Told::Survived(start.saturating_sub(idle)),
            (true, _, Some((idle, other))) if other != key && start >= idle => Told::Gone(start.saturating_sub(idle)),
            _ => Told::Nothing,
        };
        let known = self.streams.get(&key);
        let initialization = known.and_then(|stream| stream.initialization);
        let begun = known.and_then(|stream| stream.begun).or(Some(end));
        self.streams.insert(key, Stream { idle_since: Some(end), begun, function, initialization });
        if last_idle.is_none_or(|(idle, _)| idle <= end) {
            self.last_idle.insert(function, (end, key));
        }
        if self.streams.len() > MOST_STREAMS {
            self.forget();
        }
        told
    }

    fn forget(&mut self) {
        let oldest = self.newest.saturating_sub(FORGOTTEN_MS);
        let all = self.streams.values().filter(|stream| stream.idle_since.is_some_and(|idle| idle >= oldest)).count();
        // Where even the recent ones are too many, all are forgotten.
        let oldest = if all > MOST_STREAMS / 2 { i64::MAX } else { oldest };
        let lived = &mut self.lived;
        self.streams.retain(|_, stream| {
            let kept = stream.idle_since.is_some_and(|idle| idle >= oldest);
            if let Some((function, lifetime)) = stream.lifetime().filter(|_| !kept) {
                lived.entry(function).or_default().add(lifetime);
            }
            kept
        });
    }

    /// From the first to the last invocation of each environment of a function; those that still live count as far as they came.
    pub(super) fn lifetimes(&self) -> Lifetimes {
        let mut lived = self.lived.clone();
        for (function, lifetime) in self.streams.values().filter_map(Stream::lifetime) {
            lived.entry(function).or_default().add(lifetime);
        }
        Lifetimes(lived)
    }
}

/// The same on every host and in every run.
fn hash(value: &impl std::hash::Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

/// The keep-alive time that contradicts the fewest gaps, with the range of times that contradict hardly more.
/// `None` where nothing was seen to survive or to be gone.
pub(super) fn keep_alive(survived: &Histogram, gone: &Histogram) -> Option<[Millis; 3]> {
    if survived.count() == 0 || gone.count() == 0 {
        return None;
    }
    let mut buckets: Vec<i32> = survived.buckets().chain(gone.buckets()).map(|(bucket, _)| bucket).collect();
    buckets.sort_unstable();
    buckets.dedup();
    // A keep-alive at the upper end of a bucket: survived gaps above it and gone ones in or below it are contradictions.
    let above = |bucket: i32| survived.buckets().filter(|(at, _)| *at > bucket).map(|(_, count)| count).sum::<u64>();
    let below = |bucket: i32| gone.buckets().filter(|(at, _)| *at <= bucket).map(|(_, count)| count).sum::<u64>();
    let all: Vec<(i32, u64)> = buckets.iter().map(|bucket| (*bucket, above(*bucket) + below(*bucket))).collect();
    let (_, fewest) = *all.iter().min_by_key(|(_, wrong)| *wrong)?;
    // Twice the standard deviation of a count is the doubt.
    let doubt = fewest + 2 * (fewest as f64).sqrt().ceil() as u64;
    let likely: Vec<i32> = all.iter().filter(|(_, wrong)| *wrong <= doubt).map(|(bucket, _)| *bucket).collect();
    let best: Vec<i32> = all.iter().filter(|(_, wrong)| *wrong == fewest).map(|(bucket, _)| *bucket).collect();
    let next = |bucket: i32| buckets.iter().find(|at| **at > bucket).copied().unwrap_or(bucket);
    // Between the last gap that was survived and the first that was not lies the truth.
    let (low, high) = (*likely.first()?, next(*likely.last()?));
    let middle = f64::midpoint(f64::from(*best.first()?), f64::from(next(*best.last()?)));
    let at = |bucket: f64| Millis::new(((bucket + 0.5) / Histogram::BUCKETS_PER_LN).exp());
    Some([at(f64::from(low)), at(middle), at(f64::from(high))])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    // Environments live for 8 minutes: gaps of up to 8 are survived, longer ones are not.
    #[test]
    fn keep_alive_lies_between_the_gaps_that_were_survived_and_those_that_were_not() {
        let (mut environments, mut survived, mut gone) =
            (Environments::default(), Histogram::default(), Histogram::default());
        let (mut now, mut stream) = (0, 0);
        for gap in [1, 3, 9, 7, 2, 12, 6, 8, 10, 5, 30, 7, 11].repeat(5) {
            now += gap * MINUTE;
            let cold = gap > 8 || now == gap * MINUTE;
            stream += i32::from(cold);
            match environments.invoked("f", &format!("s{stream}"), now, now, cold) {
                Told::Survived(ms) => survived.add(Millis::new(ms as f64)),
                Told::Gone(ms) => gone.add(Millis::new(ms as f64)),
                Told::Nothing => {}
            }
        }
        let [low, middle, high] = keep_alive(&survived, &gone).expect("both were seen").map(|ms| ms.get() / 60_000.0);
        assert!(
            (7.8..=8.2).contains(&low) && (8.0..=9.0).contains(&middle) && (8.8..=9.3).contains(&high),
            "{low} {middle} {high}"
        );
    }

    #[test]
    fn nothing_is_said_without_both_kinds_of_gaps() {
        let mut some = Histogram::default();
        some.add(Millis::new(1000.0));
        assert_eq!(keep_alive(&some, &Histogram::default()), None);
        assert_eq!(keep_alive(&Histogram::default(), &some), None);
    }
}
