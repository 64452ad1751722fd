//! What the records of one function say, as coefficients.

use super::environments::keep_alive;
use super::group::{Function, Version, merged};
use super::learn::Platformed;
use crate::estimate::arithmetic::{MONTH_MS, Z90, exp, ln};
use crate::estimate::coefficient::{Coefficient, Distribution, PackageKind};
use crate::estimate::draws::rounded;
use crate::estimate::function::{FunctionModel, PackageSizes, Tails};
use crate::estimate::interval::{EvidenceGrade, Interval};
use crate::estimate::model::Tail;
use crate::estimate::sample::{CpuShare, first_call_of};
use crate::logs::Histogram;
use crate::units::ByteSize;

use super::fit::combined;

/// Spread of single cold starts of one function, as the standard deviation of ln: lambda-perf's zips have 0.11 in the body and a
/// slow mode of 3 to 7 %, images more. Data through 2026-08-22.
const BODY_SD: f64 = 0.15;
/// Days are alike among themselves: more of them than this add nothing.
const MOST_DAYS: f64 = 30.0;
/// How far a month moves the median of an unchanged package, as the standard deviation of ln: in lambda-perf's months ahead
/// nine of ten lie within 9 %. Data through 2026-08-22.
const DRIFT_SD: f64 = 0.055;
/// The same for images, whose months move twice as much.
const IMAGE_DRIFT_SD: f64 = 0.08;
/// Weight of the prior's tail, in cold starts.
const TAIL_PRIOR: f64 = 50.0;
/// Share by which a first call's CPU time may differ another day: judgement, as first calls talk to other services.
const FIRST_CALL_SHARE: f64 = 0.2;
/// Milliseconds of the shortest span from which a month is counted up.
const SHORTEST_SPAN_MS: i64 = 3_600_000;

/// Median INIT of some days of a version.
pub(super) struct ObservedInit {
    pub(super) median_ms: f64,
    /// Standard deviation of ln of the median, a month ahead.
    pub(super) sd: f64,
    pub(super) cold_starts: u64,
    pub(super) days: u64,
}

impl ObservedInit {
    pub(super) fn interval(&self) -> Interval {
        around(self.median_ms, self.sd)
    }
}

fn around(median: f64, sd: f64) -> Interval {
    let at = |score: f64| rounded(median * exp(score * sd));
    Interval { p10: at(-Z90), p50: rounded(median), p90: at(Z90) }
}

/// What a model says a month ahead that was calibrated on very many starts with this median.
pub(in crate::estimate) fn a_month_ahead(median_ms: f64, package: PackageKind) -> Interval {
    around(median_ms, drift_sd(package))
}

fn drift_sd(package: PackageKind) -> f64 {
    match package {
        PackageKind::Zip => DRIFT_SD,
        PackageKind::Image => IMAGE_DRIFT_SD,
    }
}

/// `None` where there was no cold start on `wanted` days.
pub(super) fn observed_init(
    version: &Version,
    platform: &Platformed<'_>,
    wanted: &dyn Fn(Option<i64>) -> bool,
) -> Option<ObservedInit> {
    let starts = version.init_of(wanted);
    let observed = starts.quantile(0.5)?.get();
    let days: Vec<f64> = version
        .init
        .iter()
        .filter(|(day, _)| wanted(**day))
        .filter_map(|(_, starts)| Some(starts.quantile(0.5)?.get()))
        .map(ln)
        .collect();
    let of_days = deviation(&days) / (days.len() as f64).min(MOST_DAYS).sqrt();
    let of_starts = BODY_SD * 1.25 / (starts.count() as f64).sqrt();
    let sd = (of_days.powi(2) + of_starts.powi(2) + drift_sd(platform.package).powi(2)).sqrt();
    // Few starts say little against what the prior says of the same memory.
    let prior = at_memory_used(version, platform).map(|prior| (prior.p50, ln(prior.p90 / prior.p10) / (2.0 * Z90)));
    let (median_ms, sd) = combined(prior, observed, sd);
    Some(ObservedInit { median_ms, sd, cold_starts: starts.count(), days: days.len() as u64 })
}

/// Standard deviation, from the middle half: 0 for fewer than two.
fn deviation(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    if values.len() < 2 {
        return 0.0;
    }
    let quartile = |share: f64| crate::estimate::draws::percentile(&values, share);
    (quartile(0.75) - quartile(0.25)) / 1.349
}

/// Touched MB above the baseline that `Max Memory Used` stands for.
pub(super) fn above_baseline_mb(version: &Version, platform: &Platformed<'_>) -> Option<f64> {
    let baseline = platform.of(platform.base).max_memory_used_baseline_mb;
    Some((version.mean_memory_used_mb()? - baseline).max(0.0))
}

/// INIT as the base model predicts it from `Max Memory Used`.
pub(super) fn at_memory_used(version: &Version, platform: &Platformed<'_>) -> Option<Interval> {
    let touched_mb = above_baseline_mb(version, platform)? + platform.base.shared.touched_baseline_mb.value.p50;
    platform.init_at(ByteSize::new((touched_mb * 1e6) as u64))
}

/// The function's own model. `through`: the last day of the records.
pub(super) fn learn_function(
    name: &str,
    function: &Function,
    platform: &Platformed<'_>,
    package: Option<PackageSizes>,
    through: &str,
) -> FunctionModel {
    let current = function.current();
    let seen = current.and_then(|(_, version)| observed_init(version, platform, &|_| true));
    let source = Source { through, name, platform };
    let init = seen.as_ref().zip(current).map(|(seen, (version, _))| {
        let what =
            format!("{} cold starts on {} days of {name}, version {version}", seen.cold_starts, seen.days.max(1));
        source.coefficient(seen.interval(), "ms", Distribution::SplitLognormal, grade(seen.cold_starts), what)
    });
    let span = function.span.filter(|(first, last)| last - first >= SHORTEST_SPAN_MS);
    let requests = span.map(|(first, last)| function.invocations as f64 * MONTH_MS / (last - first) as f64);
    let metric_span = function.metric_span.filter(|(first, last)| last - first >= SHORTEST_SPAN_MS);
    let counted = metric_span.map(|(first, last)| function.metric_invocations * MONTH_MS / (last - first) as f64);
    FunctionModel {
        package_kind: platform.package,
        architecture: platform.architecture,
        tails: current.and_then(|(_, version)| tails(version, &source)),
        before_init: before_init(&function.before_init, &source),
        first_call_cpu: current.and_then(|(_, version)| first_call_cpu(version, &source)),
        warm_ms: mean(&function.warm).map(rounded),
        keep_alive_minutes: idle(function, &source),
        // The environments of all functions are known elsewhere.
        lifetime_minutes: None,
        requests_per_month: counted.or(requests).map(f64::round),
        max_memory_used_mb: current.and_then(|(_, version)| version.mean_memory_used_mb()).map(rounded),
        package,
        cold_starts: seen.as_ref().map_or(0, |seen| seen.cold_starts),
        days: seen.map_or(0, |seen| seen.days),
        init,
    }
}

/// Whom coefficients come from.
struct Source<'s> {
    through: &'s str,
    name: &'s str,
    platform: &'s Platformed<'s>,
}

impl Source<'_> {
    fn coefficient(
        &self,
        value: Interval,
        unit: &str,
        distribution: Distribution,
        evidence: EvidenceGrade,
        source: String,
    ) -> Coefficient {
        Coefficient {
            value,
            unit: unit.to_owned(),
            distribution,
            evidence,
            source,
            read: if self.through.is_empty() {
                "without a date".to_owned()
            } else {
                format!("through {}", self.through)
            },
            valid_for: format!("{} as it was deployed then, a month ahead", self.name),
        }
    }
}

fn grade(count: u64) -> EvidenceGrade {
    match count {
        0..5 => EvidenceGrade::Weak,
        5..20 => EvidenceGrade::Moderate,
        20..100 => EvidenceGrade::Good,
        _ => EvidenceGrade::Strong,
    }
}

fn mean(histogram: &Histogram) -> Option<f64> {
    let sum: f64 = histogram.buckets().map(|(bucket, count)| Histogram::middle(bucket).get() * count as f64).sum();
    (histogram.count() > 0).then(|| sum / histogram.count() as f64)
}

fn tails(version: &Version, source: &Source<'_>) -> Option<Tails> {
    let starts = version.init_of(&|_| true);
    let median = starts.quantile(0.5)?.get();
    let weight = starts.count() as f64 / (starts.count() as f64 + TAIL_PRIOR);
    let touched_mb = above_baseline_mb(version, source.platform).unwrap_or(0.0);
    let platform = source.platform.of(source.platform.base);
    let tail = |share: f64, prior: &Tail| {
        let seen = starts.quantile(share).map_or(median, crate::units::Millis::get) - median;
        let of = |base: f64, slope: f64, own: f64| {
            rounded(weight * seen * own + (1.0 - weight) * (base + slope * touched_mb))
        };
        let (base, slope) = (prior.base.value, prior.per_touched_mb.value);
        let value = Interval {
            p10: of(base.p10, slope.p10, 1.0 - FIRST_CALL_SHARE),
            p50: of(base.p50, slope.p50, 1.0),
            p90: of(base.p90, slope.p90, 1.0 + FIRST_CALL_SHARE),
        };
        let what = format!(
            "{} cold starts of {}, with the prior weighing as much as {TAIL_PRIOR}",
            starts.count(),
            source.name
        );
        source.coefficient(value, "ms above the median", Distribution::SplitNormal, grade(starts.count()), what)
    };
    Some(Tails { p90: tail(0.9, &platform.tail_p90), p99: tail(0.99, &platform.tail_p99) })
}

fn before_init(gaps: &Histogram, source: &Source<'_>) -> Option<Coefficient> {
    let median = gaps.quantile(0.5)?.get();
    // Placement differs more from start to start than INIT does: the prior's own range is a factor of two to each side.
    let sd = (0.5 / (gaps.count() as f64).sqrt()).hypot(0.1);
    let what = format!(
        "{} cold traces of {} in X-Ray, from request to the begin of Initialization",
        gaps.count(),
        source.name
    );
    Some(source.coefficient(around(median, sd), "ms", Distribution::SplitLognormal, grade(gaps.count()), what))
}

/// CPU time that explains the cold `Duration` at each memory setting; the middle one by number of starts.
fn first_call_cpu(version: &Version, source: &Source<'_>) -> Option<Coefficient> {
    let mut settings: Vec<u32> = version.first_call.keys().map(|(memory_mb, _)| *memory_mb).collect();
    settings.dedup();
    let mut seen = Vec::new();
    for memory_mb in settings.into_iter().filter(|memory_mb| *memory_mb > 0) {
        let calls =
            merged(version.first_call.iter().filter(|((memory, _), _)| *memory == memory_mb).map(|(_, calls)| calls));
        seen.push((cpu_of(calls.quantile(0.5)?.get(), memory_mb, source.platform), calls.count()));
    }
    seen.sort_by(|one, other| one.0.total_cmp(&other.0));
    let all: u64 = seen.iter().map(|(_, count)| count).sum();
    let mut below = 0;
    let (cpu, _) = *seen.iter().find(|(_, count)| {
        below += count;
        below * 2 >= all
    })?;
    let share = FIRST_CALL_SHARE.hypot(1.0 / (all as f64).sqrt());
    let value =
        Interval { p10: rounded(cpu * (1.0 - share).max(0.0)), p50: rounded(cpu), p90: rounded(cpu * (1.0 + share)) };
    let what = format!("Duration of {all} cold starts of {}", source.name);
    Some(source.coefficient(value, "CPU ms at one vCPU", Distribution::SplitNormal, grade(all), what))
}

/// The CPU time with which a first call takes `duration_ms`.
fn cpu_of(duration_ms: f64, memory_mb: u32, platform: &Platformed<'_>) -> f64 {
    let share = CpuShare::of(memory_mb);
    let exponent = platform.base.shared.first_call_exponent.value.p50;
    let floor = platform.of(platform.base).first_call_floor.value.p50;
    let (mut low, mut high) = (0.0, duration_ms);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if floor + first_call_of(middle, share, exponent) < duration_ms { low = middle } else { high = middle }
    }
    if duration_ms <= floor { 0.0 } else { high }
}

fn idle(function: &Function, source: &Source<'_>) -> Option<Coefficient> {
    let [low, middle, high] = keep_alive(&function.survived, &function.gone)?.map(|ms| rounded(ms.get() / 60_000.0));
    let value = Interval { p10: low.min(middle), p50: middle, p90: high.max(middle) };
    let seen = function.survived.count().min(function.gone.count());
    let what = format!(
        "{} gaps that environments of {} survived and {} that they did not, by log stream",
        function.survived.count(),
        source.name,
        function.gone.count()
    );
    Some(source.coefficient(value, "minutes", Distribution::SplitNormal, grade(seen), what))
}
