//! The question that traffic puts to the model, and its answer.

use super::closed_form::{ClosedForm, MOST_BUSY, all_busy, closed_form};
use super::latency::{Quantiles, of_mixture};
use super::outcome::{CloudWatch, Concurrency, Latency, Method, Traffic};
use super::simulate::{Arrival, ColdStart, Policy, Simulation, run};
use super::timeouts::timeout_risks;
use crate::estimate::arithmetic::{MONTH_MS, ln};
use crate::estimate::coefficient::Coefficient;
use crate::estimate::draws::{Draws, Unknown, interval, percentile, rounded_to, splitmix64};
use crate::estimate::error::EstimateError;
use crate::estimate::interval::Interval;
use crate::estimate::model::Model;
use crate::estimate::price::Month;
use crate::estimate::sample::Sample;

/// Requests that are simulated where the closed form is refused.
const SIMULATED: usize = 2_000_000;
/// Part of the meaning of a report, never changed.
const SEED: u64 = 0x7261_6666_6963_2026;
/// Digits of a share that are kept.
const SHARE_DIGITS: i32 = 7;
/// What is told of a trace's durations.
const WARM_POINTS: [f64; 9] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0];
/// Requests per minute from which Lambda is known to start environments ahead of requests; below, nobody has seen it.
const DENSE_PER_MINUTE: f64 = 1.0;

/// The requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand {
    /// So many in a month, at random at a constant rate.
    PerMonth(f64),
    /// As they came.
    Trace(Vec<Arrival>),
}

/// What is known of the function's traffic, beside its package.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The requests.
    pub demand: Demand,
    /// How long a warm request takes, in ms, and who says so. A trace's own durations outrank it.
    pub warm_ms: f64,
    /// Who says so.
    pub warm_source: String,
    /// Minutes for which an idle environment is kept; `None`: as the model has it.
    pub keep_alive_minutes: Option<f64>,
    /// What logs say of it.
    pub logged_keep_alive: Option<Coefficient>,
    /// Environments that may be busy at once.
    pub concurrency: u32,
    /// `Timeout` of the function, in ms.
    pub function_timeout_ms: Option<f64>,
    /// When callers give up, in ms.
    pub client_timeout_ms: Option<f64>,
    /// How often a month a new version replaces all environments.
    pub deployments_per_month: f64,
}

impl Plan {
    /// Lambda's defaults, and a warm request of `warm_ms` as `warm_source` says.
    #[must_use]
    pub fn new(demand: Demand, warm_ms: f64, warm_source: impl Into<String>) -> Self {
        Self {
            demand,
            warm_ms,
            warm_source: warm_source.into(),
            keep_alive_minutes: None,
            logged_keep_alive: None,
            concurrency: 1000,
            function_timeout_ms: None,
            client_timeout_ms: None,
            deployments_per_month: 0.0,
        }
    }
}

impl Plan {
    /// Every number is one that can be.
    fn checked(&self) -> Result<(), EstimateError> {
        let given = [
            ("duration in ms", Some(self.warm_ms), 0.0),
            ("keep-alive in minutes", self.keep_alive_minutes, 0.0),
            ("limit of concurrency", Some(f64::from(self.concurrency)), 1.0),
            ("function's time-out in ms", self.function_timeout_ms, 0.0),
            ("client's time-out in ms", self.client_timeout_ms, 0.0),
            ("deployments per month", Some(self.deployments_per_month), 0.0),
        ];
        let wrong = given.into_iter().find_map(|(name, value, least)| {
            let value = value.filter(|value| !value.is_finite() || *value < least)?;
            Some(EstimateError::TrafficNumber { name, value, least })
        });
        wrong.map_or(Ok(()), Err)
    }
}

/// What the plan's requests meet, and the month as money sees it.
pub(in crate::estimate) fn traffic(
    samples: &[Sample],
    draws: &Draws,
    model: &Model,
    plan: &Plan,
) -> Result<(Traffic, Month), EstimateError> {
    plan.checked()?;
    let keep_alive_known = plan.logged_keep_alive.as_ref().unwrap_or(&model.shared.keep_alive_minutes);
    let keep_alive = match plan.keep_alive_minutes {
        Some(minutes) => Interval { p10: minutes, p50: minutes, p90: minutes },
        None => keep_alive_known.value,
    };
    let before_ms = median(samples, |sample| sample.before_init() + sample.init());
    let met = match &plan.demand {
        Demand::PerMonth(requests) => steady(*requests, plan, keep_alive, before_ms)?,
        Demand::Trace(arrivals) => traced(arrivals, plan, keep_alive, before_ms)?,
    };
    let share = |score: f64| at(met.cold_share, score);
    let latency_ms = latency(samples, draws, &met, share);
    let first_call = median(samples, |sample| sample.first_call);
    let cold_starts_per_month = scaled(met.cold_share, met.requests);
    let taken = met.requests * (1.0 - met.throttled_share);
    let timeouts = timeout_risks(samples, met.warm_ms, plan.function_timeout_ms, plan.client_timeout_ms);
    let late = match plan.function_timeout_ms {
        Some(limit) => {
            let of_cold =
                timeouts.iter().find(|risk| risk.limit == "function").map_or(0.0, |risk| risk.share_of_cold_starts);
            met.cold_share.p50 * of_cold + (1.0 - met.cold_share.p50) * met.warm.share_above(limit)
        }
        None => 0.0,
    };
    let dense = met.requests / (MONTH_MS / 60_000.0) >= DENSE_PER_MINUTE;
    let nothing = Interval { p10: 0.0, p50: 0.0, p90: 0.0 };
    let month = Month { invocations: taken, cold_share: met.cold_share, warm_ms: met.warm_ms };
    let traffic = Traffic {
        method: met.method,
        requests_per_month: met.requests.round(),
        warm_ms: rounded_to(met.warm_ms, 3),
        warm_source: met.warm_source,
        keep_alive_minutes: keep_alive,
        keep_alive_source: match plan.keep_alive_minutes {
            Some(_) => "as given".to_owned(),
            None => keep_alive_known.provenance(),
        },
        cold_share: met.cold_share,
        cold_starts_per_month,
        ahead_of_requests: if dense { model.shared.ahead_of_requests.value } else { nothing },
        concurrency: Concurrency {
            mean: rounded_to(met.mean_busy, 4),
            peak: met.peak_busy,
            limit: plan.concurrency,
            throttled_share: rounded_to(met.throttled_share, SHARE_DIGITS),
            requests_per_second_limit: plan.concurrency.saturating_mul(10),
        },
        latency_ms,
        timeouts,
        cloudwatch: CloudWatch {
            invocations: taken.round(),
            errors: (taken * late).round(),
            throttles: (met.requests * met.throttled_share).round(),
            duration_ms: rounded_to(met.warm_ms + met.cold_share.p50 * (first_call - met.warm_ms).max(0.0), 3),
            concurrent_executions: met.peak_busy,
        },
    };
    Ok((traffic, month))
}

/// What requests of either kind meet.
struct Met {
    method: Method,
    requests: f64,
    warm: Quantiles,
    warm_ms: f64,
    warm_source: String,
    cold_share: Interval,
    mean_busy: f64,
    peak_busy: f64,
    throttled_share: f64,
}

fn steady(requests: f64, plan: &Plan, keep_alive: Interval, before_ms: f64) -> Result<Met, EstimateError> {
    if !requests.is_finite() || requests <= 0.0 {
        return Err(EstimateError::Requests { requests });
    }
    let per_ms = requests / MONTH_MS;
    let load = per_ms * plan.warm_ms;
    let form = |minutes: f64| closed_form(per_ms, plan.warm_ms, minutes * 60_000.0);
    let (method, share): (Method, Box<dyn Fn(f64) -> f64>) = if load <= MOST_BUSY {
        (Method::ClosedForm, Box::new(move |minutes| form(minutes).cold_share))
    } else {
        (Method::Simulation, Box::new(move |minutes| simulated_share(per_ms, plan, minutes, before_ms)))
    };
    let deployed = |minutes: f64| {
        let ClosedForm { alive, .. } = form(minutes);
        plan.deployments_per_month * alive / requests
    };
    let total = |minutes: f64| rounded_to((share(minutes) + deployed(minutes)).min(1.0), SHARE_DIGITS);
    let cold_share = by_keep_alive(keep_alive, total);
    // Cold starts keep their environment busy for longer.
    let load = load + per_ms * cold_share.p50 * before_ms;
    let within_rate = (f64::from(plan.concurrency) * 10.0 / (per_ms * 1000.0)).min(1.0);
    Ok(Met {
        method,
        requests,
        warm: Quantiles::constant(plan.warm_ms),
        warm_ms: plan.warm_ms,
        warm_source: plan.warm_source.clone(),
        cold_share,
        mean_busy: load,
        peak_busy: exceeded_once_in_1000(load, plan.concurrency),
        throttled_share: 1.0 - within_rate * (1.0 - all_busy(load, plan.concurrency)),
    })
}

/// Environments busy that one request in 1000 finds all busy; the limit where that is fewer.
fn exceeded_once_in_1000(load: f64, limit: u32) -> f64 {
    let mut blocked = 1.0;
    for environment in 1..=limit {
        blocked = load * blocked / (f64::from(environment) + load * blocked);
        if blocked <= 0.001 {
            return f64::from(environment);
        }
    }
    f64::from(limit)
}

/// Random arrivals at a constant rate, with exponential durations, counted after one keep-alive time. The limit does not count
/// here: throttled requests are counted apart.
fn simulated_share(per_ms: f64, plan: &Plan, minutes: f64, before_ms: f64) -> f64 {
    let mut policy = Policy::new(minutes * 60_000.0);
    policy.concurrency = u32::MAX;
    policy.timeout_ms = f64::INFINITY;
    policy.warm_up_ms = policy.keep_alive_ms;
    let (mut state, mut now) = (SEED, 0.0);
    let mut exponential = move |mean: f64| {
        // 53 bits, never 0.
        let uniform = ((splitmix64(&mut state) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
        -ln(uniform) * mean
    };
    let warm_up = (per_ms * policy.warm_up_ms) as usize;
    let arrivals = (0..SIMULATED.saturating_add(warm_up)).map(|_| {
        now += exponential(1.0 / per_ms);
        Arrival { at_ms: now, duration_ms: exponential(plan.warm_ms) }
    });
    let cold = ColdStart { before_ms, first_call_extra_ms: 0.0 };
    share_of(&run(arrivals, &policy, || cold))
}

fn share_of(simulation: &Simulation) -> f64 {
    simulation.cold_starts as f64 / (simulation.invocations as f64).max(1.0)
}

fn traced(arrivals: &[Arrival], plan: &Plan, keep_alive: Interval, before_ms: f64) -> Result<Met, EstimateError> {
    let ([first, ..], [.., last]) = (arrivals, arrivals) else {
        return Err(EstimateError::EmptyTrace);
    };
    let span_ms = last.at_ms - first.at_ms;
    if span_ms <= 0.0 {
        return Err(EstimateError::EmptyTrace);
    }
    let cold = ColdStart { before_ms, first_call_extra_ms: 0.0 };
    let simulated = |minutes: f64| {
        let mut policy = Policy::new(minutes * 60_000.0);
        policy.concurrency = plan.concurrency;
        policy.timeout_ms = plan.function_timeout_ms.unwrap_or(f64::INFINITY);
        let deployments = plan.deployments_per_month * span_ms / MONTH_MS;
        let gap = span_ms / deployments.max(f64::MIN_POSITIVE);
        policy.deployments_ms =
            (0..deployments.round() as u32).map(|n| first.at_ms + (f64::from(n) + 0.5) * gap).collect();
        run(arrivals.iter().copied(), &policy, || cold)
    };
    let middle = simulated(keep_alive.p50);
    let cold_share = by_keep_alive(keep_alive, |minutes| {
        let share = if minutes == keep_alive.p50 { share_of(&middle) } else { share_of(&simulated(minutes)) };
        rounded_to(share, SHARE_DIGITS)
    });
    let mut durations: Vec<f64> = arrivals.iter().map(|arrival| arrival.duration_ms).collect();
    durations.sort_by(f64::total_cmp);
    let warm_ms = durations.iter().sum::<f64>() / durations.len() as f64;
    let all = (middle.invocations + middle.throttles) as f64;
    Ok(Met {
        method: Method::Trace,
        requests: all * MONTH_MS / span_ms,
        warm: Quantiles(WARM_POINTS.iter().map(|share| (*share, percentile(&durations, *share))).collect()),
        warm_ms,
        warm_source: plan.warm_source.clone(),
        cold_share,
        mean_busy: all * (warm_ms + share_of(&middle) * before_ms) / span_ms,
        peak_busy: middle.most_busy as f64,
        throttled_share: middle.throttles as f64 / all,
    })
}

/// The longer idle environments live, the fewer starts are cold.
fn by_keep_alive(minutes: Interval, share: impl Fn(f64) -> f64) -> Interval {
    let p50 = share(minutes.p50);
    let other = |at: f64| if at == minutes.p50 { p50 } else { share(at) };
    // Simulations of rare events may cross.
    Interval { p10: other(minutes.p90).min(p50), p50, p90: other(minutes.p10).max(p50) }
}

fn latency(samples: &[Sample], draws: &Draws, met: &Met, share: impl Fn(f64) -> f64) -> Latency {
    let cold: Vec<(f64, Quantiles)> = samples
        .iter()
        .enumerate()
        .map(|(draw, sample)| {
            (share(draws.score(Unknown::KeepAlive, draw)), Quantiles::of_cold_starts(sample, met.warm_ms))
        })
        .collect();
    let of = |percentile: f64| {
        interval(cold.iter().map(|(share, cold)| of_mixture(percentile, *share, &met.warm, cold)).collect())
    };
    Latency { p50: of(0.5), p99: of(0.99), p999: of(0.999) }
}

/// The value at `score` standard deviations from the median: half a normal distribution on each side.
fn at(interval: Interval, score: f64) -> f64 {
    Coefficient::spread(interval, score).clamp(0.0, 1.0)
}

fn scaled(share: Interval, requests: f64) -> Interval {
    let of = |share: f64| rounded_to(share * requests, 1);
    Interval { p10: of(share.p10), p50: of(share.p50), p90: of(share.p90) }
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    interval(samples.iter().map(of).collect()).p50
}
