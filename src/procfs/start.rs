//! One start of a package, as it was seen.

use std::time::Duration;

use super::process::Process;

/// One start that came to its end: every program asked for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// From just before the first program was started to the first byte of the last one's first request for an event.
    pub ready: Duration,
    /// The processes then.
    pub processes: Vec<Process>,
    /// Whether they had come to rest.
    pub at_rest: bool,
    /// What the event did, where there was one.
    pub answered: Option<Answered>,
}

/// An event that was handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// From the moment that the event was there to the first byte of the answer.
    pub response: Duration,
    /// The processes once they had come to rest.
    pub processes: Vec<Process>,
}
