//! The draws of every unknown: fixed seed, same on every host, and common to all inputs that are compared.
//!
//! Each unknown takes the same 10,001 evenly spaced quantiles of its distribution in its own random order (Latin
//! hypercube sampling), so a term reproduces its coefficient's p10, p50 and p90 without sampling noise; the order
//! comes from splitmix64 (Steele, Lea, Flood 2014), which is defined by integer arithmetic alone.

use super::arithmetic::normal_quantile;
use super::interval::Interval;

/// Odd, so that the median is a draw and not the mean of two.
pub(super) const DRAWS: usize = 10_001;

/// Chosen once, never changed: it is part of the meaning of a report.
const SEED: u64 = 0x1a3b_da51_2026_0822;

/// What the model does not know. Each has its own order of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Placement,
    /// Download and unpacking together: if Lambda keeps code re-packed on its side, neither depends on what was uploaded, and
    /// no public measurement tells them apart.
    PackageBytes,
    InitFloor,
    PerTouched,
    PerUntouched,
    PerLibrary,
    Scatter,
    TouchedFile,
    TouchedAnonymous,
    TouchedChange,
    FirstCallFloor,
    FirstCallCpu,
    FirstCallExponent,
    CpuRatio,
    Tail,
    KeepAlive,
}

impl Unknown {
    const ALL: [Unknown; 16] = [
        Self::Placement,
        Self::PackageBytes,
        Self::InitFloor,
        Self::PerTouched,
        Self::PerUntouched,
        Self::PerLibrary,
        Self::Scatter,
        Self::TouchedFile,
        Self::TouchedAnonymous,
        Self::TouchedChange,
        Self::FirstCallFloor,
        Self::FirstCallCpu,
        Self::FirstCallExponent,
        Self::CpuRatio,
        Self::Tail,
        Self::KeepAlive,
    ];
}

/// Standard normal scores, one column for each unknown.
pub(super) struct Draws {
    columns: Vec<Vec<f64>>,
}

impl Draws {
    /// The one set of draws that every prediction uses.
    pub(super) fn new() -> Self {
        let scores: Vec<f64> = (0..DRAWS).map(|rank| normal_quantile((rank as f64 + 0.5) / DRAWS as f64)).collect();
        let columns =
            Unknown::ALL.iter().map(|unknown| shuffled(&scores, SEED.wrapping_add(*unknown as u64))).collect();
        Self { columns }
    }

    /// How many standard deviations `unknown` lies from its median in draw number `draw` (below `DRAWS`).
    pub(super) fn score(&self, unknown: Unknown, draw: usize) -> f64 {
        self.columns[unknown as usize][draw]
    }
}

/// The 10th, 50th and 90th percentile of `values`, rounded to a thousandth. Infinite and undefined values count as 0.
pub(super) fn interval(values: Vec<f64>) -> Interval {
    interval_of(values, 3)
}

/// The same, rounded to so many digits after the point.
pub(super) fn interval_of(mut values: Vec<f64>, digits: i32) -> Interval {
    for value in &mut values {
        if !value.is_finite() {
            *value = 0.0;
        }
    }
    values.sort_by(f64::total_cmp);
    Interval {
        p10: rounded_to(percentile(&values, 0.1), digits),
        p50: rounded_to(percentile(&values, 0.5), digits),
        p90: rounded_to(percentile(&values, 0.9), digits),
    }
}

/// Hazen's definition: the value of rank `k` of `n` is the quantile at `(k - 0.5) / n`, which is how the draws are spaced.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let position = (share * sorted.len() as f64 - 0.5).clamp(0.0, last as f64);
    let below = position as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// To a thousandth; -0 becomes 0, so that 'no change' is written in one way.
pub(super) fn rounded(value: f64) -> f64 {
    rounded_to(value, 3)
}

/// To so many digits after the point.
pub(super) fn rounded_to(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale + 0.0
}

/// Fisher-Yates.
fn shuffled(values: &[f64], seed: u64) -> Vec<f64> {
    let mut values = values.to_vec();
    let mut state = seed;
    for end in (1..values.len()).rev() {
        let random = splitmix64(&mut state);
        let pick = (u128::from(random) * (end as u128 + 1)) >> 64;
        values.swap(end, pick as usize);
    }
    values
}

pub(super) fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reference: the first outputs for seed 1234567 in the Rosetta Code task 'Pseudo-random numbers/Splitmix64'.
    #[test]
    fn splitmix64_gives_its_published_sequence() {
        let mut state = 1_234_567;
        assert_eq!(splitmix64(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(splitmix64(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn unknowns_are_in_the_order_of_their_columns_and_uncorrelated() {
        let draws = Draws::new();
        for (index, one) in Unknown::ALL.iter().enumerate() {
            assert_eq!(*one as usize, index);
            for other in &Unknown::ALL[index + 1..] {
                let sum: f64 = (0..DRAWS).map(|draw| draws.score(*one, draw) * draws.score(*other, draw)).sum();
                let correlation = sum / DRAWS as f64;
                // Five standard errors.
                assert!(correlation.abs() < 0.05, "{one:?} and {other:?}: {correlation}");
            }
        }
    }
}
