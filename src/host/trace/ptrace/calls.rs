//! The calls that tracers have seen, in order, over all programs of a start.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::start::FunctionCall;
use super::text::Text;

/// First calls, as they come.
#[derive(Debug)]
pub(super) struct Calls {
    texts: Vec<Text>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of each text, which functions were called.
    called: Vec<Vec<bool>>,
    /// Moments only grow.
    calls: Vec<(Instant, FunctionCall)>,
    failure: Option<String>,
}

impl Calls {
    pub(super) fn of(texts: Vec<Text>) -> Self {
        let called = texts.iter().map(|text| vec![false; text.functions.len()]).collect();
        Self { texts, seen: Mutex::new(Seen { called, ..Seen::default() }) }
    }

    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// The function with this index in this text is called.
    pub(super) fn called(&self, file: usize, index: usize, address: u64) {
        let mut seen = self.seen();
        let Some(called) = seen.called.get_mut(file).and_then(|called| called.get_mut(index)) else { return };
        // Another process runs the same program.
        if !std::mem::replace(called, true) {
            seen.calls.push((Instant::now(), FunctionCall { file, address }));
        }
    }

    /// A process cannot be traced as it should.
    pub(super) fn failed(&self, why: &impl Display) {
        self.seen().failure.get_or_insert_with(|| why.to_string());
    }

    /// Why a process could not be traced, if so.
    pub(super) fn failure(&self) -> Option<String> {
        self.seen().failure.clone()
    }

    /// How long ago the latest call was.
    pub(super) fn quiet_for(&self) -> Option<Duration> {
        self.seen().calls.last().map(|(at, _)| at.elapsed())
    }

    /// The calls until `moment`, and those after it.
    pub(super) fn around(&self, moment: Instant) -> (Vec<FunctionCall>, Vec<FunctionCall>) {
        let seen = self.seen();
        let (before, after) = seen.calls.split_at(seen.calls.partition_point(|(at, _)| *at <= moment));
        let calls = |part: &[(Instant, FunctionCall)]| part.iter().map(|(_, call)| *call).collect();
        (calls(before), calls(after))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
