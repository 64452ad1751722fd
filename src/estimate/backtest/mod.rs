//! The prior against the data that it was read from, and against what it was not: families left out, later half years, experiments.
//!
//! `lambda_perf_prior.json` holds aggregates of lambda-perf (Apache-2.0, Maxime David and contributors; see `prior`).

mod data;
mod drift;
mod experiments;
mod families;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use drift::DriftTest;
pub use experiments::ExperimentTest;
pub use families::FamilyTest;

use super::model::Model;

/// How far the prior is off, where the truth is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The model that was tested.
    pub model: String,
    /// INIT of native functions whose language family the fit has not seen, by platform.
    pub families: Vec<FamilyTest>,
    /// INIT half a year ahead of what was calibrated on, by platform.
    pub drift: Vec<DriftTest>,
    /// Changes of one function's package, and what INIT did.
    pub experiments: Vec<ExperimentTest>,
}

/// Tests `model`, which should be the prior or stem from it.
///
/// ```
/// use lambda_slim::estimate::{Model, backtest};
/// let test = backtest(&Model::prior());
/// assert_eq!(test.families.len(), 4);
/// ```
#[must_use]
pub fn backtest(model: &Model) -> Backtest {
    Backtest {
        model: model.id.clone(),
        families: families::test(model),
        drift: drift::test(),
        experiments: experiments::test(model),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    super::draws::percentile(&values, 0.5)
}

fn p90(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    super::draws::percentile(&values, 0.9)
}

/// In percent, to a tenth.
fn percent(share: f64) -> f64 {
    super::draws::rounded_to(share * 100.0, 1)
}
