//! What callers see: warm answers, and now and then a cold start.

use crate::estimate::sample::Sample;

/// Points of a distribution, as (share, ms), both ascending: straight lines between them.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::estimate) struct Quantiles(pub(in crate::estimate) Vec<(f64, f64)>);

impl Quantiles {
    /// All the same.
    pub(in crate::estimate) fn constant(ms: f64) -> Self {
        Self(vec![(0.0, ms), (1.0, ms)])
    }

    /// INIT of the cold starts of one draw. The median is certain within a draw; around it lies the tail that the model knows, and
    /// below it as much as that of hello-worlds: a tenth (p10 of lambda-perf's Rust functions is 0.85 to 0.91 of their p50).
    pub(in crate::estimate) fn of_init(sample: &Sample) -> Self {
        let (init, p90, p99) = (sample.init(), sample.tail_p90, sample.tail_p99.max(sample.tail_p90));
        // Beyond p99 the tail goes on as steeply as between p90 and p99, which is short of the few seconds that images can take.
        let last = p99 + (p99 - p90);
        Self(vec![
            (0.0, init * 0.8),
            (0.1, init * 0.9),
            (0.5, init),
            (0.9, init + p90),
            (0.99, init + p99),
            (1.0, init + last),
        ])
    }

    /// The same from request to answer. A first call does what a warm one does, which takes `warm_ms`, and more.
    pub(in crate::estimate) fn of_cold_starts(sample: &Sample, warm_ms: f64) -> Self {
        let other = sample.before_init() + sample.first_call.max(warm_ms);
        Self(Self::of_init(sample).0.into_iter().map(|(share, ms)| (share, ms + other)).collect())
    }

    /// The share that takes longer than `ms`.
    pub(in crate::estimate) fn share_above(&self, ms: f64) -> f64 {
        let points = &self.0;
        let Some(at) = points.iter().position(|(_, point)| *point > ms) else { return 0.0 };
        let Some(before) = at.checked_sub(1) else { return 1.0 };
        let ((low, from), (high, to)) = (points[before], points[at]);
        1.0 - (low + (high - low) * (ms - from) / (to - from))
    }

    fn last(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, ms)| *ms)
    }
}

/// The time that `share` of all requests do not exceed, when `cold_share` of them start an environment.
pub(in crate::estimate) fn of_mixture(share: f64, cold_share: f64, warm: &Quantiles, cold: &Quantiles) -> f64 {
    let above = |ms: f64| cold_share * cold.share_above(ms) + (1.0 - cold_share) * warm.share_above(ms);
    let (mut low, mut high) = (0.0, warm.last().max(cold.last()));
    // To a millionth of the range.
    for _ in 0..20 {
        let middle = f64::midpoint(low, high);
        if above(middle) > 1.0 - share { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_cold_starts_show_in_the_last_percentile_alone() {
        let warm = Quantiles::constant(20.0);
        let cold = Quantiles(vec![(0.0, 100.0), (1.0, 300.0)]);
        let at = |share| of_mixture(share, 0.004, &warm, &cold);
        assert!((at(0.5) - 20.0).abs() < 0.01, "{}", at(0.5));
        assert!((at(0.99) - 20.0).abs() < 0.01, "{}", at(0.99));
        // One in 1000 is above: a quarter of the cold ones.
        assert!((at(0.999) - 250.0).abs() < 0.01, "{}", at(0.999));
        assert_eq!(of_mixture(0.5, 1.0, &warm, &cold).round(), 200.0);
    }

    #[test]
    fn share_above_is_straight_between_points() {
        let cold = Quantiles(vec![(0.0, 100.0), (0.5, 200.0), (1.0, 600.0)]);
        assert_eq!(cold.share_above(50.0), 1.0);
        assert_eq!(cold.share_above(150.0), 0.75);
        assert_eq!(cold.share_above(400.0), 0.25);
        assert_eq!(cold.share_above(600.0), 0.0);
    }
}
