//! The share of requests that start an environment, for requests that come at random at a constant rate.
//!
//! Requests go to the environment that was used last, so the n-th one is used only when n-1 are busy. With `a` busy on average,
//! Erlang's formula gives the share `B(n)` of requests that find n busy (`B(0) = 1`, `B(n+1) = a B(n) / (n + 1 + a B(n))`);
//! the n-th environment serves the share `d = B(n-1) - B(n)`, and is gone when it was not used for the keep-alive time K:
//! `cold = sum of d exp(-K rate d)`. Gaps between the requests of the later environments are more uneven than that, which
//! makes the formula too low where many environments are in use.

use crate::estimate::arithmetic::exp;

/// Busy environments on average above which the formula is not used. Against a simulator of another generator
/// (`tests/estimate_traffic.rs`, 2 million requests each) it is within 4 % up to one busy environment; the research behind it saw it 17 % low at
/// five and at a half at fifty, where cold starts are so rare that two million requests hold a hundred of them.
pub(super) const MOST_BUSY: f64 = 2.0;

/// Share of requests below which further environments are not counted.
const NEGLIGIBLE: f64 = 1e-12;
/// More environments than an account can have.
const MOST_ENVIRONMENTS: u32 = 200_000;

/// What the closed form says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ClosedForm {
    /// Share of requests that start an environment.
    pub(super) cold_share: f64,
    /// Environments that are kept alive on average: each that sees a request within the keep-alive time.
    pub(super) alive: f64,
}

/// `per_ms`: requests per ms; `busy_ms`: how long one keeps its environment busy; `keep_alive_ms`: how long an idle one lives.
pub(super) fn closed_form(per_ms: f64, busy_ms: f64, keep_alive_ms: f64) -> ClosedForm {
    let load = per_ms * busy_ms;
    let mut blocked = 1.0;
    let mut result = ClosedForm { cold_share: 0.0, alive: 0.0 };
    for environment in 1..=MOST_ENVIRONMENTS {
        let next = load * blocked / (f64::from(environment) + load * blocked);
        let share = blocked - next;
        let unused = exp(-keep_alive_ms * per_ms * share);
        result.cold_share += share * unused;
        result.alive += 1.0 - unused;
        blocked = next;
        if blocked < NEGLIGIBLE {
            break;
        }
    }
    result
}

/// Erlang's B: the share of requests that find all of `limit` environments busy.
pub(super) fn all_busy(load: f64, limit: u32) -> f64 {
    (1..=limit).fold(1.0, |blocked, environment| load * blocked / (f64::from(environment) + load * blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The research's table: requests per minute, busy ms, keep-alive minutes, share.
    #[test]
    fn formula_gives_the_published_shares() {
        for (per_minute, busy_ms, minutes, expected) in [
            (0.1, 100.0, 6.0, 0.5489),
            (1.0, 100.0, 6.0, 0.0041),
            (5.0, 100.0, 6.0, 0.0065),
            (10.0, 100.0, 10.0, 0.0034),
            (60.0, 100.0, 6.0, 0.00105),
            (1.0, 2000.0, 6.0, 0.0297),
            (600.0, 500.0, 6.0, 0.000_26),
        ] {
            let share = closed_form(per_minute / 60_000.0, busy_ms, minutes * 60_000.0).cold_share;
            assert!((share / expected - 1.0).abs() < 0.025, "{per_minute}/min, {busy_ms} ms: {share}, not {expected}");
        }
    }

    // Reference: Erlang B tables (A = 10, N = 15: 3.65 %; A = 2, N = 5: 3.67 %).
    #[test]
    fn all_busy_is_erlangs_b() {
        assert!((all_busy(10.0, 15) - 0.036_5).abs() < 5e-5);
        assert!((all_busy(2.0, 5) - 0.036_7).abs() < 5e-5);
        assert_eq!(all_busy(0.0, 1), 0.0);
    }
}
