//! Environments one by one: every arrival takes the one that was used last, starts a new one, or is throttled.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::logs::Histogram;
use crate::units::Millis;

/// A request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// When it comes, in ms from any common origin.
    pub at_ms: f64,
    /// How long a warm environment is busy with it, in ms.
    pub duration_ms: f64,
}

/// What Lambda does with environments.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// How long an idle environment lives, in ms.
    pub keep_alive_ms: f64,
    /// How many may be busy at once: reserved concurrency, or the account's limit.
    pub concurrency: u32,
    /// `Timeout` of the function, in ms: longer invocations end as errors.
    pub timeout_ms: f64,
    /// Times at which a new version replaces all environments, in ms on the arrivals' clock, ascending.
    pub deployments_ms: Vec<f64>,
    /// Requests of so many ms from the first one on are served and not counted, in ms.
    pub warm_up_ms: f64,
}

impl Policy {
    /// Environments that a function may gain at once, and within 10 s. Source: AWS Lambda developer guide, 'Lambda function
    /// scaling', read 2026-11-23: 1000 every 10 seconds.
    pub const RAMP: f64 = 1000.0;
    const RAMP_WINDOW_MS: f64 = 10_000.0;

    /// Lambda's defaults: 1000 at once, 3 s time-out; source: AWS Lambda quotas page, read 2026-11-23.
    #[must_use]
    pub const fn new(keep_alive_ms: f64) -> Self {
        Self { keep_alive_ms, concurrency: 1000, timeout_ms: 3000.0, deployments_ms: Vec::new(), warm_up_ms: 0.0 }
    }
}

/// How a cold start lengthens its request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::estimate) struct ColdStart {
    /// Before the function's time-out begins to run: placement, download, init.
    pub(in crate::estimate) before_ms: f64,
    /// What the first call takes beyond a warm one.
    pub(in crate::estimate) first_call_extra_ms: f64,
}

/// What became of the arrivals, as CloudWatch counts it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulation {
    /// Requests that were taken. Throttled ones are not counted, as in CloudWatch.
    pub invocations: u64,
    /// Of these, how many started an environment.
    pub cold_starts: u64,
    /// Requests that were refused.
    pub throttles: u64,
    /// Invocations that took longer than the time-out.
    pub timeouts: u64,
    /// Most environments that were busy at once.
    pub most_busy: u64,
    /// Most environments that were alive at once, busy or idle.
    pub most_alive: u64,
    /// Most requests within one minute of the clock.
    pub most_per_minute: u64,
    /// Sum of `Duration` of all invocations, in ms: without init.
    pub duration_ms: f64,
    /// From the first arrival to the last, in ms.
    pub span_ms: f64,
    /// What callers waited, cold starts included.
    pub latency: Histogram,
}

/// Runs `arrivals`, which must ascend, through `policy`; every cold start takes `before_ms` longer than a warm one.
///
/// ```
/// use lambda_slim::estimate::{Arrival, Policy, simulate};
/// let minute = 60_000.0;
/// // One request every five minutes finds its environment, every seven minutes none.
/// let every = |gap: f64| (0..100).map(move |n| Arrival { at_ms: f64::from(n) * gap, duration_ms: 20.0 });
/// let policy = Policy::new(6.0 * minute);
/// assert_eq!(simulate(every(5.0 * minute), &policy, 150.0).cold_starts, 1);
/// assert_eq!(simulate(every(7.0 * minute), &policy, 150.0).cold_starts, 100);
/// ```
pub fn simulate(arrivals: impl IntoIterator<Item = Arrival>, policy: &Policy, before_ms: f64) -> Simulation {
    run(arrivals, policy, || ColdStart { before_ms, first_call_extra_ms: 0.0 })
}

/// The same with a cold start of its own for each.
pub(in crate::estimate) fn run(
    arrivals: impl IntoIterator<Item = Arrival>,
    policy: &Policy,
    mut next_cold_start: impl FnMut() -> ColdStart,
) -> Simulation {
    let mut fleet = Fleet::new(policy);
    let mut result = Simulation::default();
    let mut uncounted = Simulation::default();
    let mut minute = (i64::MIN, 0);
    let mut first = None;
    for arrival in arrivals {
        let start = *first.get_or_insert(arrival.at_ms);
        let result = if arrival.at_ms - start < policy.warm_up_ms { &mut uncounted } else { &mut result };
        result.span_ms = arrival.at_ms - start - policy.warm_up_ms;
        count_minute(&mut minute, arrival.at_ms, &mut result.most_per_minute);
        fleet.advance(arrival.at_ms);
        let (latency, duration) = match fleet.take(arrival.at_ms) {
            Taken::Warm => (arrival.duration_ms, arrival.duration_ms),
            Taken::New => {
                let cold = next_cold_start();
                result.cold_starts += 1;
                let duration = arrival.duration_ms + cold.first_call_extra_ms;
                (cold.before_ms + duration, duration)
            }
            Taken::None => {
                result.throttles += 1;
                continue;
            }
        };
        let late = duration > policy.timeout_ms;
        let cut = if late { duration - policy.timeout_ms } else { 0.0 };
        result.invocations += 1;
        result.timeouts += u64::from(late);
        result.duration_ms += duration - cut;
        result.latency.add(Millis::new(latency - cut));
        fleet.occupy(arrival.at_ms + latency - cut);
        result.most_busy = result.most_busy.max(fleet.busy.len() as u64);
        result.most_alive = result.most_alive.max((fleet.busy.len() + fleet.idle.len()) as u64);
    }
    result
}

fn count_minute(minute: &mut (i64, u64), at_ms: f64, most: &mut u64) {
    let now = (at_ms / 60_000.0).floor() as i64;
    if minute.0 != now {
        *minute = (now, 0);
    }
    minute.1 += 1;
    *most = (*most).max(minute.1);
}

enum Taken {
    Warm,
    New,
    None,
}

/// An environment that is busy until then, of the deployment with that number.
#[derive(PartialEq)]
struct Busy {
    until_ms: f64,
    deployment: usize,
}

impl Eq for Busy {}

impl Ord for Busy {
    /// The first to end is the greatest, as the heap gives the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.until_ms.total_cmp(&self.until_ms).then(other.deployment.cmp(&self.deployment))
    }
}

impl PartialOrd for Busy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Fleet<'p> {
    policy: &'p Policy,
    busy: BinaryHeap<Busy>,
    /// Since when each is idle: they become idle in the order of time, so the first is the one to expire, the last the one to take.
    idle: VecDeque<f64>,
    deployment: usize,
    /// Environments that may be added now, and when that was counted.
    ramp: (f64, f64),
}

impl<'p> Fleet<'p> {
    fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            busy: BinaryHeap::new(),
            idle: VecDeque::new(),
            deployment: 0,
            ramp: (Policy::RAMP, f64::NEG_INFINITY),
        }
    }

    fn advance(&mut self, now_ms: f64) {
        while let Some(at) = self.policy.deployments_ms.get(self.deployment).filter(|at| **at <= now_ms) {
            self.settle(*at);
            self.idle.clear();
            self.deployment += 1;
        }
        self.settle(now_ms);
        while self.idle.front().is_some_and(|since| now_ms - since > self.policy.keep_alive_ms) {
            self.idle.pop_front();
        }
    }

    /// Environments that are done by `now_ms` become idle, or end where a deployment replaced them.
    fn settle(&mut self, now_ms: f64) {
        while self.busy.peek().is_some_and(|busy| busy.until_ms <= now_ms) {
            let busy = self.busy.pop().expect("it was there");
            if busy.deployment == self.deployment {
                self.idle.push_back(busy.until_ms);
            }
        }
    }

    fn take(&mut self, now_ms: f64) -> Taken {
        if self.busy.len() >= self.policy.concurrency as usize {
            return Taken::None;
        }
        if self.idle.pop_back().is_some() {
            return Taken::Warm;
        }
        let (left, counted_ms) = self.ramp;
        let regained = (now_ms - counted_ms) / Policy::RAMP_WINDOW_MS * Policy::RAMP;
        let left = (left + regained).min(Policy::RAMP);
        if left < 1.0 {
            self.ramp = (left, now_ms);
            return Taken::None;
        }
        self.ramp = (left - 1.0, now_ms);
        Taken::New
    }

    fn occupy(&mut self, until_ms: f64) {
        self.busy.push(Busy { until_ms, deployment: self.deployment });
    }
}
