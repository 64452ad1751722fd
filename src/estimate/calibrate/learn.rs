//! From counts to a model.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::accuracy::held_out;
use super::fit::{GapPoint, InitFit, InitPoint, fit_gap, fit_init};
use super::function::{above_baseline_mb, at_memory_used, learn_function, observed_init};
use super::group::{Function, Version};
use super::observations::Observations;
use crate::elf::Architecture;
use crate::estimate::arithmetic::{Z90, exp, ln};
use crate::estimate::calibration::{Calibration, FunctionSummary};
use crate::estimate::coefficient::{Coefficient, PackageKind};
use crate::estimate::draws::{Draws, rounded};
use crate::estimate::error::EstimateError;
use crate::estimate::function::{FunctionModel, PackageSizes};
use crate::estimate::inputs::Inputs;
use crate::estimate::interval::{EvidenceGrade, Interval};
use crate::estimate::model::{Model, Platform};
use crate::estimate::predict::predict_init;
use crate::logs::Histogram;
use crate::units::{ByteSize, civil_from_days};

/// Fewest versions that move floor and slope of INIT, and how far apart their memory has to be, in MB: fewer tell of one
/// function alone.
const FEWEST_POINTS: usize = 3;
const LEAST_SPREAD_MB: f64 = 1.0;
/// How alike versions of one program are beside their memory, as the standard deviation of ln.
const VERSION_SD: f64 = 0.05;
/// Most programs with a factor of their own in the regression: those with the most cold starts.
const MOST_PROGRAMS: usize = 200;
/// How sure the prior's centre is of functions that it has not seen, as the standard deviation of ln: judgement.
const CENTRE_SD: f64 = 0.2;

/// What was deployed while the records were written.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Deployed {
    /// Zip or image.
    pub package: PackageKind,
    /// Instruction set; REPORT lines do not say.
    pub architecture: Architecture,
    /// Packages by the function that ran them, where they are known.
    pub packages: BTreeMap<String, PackageSizes>,
}

impl Deployed {
    /// Functions whose packages are not known.
    #[must_use]
    pub const fn new(package: PackageKind, architecture: Architecture) -> Self {
        Self { package, architecture, packages: BTreeMap::new() }
    }
}

/// A model, seen as the platform of the records.
pub(super) struct Platformed<'m> {
    pub(super) base: &'m Model,
    pub(super) package: PackageKind,
    pub(super) architecture: Architecture,
    draws: Draws,
    /// What the base predicts, by touched bytes: each is asked for several times.
    predicted: RefCell<BTreeMap<ByteSize, Interval>>,
}

impl<'b> Platformed<'b> {
    fn new(base: &'b Model, deployed: &Deployed) -> Self {
        Self {
            base,
            package: deployed.package,
            architecture: deployed.architecture,
            draws: Draws::new(),
            predicted: RefCell::default(),
        }
    }

    /// INIT as the base model predicts it of so much touched memory.
    pub(super) fn init_at(&self, touched: ByteSize) -> Option<Interval> {
        if let Some(known) = self.predicted.borrow().get(&touched) {
            return Some(*known);
        }
        let inputs = Inputs::new(self.package, self.architecture, Inputs::MEMORY_MIN_MB).ok()?.with_touched(touched);
        let init = predict_init(&inputs, self.base, &self.draws);
        self.predicted.borrow_mut().insert(touched, init);
        Some(init)
    }

    pub(super) const fn of<'m>(&self, model: &'m Model) -> &'m Platform {
        model.platform(self.package, self.architecture)
    }
}

/// Learns from records what `base` (most often the prior) does not know.
///
/// # Errors
/// Where no record teaches anything: there is no cold start on demand, no cold trace and no metric.
pub fn calibrate(observations: &Observations, base: &Model, deployed: &Deployed) -> Result<Model, EstimateError> {
    if observations.is_empty() {
        return Err(EstimateError::NoSample { provisioned: observations.set_apart.provisioned_concurrency });
    }
    let platform = Platformed::new(base, deployed);
    let (from, through) = observations.days.map(|(from, through)| (date(from), date(through))).unwrap_or_default();
    let lifetimes = observations.environments.lifetimes();
    let functions: BTreeMap<String, FunctionModel> = observations
        .functions
        .iter()
        .map(|(name, function)| {
            let package = deployed.packages.get(name).copied();
            let learnt = learn_function(name, function, &platform, package, &through);
            let mut lived = lifetimes.of(name);
            lived.merge(&function.lifetimes);
            (name.clone(), FunctionModel { lifetime_minutes: median_minutes(&lived), ..learnt })
        })
        .collect();
    let mut model = base.clone();
    let regression = move_coefficients(&mut model, observations, &functions, &platform, &through);
    let accuracy =
        observations.functions.iter().filter_map(|(name, function)| held_out(name, function, &platform)).collect();
    let cold_starts = observations.cold_starts();
    let dated = if through.is_empty() { "undated" } else { &through };
    let traces: u64 = observations.functions.values().map(|function| function.before_init.count()).sum();
    model.id = format!("calibrated-{dated}-n{}", cold_starts + traces);
    model.calibration = Some(Calibration {
        from,
        through: through.clone(),
        cold_starts,
        invocations: observations.functions.values().map(|function| function.invocations).sum(),
        set_apart: observations.set_apart,
        billed: observations.billed.clone(),
        regression,
        accuracy,
        functions: observations
            .functions
            .iter()
            .map(|(name, function)| summary(name, function, functions.get(name), &platform))
            .collect(),
    });
    model.functions = functions;
    Ok(model)
}

fn median_minutes(times: &Histogram) -> Option<f64> {
    Some(rounded(times.quantile(0.5)?.get() / 60_000.0))
}

fn summary(
    name: &str,
    function: &Function,
    learnt: Option<&FunctionModel>,
    platform: &Platformed<'_>,
) -> FunctionSummary {
    let current = function.current();
    // Counts of CloudWatch are whole numbers, far below 2^53.
    let logged = |count: u64, metric: f64| if function.invocations > 0 { count } else { metric as u64 };
    FunctionSummary {
        name: name.to_owned(),
        version: current.map(|(version, _)| version.clone()).unwrap_or_default(),
        invocations: logged(function.invocations, function.metric_invocations),
        cold_starts: function.cold_starts(),
        errors: logged(function.errors, function.metric_errors),
        throttles: function.metric_throttles.map(|throttles| throttles as u64),
        concurrent_executions: function.most_concurrent.map(|most| most as u64),
        timeouts: function.timeouts,
        cold_traces: function.before_init.count(),
        traces_ahead: function.traces_ahead,
        prior_init_ms: current.and_then(|(_, version)| at_memory_used(version, platform)).map(|prior| prior.p50),
        init_ms: learnt.and_then(|learnt| learnt.init.as_ref()).map(|init| init.value.p50),
    }
}

/// Moves the coefficients that hold for all functions, and says which did.
fn move_coefficients(
    model: &mut Model,
    observations: &Observations,
    functions: &BTreeMap<String, FunctionModel>,
    platform: &Platformed<'_>,
    through: &str,
) -> Option<String> {
    let (points, programs) = init_points(observations, functions, platform);
    let spread = |of: fn(&InitPoint) -> f64| {
        let (least, most) = points
            .iter()
            .map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), mb| (least.min(mb), most.max(mb)));
        most - least
    };
    let mut said = Vec::new();
    let before = platform.of(platform.base);
    let enough = points.len() >= FEWEST_POINTS
        && (spread(|point| point.touched_mb) >= LEAST_SPREAD_MB
            || spread(|point| point.untouched_mb) >= LEAST_SPREAD_MB);
    let scatter = platform.base.shared.init_scatter.value;
    let prior = InitFit {
        scatter_sd: ln(scatter.p90 / scatter.p10) / (2.0 * Z90),
        floor: before.init_floor.value,
        touched: before.init_per_touched_mb.value,
        untouched: before.init_per_untouched_mb.value,
    };
    let after = model.platform_mut(platform.package, platform.architecture);
    let fit = if enough { fit_init(&points, programs, prior) } else { None };
    if let Some(fit) = fit {
        let what = format!("{} versions of {programs} programs, through {through}; before: ", points.len());
        let moved = [
            (&mut after.init_floor, fit.floor),
            (&mut after.init_per_touched_mb, fit.touched),
            (&mut after.init_per_untouched_mb, fit.untouched),
        ];
        for (coefficient, value) in moved {
            replace(coefficient, value, &what);
        }
        said.push(format!("floor and slopes of INIT: {} versions of {programs} programs", points.len()));
    }
    let gaps = gap_points(observations, functions);
    let prior = [&before.placement, &before.download_per_zipped_mb, &before.unpack_per_unzipped_mb].map(|c| c.value);
    if let Some([placement, download, unpack]) =
        Some(&gaps).filter(|gaps| !gaps.is_empty()).and_then(|gaps| fit_gap(gaps, prior))
    {
        let what = format!("X-Ray of {} functions with known packages, through {through}; before: ", gaps.len());
        replace(&mut after.placement, placement, &what);
        replace(&mut after.download_per_zipped_mb, download, &what);
        replace(&mut after.unpack_per_unzipped_mb, unpack, &what);
        said.push(format!("placement, download and unpack: X-Ray of {} functions with known packages", gaps.len()));
    }
    centre_scatter(model, observations, platform, fit.map(|fit| fit.scatter_sd), through);
    (!said.is_empty()).then(|| said.join("; "))
}

fn replace(coefficient: &mut Coefficient, value: Interval, what: &str) {
    coefficient.value = value;
    coefficient.source = format!("{what}{}", coefficient.source);
}

/// Every version whose memory is known. Functions whose packages load the same bytes run the same program: the padding experiment.
fn init_points(
    observations: &Observations,
    functions: &BTreeMap<String, FunctionModel>,
    platform: &Platformed<'_>,
) -> (Vec<InitPoint>, usize) {
    let mut by_starts: Vec<(&String, &Function)> = observations.functions.iter().collect();
    by_starts.sort_by_key(|(name, function)| (std::cmp::Reverse(function.cold_starts()), (*name).clone()));
    let mut programs: BTreeMap<String, usize> = BTreeMap::new();
    let mut points = Vec::new();
    for (name, function) in by_starts.into_iter().take(MOST_PROGRAMS) {
        let package = functions.get(name).and_then(|function| function.package);
        let program =
            package.map_or_else(|| format!("name {name}"), |package| format!("loads {}", package.loaded_bytes.get()));
        for version in function.versions.values() {
            let Some(seen) = observed_init_alone(version, platform) else { continue };
            let Some(touched_mb) = touched_above_baseline(version, package, platform) else { continue };
            let untouched_mb = package.map_or(0.0, |package| {
                (package.unzipped_bytes.megabytes() - package.loaded_bytes.megabytes()).max(0.0)
            });
            let next = programs.len();
            let program = *programs.entry(program.clone()).or_insert(next);
            points.push(InitPoint {
                program,
                touched_mb,
                untouched_mb,
                ln_init: ln(seen.0),
                sd: seen.1.hypot(VERSION_SD),
            });
        }
    }
    (points, programs.len())
}

/// Median and its standard deviation (of ln) without the prior, which the regression brings itself.
fn observed_init_alone(version: &Version, platform: &Platformed<'_>) -> Option<(f64, f64)> {
    let seen = observed_init(version, platform, &|_| true)?;
    Some((version.init_of(&|_| true).quantile(0.5)?.get(), seen.sd))
}

fn touched_above_baseline(version: &Version, package: Option<PackageSizes>, platform: &Platformed<'_>) -> Option<f64> {
    let baseline = platform.base.shared.touched_baseline_mb.value.p50;
    match package.and_then(|package| package.touched_bytes) {
        Some(touched) => Some((touched.megabytes() - baseline).max(0.0)),
        None => above_baseline_mb(version, platform),
    }
}

fn gap_points(observations: &Observations, functions: &BTreeMap<String, FunctionModel>) -> Vec<GapPoint> {
    let of = |(name, function): (&String, &Function)| {
        let package = functions.get(name)?.package?;
        let gap_ms = function.before_init.quantile(0.5)?.get();
        let sd = gap_ms * (0.5 / (function.before_init.count() as f64).sqrt()).hypot(0.1);
        Some(GapPoint {
            zip_mb: package.zip_bytes.megabytes(),
            unzipped_mb: package.unzipped_bytes.megabytes(),
            gap_ms,
            sd,
        })
    };
    observations.functions.iter().filter_map(of).collect()
}

/// What a function that the records do not know may deviate from floor and slopes: the functions that they know say where the
/// middle lies.
fn centre_scatter(
    model: &mut Model,
    observations: &Observations,
    platform: &Platformed<'_>,
    fitted_sd: Option<f64>,
    through: &str,
) {
    let after = platform.of(model);
    let (floor, slope) = (after.init_floor.value.p50, after.init_per_touched_mb.value.p50);
    let off: Vec<f64> = observations
        .functions
        .values()
        .filter_map(|function| {
            let (_, version) = function.current()?;
            let (median, _) = observed_init_alone(version, platform)?;
            Some(ln(median / (floor + slope * above_baseline_mb(version, platform)?)))
        })
        .collect();
    if off.is_empty() {
        return;
    }
    let scatter = &mut model.shared.init_scatter;
    let sd = fitted_sd.unwrap_or_else(|| ln(scatter.value.p90 / scatter.value.p10) / (2.0 * Z90));
    let precision = CENTRE_SD.powi(-2) + off.len() as f64 * sd.powi(-2);
    let centre = off.iter().sum::<f64>() * sd.powi(-2) / precision;
    let wide = sd.hypot(precision.powf(-0.5));
    let at = |score: f64| rounded(exp(centre + score * wide));
    let value = Interval { p10: at(-Z90), p50: at(0.0), p90: at(Z90) };
    replace(scatter, value, &format!("{} functions of the records, through {through}; before: ", off.len()));
    scatter.evidence = scatter.evidence.min(EvidenceGrade::Moderate);
}

/// YYYY-MM-DD of a day since 1970-01-01.
fn date(day: i64) -> String {
    let (year, month, day) = civil_from_days(day);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_gregorian_dates() {
        for (day, expected) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_786, "2026-11-29"), (-1, "1969-12-31")] {
            assert_eq!(date(day), expected);
        }
    }
}
