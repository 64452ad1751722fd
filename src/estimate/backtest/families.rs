//! Leave one family out: floor and slope are fitted without a language's functions, and then asked about them.

use serde::Serialize;

use super::data::{PLATFORMS, Row, native_rows};
use super::{median, p90, percent};
use crate::estimate::draws::rounded;
use crate::estimate::inputs::Inputs;
use crate::estimate::interval::Interval;
use crate::estimate::model::{Model, Platform};
use crate::estimate::predict::predict;
use crate::units::ByteSize;

/// INIT of native functions on one platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FamilyTest {
    /// `zip` or `image`.
    pub package: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Functions.
    pub functions: u32,
    /// Cold starts behind them.
    pub samples: u32,
    /// Median of INIT at 1024 MB over INIT at 128 MB: memory does not buy INIT.
    pub init_at_1024_over_128_mb: f64,
    /// Median over functions whose first call takes more than 20 ms at 128 MB, of that over the first call at 256 MB.
    pub first_call_at_128_over_256_mb: Option<f64>,
    /// Median error of p50, in percent of what was observed, where the fit has not seen the family.
    pub p50_error_median_percent: f64,
    /// The error that one function in ten exceeds.
    pub p50_error_p90_percent: f64,
    /// The function that is furthest off, and by how much (negative: predicted too low).
    pub worst: String,
    /// See `worst`, in percent.
    pub worst_error_percent: f64,
    /// Share of functions within the 80 % interval, in percent.
    pub covered_percent: f64,
    /// Share of functions within 50 % of the prediction, in percent.
    pub within_half_percent: f64,
    /// Median error of the predicted p90 and p99 over starts, in percent of what was observed.
    pub p90_error_median_percent: f64,
    /// See `p90_error_median_percent`.
    pub p99_error_median_percent: f64,
}

pub(super) fn test(model: &Model) -> Vec<FamilyTest> {
    let rows = native_rows();
    PLATFORMS
        .into_iter()
        .map(|(package, architecture)| {
            let platform: Vec<&Row> = rows.iter().filter(|row| (row.1, row.2) == (package, architecture)).collect();
            let outcomes: Vec<Outcome> = platform.iter().map(|row| outcome(row, &platform, model)).collect();
            let errors =
                |of: fn(&Outcome) -> f64| outcomes.iter().map(|outcome| of(outcome).abs()).collect::<Vec<f64>>();
            let share = |of: &dyn Fn(&Outcome) -> bool| {
                percent(outcomes.iter().filter(|outcome| of(outcome)).count() as f64 / outcomes.len() as f64)
            };
            let worst = outcomes.iter().max_by(|one, other| one.p50.abs().total_cmp(&other.p50.abs()));
            FamilyTest {
                package: package.to_string(),
                architecture: architecture.to_string(),
                functions: outcomes.len() as u32,
                samples: platform.iter().map(|row| row.3).sum(),
                init_at_1024_over_128_mb: rounded(median(platform.iter().map(|row| row.6[3] / row.6[0]).collect())),
                first_call_at_128_over_256_mb: Some(heavy_first_calls(&platform))
                    .filter(|of| !of.is_empty())
                    .map(|of| rounded(median(of))),
                p50_error_median_percent: percent(median(errors(|outcome| outcome.p50))),
                p50_error_p90_percent: percent(p90(errors(|outcome| outcome.p50))),
                worst: worst.map(|outcome| outcome.function.clone()).unwrap_or_default(),
                worst_error_percent: worst.map(|outcome| percent(outcome.p50)).unwrap_or_default(),
                covered_percent: share(&|outcome| outcome.covered),
                within_half_percent: share(&|outcome| outcome.p50.abs() <= 0.5),
                p90_error_median_percent: percent(median(errors(|outcome| outcome.p90))),
                p99_error_median_percent: percent(median(errors(|outcome| outcome.p99))),
            }
        })
        .collect()
}

fn heavy_first_calls(platform: &[&Row]) -> Vec<f64> {
    platform.iter().filter(|row| row.7[0] > 20.0).map(|row| row.7[0] / row.7[1]).collect()
}

/// Predicted over observed, less 1.
struct Outcome {
    function: String,
    p50: f64,
    p90: f64,
    p99: f64,
    covered: bool,
}

fn outcome(row: &Row, platform: &[&Row], model: &Model) -> Outcome {
    let others: Vec<&Row> = platform.iter().filter(|other| other.family() != row.family()).copied().collect();
    let mut model = model.clone();
    let baseline = model.platform(row.1, row.2).max_memory_used_baseline_mb;
    refit(model.platform_mut(row.1, row.2), &others, baseline);
    let touched_mb = (row.5 - baseline).max(0.0) + model.shared.touched_baseline_mb.value.p50;
    let inputs = Inputs::new(row.1, row.2, Inputs::MEMORY_MIN_MB).expect("a setting of Lambda");
    let estimate = predict(&inputs.with_touched(ByteSize::new((touched_mb * 1e6) as u64)), &model);
    let off = |predicted: f64, quantile: usize| predicted / row.4[quantile] - 1.0;
    Outcome {
        function: row.0.clone(),
        p50: off(estimate.init_ms.p50, Row::P50),
        p90: off(estimate.init_p90_ms.p50, Row::P90),
        p99: off(estimate.init_p99_ms.p50, Row::P99),
        covered: (estimate.init_ms.p10..=estimate.init_ms.p90).contains(&row.p50()),
    }
}

/// Least squares on relative errors of floor + slope * MB, as the prior was fitted; the widths of the intervals stay.
fn refit(platform: &mut Platform, rows: &[&Row], baseline_mb: f64) {
    // Sums of the normal equations, each row weighted by its observation.
    let (mut one, mut x1, mut x2, mut y1, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in rows {
        let (x, y) = ((row.5 - baseline_mb).max(0.0), row.p50());
        let weight = 1.0 / (y * y);
        one += weight;
        x1 += weight * x;
        x2 += weight * x * x;
        y1 += weight * y;
        xy += weight * x * y;
    }
    let slope = (one * xy - x1 * y1) / (one * x2 - x1 * x1);
    let floor = (y1 - slope * x1) / one;
    for (coefficient, value) in [(&mut platform.init_floor, floor), (&mut platform.init_per_touched_mb, slope)] {
        let Interval { p10, p50, p90 } = coefficient.value;
        coefficient.value = Interval { p10: p10 / p50 * value, p50: value, p90: p90 / p50 * value };
    }
}
