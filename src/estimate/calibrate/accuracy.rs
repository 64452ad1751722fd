//! The prior against the calibrated model, on the last fifth of the days, which neither has seen.

use std::collections::BTreeSet;

use super::function::{at_memory_used, observed_init};
use super::group::{Function, Version};
use super::learn::Platformed;
use crate::estimate::calibration::Accuracy;
use crate::estimate::draws::rounded;
use crate::estimate::interval::Interval;

/// Share of the days that is held out.
const HELD_OUT: f64 = 0.2;
/// Fewest cold starts of a day whose median counts.
const FEWEST: u64 = 5;

/// `None` where fewer than three days have cold starts.
pub(super) fn held_out(name: &str, function: &Function, platform: &Platformed<'_>) -> Option<Accuracy> {
    let (version_name, version) = function.current()?;
    let days: Vec<i64> = version.days().collect::<BTreeSet<_>>().into_iter().collect();
    if days.len() < 3 {
        return None;
    }
    let held = ((days.len() as f64 * HELD_OUT).ceil() as usize).max(1);
    let first_held = days[days.len() - held];
    let seen = observed_init(version, platform, &|day| day.is_some_and(|day| day < first_held))?;
    let later = version.init_of(&|day| day.is_some_and(|day| day >= first_held));
    let observed_ms = later.quantile(0.5)?.get();
    let prior_ms = at_memory_used(version, platform);
    let error = |predicted: f64| rounded((predicted / observed_ms - 1.0).abs() * 100.0);
    let covers = |interval: Interval| coverage(version, first_held, interval);
    Some(Accuracy {
        function: name.to_owned(),
        version: version_name.clone(),
        days: held as u64,
        cold_starts: later.count(),
        observed_ms: rounded(observed_ms),
        prior_ms,
        prior_error_percent: prior_ms.map(|prior| error(prior.p50)),
        calibrated_ms: seen.interval(),
        calibrated_error_percent: error(seen.median_ms),
        prior_covers: prior_ms.map(covers),
        calibrated_covers: covers(seen.interval()),
    })
}

fn coverage(version: &Version, first_held: i64, interval: Interval) -> f64 {
    let medians: Vec<f64> = version
        .init
        .iter()
        .filter(|(day, starts)| day.is_some_and(|day| day >= first_held) && starts.count() >= FEWEST)
        .filter_map(|(_, starts)| Some(starts.quantile(0.5)?.get()))
        .collect();
    if medians.is_empty() {
        return 0.0;
    }
    let inside = medians.iter().filter(|ms| (interval.p10..=interval.p90).contains(*ms)).count();
    rounded(inside as f64 / medians.len() as f64)
}
