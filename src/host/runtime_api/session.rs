//! What the API remembers between requests: who is there, what is to be handed out, what was answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::call::Call;

/// The most extensions that Lambda takes (AWS Lambda developer guide, "Lambda extensions": up to ten per function).
const EXTENSION_LIMIT: usize = 10;

/// What a function may know of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Identity {
    /// Its name.
    pub(in crate::host) function_name: &'static str,
    /// Its version.
    pub(in crate::host) function_version: &'static str,
    /// What `_HANDLER` says.
    pub(in crate::host) handler: &'static str,
    /// Its ARN.
    pub(in crate::host) arn: &'static str,
}

/// An event, with what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Invocation {
    /// Names the invocation. A function may repeat it in its answer.
    pub(in crate::host) request_id: &'static str,
    /// For X-Ray.
    pub(in crate::host) trace_id: &'static str,
    /// When the answer is due.
    pub(in crate::host) deadline: SystemTime,
    /// JSON.
    pub(in crate::host) event: Vec<u8>,
}

impl Invocation {
    /// The deadline as Lambda's headers say it.
    pub(super) fn deadline_ms(&self) -> u128 {
        unix_ms(self.deadline)
    }
}

/// Milliseconds since 1970-01-01.
pub(super) fn unix_ms(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// How far an invocation is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is none.
    #[default]
    Idle,
    /// The runtime has not asked for it yet.
    Waiting(Invocation),
    /// The runtime has it.
    Taken { request_id: &'static str },
    /// The runtime has answered.
    Answered { request_id: &'static str },
}

/// An extension that registered.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) invoke: bool,
    pub(super) shutdown: bool,
    /// Events for it, as JSON.
    pub(super) events: VecDeque<String>,
}

/// What changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) stage: Stage,
    /// True from the first time that the runtime asks for an event.
    pub(super) runtime_is_ready: bool,
    /// By what Lambda calls the identifier.
    pub(super) extensions: BTreeMap<String, Extension>,
    calls: Sender<Call>,
    /// True once the API ends: nobody waits any more.
    pub(super) closed: bool,
}

impl State {
    /// Says what was told. Who does not listen any more has heard enough.
    pub(super) fn tell(&self, call: Call) {
        let _ = self.calls.send(call);
    }

    /// Takes an extension in, and gives its identifier; `None` where there are too many.
    pub(super) fn register(&mut self, extension: Extension) -> Option<String> {
        let number = self.extensions.len();
        if number >= EXTENSION_LIMIT {
            return None;
        }
        // Clients check that it is a UUID; nothing asks that it be a secret.
        let id = format!("5e1f0000-0000-4000-8000-{number:012x}");
        self.extensions.insert(id.clone(), extension);
        Some(id)
    }
}

/// The state, shared by all connections.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) identity: Identity,
    state: Mutex<State>,
    changed: Condvar,
}

impl Session {
    pub(super) fn new(identity: Identity, calls: Sender<Call>) -> Self {
        let state =
            State { stage: Stage::Idle, runtime_is_ready: false, extensions: BTreeMap::new(), calls, closed: false };
        Self { identity, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes those who wait for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_all();
        result
    }

    /// Waits until `take` gives something; `None` once the API ends.
    pub(super) fn wait<T>(&self, mut take: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(taken) = take(&mut state) {
                return Some(taken);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
