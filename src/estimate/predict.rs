//! Sizes in, a cold start out: each term with its interval, its evidence and its source.
//!
//! The same input gives the same bytes on every host and in every run: the draws are fixed, the arithmetic is IEEE's
//! four operations and the square root, and results are rounded to a thousandth of a millisecond.

use super::coefficient::Coefficient;
use super::draws::{Draws, interval};
use super::error::EstimateError;
use super::function::BaselineMb;
use super::inputs::{Inputs, ZippedSize};
use super::interval::{EvidenceGrade, Interval};
use super::memory::sweep;
use super::model::{Model, Platform};
use super::prediction::{Estimate, Provenance, Term};
use super::price::{Prices, cost};
use super::range;
use super::sample::{Pivot, Sample, samples};
use super::traffic::{Plan, traffic};
use super::worth::PerMegabyte;

/// What is asked beside the cold start itself.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Question {
    /// Traffic; its cost needs `prices`.
    pub traffic: Option<Plan>,
    /// What the region charges.
    pub prices: Option<Prices>,
    /// Memory settings to compare, in MB.
    pub memory_sizes: Vec<u32>,
}

/// Predicts the cold start of a package.
///
/// Intervals say where the median of many cold starts may lie; how far single cold starts lie above that median is in
/// `init_p90_ms` and `init_p99_ms`. Percentiles of terms do not add up to those of their sum: most terms can be much larger
/// than their median and little smaller, so the median of a sum lies above the sum of the medians.
#[must_use]
pub fn predict(inputs: &Inputs, model: &Model) -> Estimate {
    let draws = Draws::new();
    let known = &with_logged_memory(inputs, model);
    of_samples(inputs, known, model, &samples(known, known, model, &draws, Pivot::of(known)))
}

/// INIT alone, where many are asked for.
pub(super) fn predict_init(inputs: &Inputs, model: &Model, draws: &Draws) -> Interval {
    let samples = samples(inputs, inputs, model, draws, Pivot::of(inputs));
    interval(samples.iter().map(Sample::init).collect())
}

/// Predicts the cold start of a package, and what traffic, money and other memory settings make of it.
///
/// # Errors
/// Where the traffic holds no requests, or Lambda has no such memory setting.
pub fn predict_with(inputs: &Inputs, model: &Model, question: &Question) -> Result<Estimate, EstimateError> {
    let draws = Draws::new();
    let known = &with_logged_memory(inputs, model);
    let samples = samples(known, known, model, &draws, Pivot::of(known));
    let mut estimate = of_samples(inputs, known, model, &samples);
    let met = question.traffic.as_ref().map(|plan| traffic(&samples, &draws, model, plan)).transpose()?;
    let month = met.as_ref().map(|(_, month)| month);
    estimate.cost = question.prices.as_ref().map(|prices| cost(&samples, inputs.memory_mb, prices, month));
    if !question.memory_sizes.is_empty() {
        estimate.memory = Some(sweep(known, model, &draws, &question.memory_sizes, question.prices.as_ref())?);
    }
    if met.is_some() {
        let ahead = &model.shared.ahead_of_requests;
        estimate.further_sources.extend([provenance("ahead_of_requests", ahead), limits()]);
    }
    estimate.traffic = met.map(|(traffic, _)| traffic);
    Ok(estimate)
}

fn with_logged_memory(inputs: &Inputs, model: &Model) -> Inputs {
    let baseline_mb = BaselineMb {
        max_memory_used: model.platform(inputs.package, inputs.architecture).max_memory_used_baseline_mb,
        touched: model.shared.touched_baseline_mb.value.p50,
    };
    model.function_of(inputs).map_or(*inputs, |function| function.with_logged_memory(inputs, baseline_mb))
}

/// `inputs` as they were given, `known` with what logs say of them.
fn of_samples(inputs: &Inputs, known: &Inputs, model: &Model, samples: &[Sample]) -> Estimate {
    let of = |value: fn(&Sample) -> f64| interval(samples.iter().map(value).collect());
    let touched_mb = of(|sample| sample.touched_mb);
    let extrapolated_why = range::outside(known, model, touched_mb);
    Estimate {
        package: inputs.package.to_string(),
        architecture: inputs.architecture.to_string(),
        memory_mb: inputs.memory_mb,
        model: model.id.clone(),
        function: model.function_of(inputs).and(model.function_name()).map(str::to_owned),
        extrapolated: !extrapolated_why.is_empty(),
        extrapolated_why,
        touched_mb,
        touched_measured: inputs.touched.is_some(),
        touched_logged: inputs.touched.is_none() && known.touched.is_some(),
        terms: terms(known, model, of),
        before_init_ms: of(Sample::before_init),
        init_ms: of(Sample::init),
        init_p90_ms: of(|sample| sample.init() + sample.tail_p90),
        init_p99_ms: of(|sample| sample.init() + sample.tail_p99),
        first_call_ms: of(|sample| sample.first_call),
        cold_total_ms: of(Sample::cold_total),
        cold_total_p90_ms: of(|sample| sample.cold_total() + sample.tail_p90),
        cold_total_p99_ms: of(|sample| sample.cold_total() + sample.tail_p99),
        further_sources: vec![tails(known, model)],
        per_megabyte: PerMegabyte {
            zipped_ms: of(|sample| sample.per_zipped_mb),
            unzipped_ms: of(|sample| sample.per_unzipped_mb),
            touched_ms: of(|sample| sample.per_touched_mb),
        },
        slimming: None,
        against: None,
        crates: Vec::new(),
        memory: None,
        cost: None,
        traffic: None,
    }
}

fn terms(inputs: &Inputs, model: &Model, of: impl Fn(fn(&Sample) -> f64) -> Interval) -> Vec<Term> {
    let platform = model.platform(inputs.package, inputs.architecture);
    let function = model.function_of(inputs);
    let placement = function.and_then(|function| function.before_init.as_ref()).unwrap_or(&platform.placement);
    let unexplained = function.and_then(|function| function.init.as_ref()).unwrap_or(&model.shared.init_scatter);
    vec![
        term("placement", of(|sample| sample.placement), placement),
        download(inputs, platform, of(|sample| sample.download)),
        term("unpack", of(|sample| sample.unpack), &platform.unpack_per_unzipped_mb),
        term("init_floor", of(|sample| sample.init_floor), &platform.init_floor),
        init_touched(inputs, model, of(|sample| sample.init_touched)),
        term("init_untouched", of(|sample| sample.init_untouched), &platform.init_per_untouched_mb),
        term("bundled_libraries", of(|sample| sample.bundled_libraries), &platform.init_per_library_mb),
        term("init_unexplained", of(Sample::init_unexplained), unexplained),
        first_call(inputs, model, of(|sample| sample.first_call)),
    ]
}

fn tails(inputs: &Inputs, model: &Model) -> Provenance {
    let logged = model.function_of(inputs).and_then(|function| function.tails.as_ref()).map(|tails| &tails.p90);
    let prior = &model.platform(inputs.package, inputs.architecture).tail_p90.base;
    provenance("tails", logged.unwrap_or(prior))
}

fn provenance(of: &str, coefficient: &Coefficient) -> Provenance {
    Provenance { of: of.to_owned(), evidence: coefficient.evidence, source: coefficient.provenance() }
}

/// What Lambda allows: concurrency and its ramp, requests per second, init's 10 s.
fn limits() -> Provenance {
    Provenance {
        of: "limits".to_owned(),
        evidence: EvidenceGrade::Strong,
        source: "AWS Lambda quotas page and developer guide ('Lambda function scaling', 'Lambda runtime environment'); read 2026-11-23; \
                 valid for accounts with the default quota (new ones have less), invocations by request and response"
            .to_owned(),
    }
}

fn term(name: &str, ms: Interval, coefficient: &Coefficient) -> Term {
    Term { name: name.to_owned(), ms, evidence: coefficient.evidence, source: coefficient.provenance() }
}

fn download(inputs: &Inputs, platform: &Platform, ms: Interval) -> Term {
    let mut term = term("download", ms, &platform.download_per_zipped_mb);
    if matches!(inputs.zip, ZippedSize::Assumed(_)) {
        term.source = format!("the zipped size is assumed, there is no zip; {}", term.source);
    }
    term
}

fn init_touched(inputs: &Inputs, model: &Model, ms: Interval) -> Term {
    let platform = model.platform(inputs.package, inputs.architecture);
    let mut term = term("init_touched", ms, &platform.init_per_touched_mb);
    if inputs.touched.is_none() {
        let guess = &model.shared.touched_file;
        term.evidence = worse(term.evidence, guess.evidence);
        term.source = format!(
            "touched memory is guessed from loaded bytes, not measured: {}; {}",
            guess.provenance(),
            term.source
        );
    }
    term
}

fn first_call(inputs: &Inputs, model: &Model, ms: Interval) -> Term {
    let platform = model.platform(inputs.package, inputs.architecture);
    let logged = model.function_of(inputs).and_then(|function| function.first_call_cpu.as_ref());
    let cpu = match (logged, inputs.first_call_cpu) {
        (Some(logged), _) => logged,
        (None, Some(_)) => &model.shared.cpu_ratio,
        (None, None) => &model.shared.first_call_cpu,
    };
    let mut term = term("first_call", ms, &platform.first_call_floor);
    term.evidence = worse(term.evidence, cpu.evidence);
    term.source = format!(
        "CPU time: {}; slowdown by memory: {}; floor: {}",
        cpu.provenance(),
        model.shared.first_call_exponent.provenance(),
        term.source
    );
    term
}

/// Grades are ordered best first.
fn worse(one: EvidenceGrade, other: EvidenceGrade) -> EvidenceGrade {
    one.max(other)
}
