//! Other memory settings: what they do to a cold start, and what they cost.
//!
//! Memory buys CPU for calls, not for INIT: measured INIT is the same from 128 to 1024 MB (lambda-perf). So more memory makes a
//! heavy first call faster and init dearer.

use serde::{Deserialize, Serialize};

use super::draws::{Draws, interval};
use super::error::EstimateError;
use super::inputs::Inputs;
use super::interval::Interval;
use super::model::Model;
use super::price::{Prices, cost};
use super::sample::{Pivot, Sample, samples};

/// Smallest gain of a first call that is worth naming, in ms.
const WORTH_NAMING_MS: f64 = 5.0;
/// Share of the first call's time at the largest setting within which a smaller setting counts as fast.
const NEARLY_AS_FAST: f64 = 1.1;

/// One memory setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemoryRow {
    /// The setting, in MB.
    pub memory_mb: u32,
    /// Before init: the same at every setting.
    pub before_init_ms: Interval,
    /// Init: the same at every setting.
    pub init_ms: Interval,
    /// The first call.
    pub first_call_ms: Interval,
    /// From request to answer.
    pub cold_total_ms: Interval,
    /// Init and first call of a million cold starts, in US dollars; `None` without prices.
    pub cold_starts_per_million_usd: Option<Interval>,
}

/// Several of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemoryAdvice {
    /// Smallest first.
    pub rows: Vec<MemoryRow>,
    /// Smallest setting whose first call is within a tenth of the fastest.
    pub enough_mb: u32,
    /// What memory can and cannot fix here, in words.
    pub conclusions: Vec<String>,
}

/// Settings that the sweep compares where none are named: powers of two, one vCPU (1769 MB), the largest.
pub const MEMORY_SIZES: [u32; 8] = [128, 256, 512, 1024, 1769, 3008, 5120, 10_240];

pub(super) fn sweep(
    inputs: &Inputs,
    model: &Model,
    draws: &Draws,
    sizes: &[u32],
    prices: Option<&Prices>,
) -> Result<MemoryAdvice, EstimateError> {
    let mut sizes = sizes.to_vec();
    sizes.push(inputs.memory_mb);
    sizes.sort_unstable();
    sizes.dedup();
    let mut rows = Vec::new();
    for memory_mb in sizes {
        let inputs = inputs.with_memory(memory_mb)?;
        let samples = samples(&inputs, &inputs, model, draws, Pivot::of(&inputs));
        let of = |value: fn(&Sample) -> f64| interval(samples.iter().map(value).collect());
        let usd = prices.map(|prices| cost(&samples, memory_mb, prices, None).cold_starts_per_million_usd);
        rows.push(MemoryRow {
            memory_mb,
            before_init_ms: of(Sample::before_init),
            init_ms: of(Sample::init),
            first_call_ms: of(|sample| sample.first_call),
            cold_total_ms: of(Sample::cold_total),
            cold_starts_per_million_usd: usd,
        });
    }
    let fastest = rows.iter().map(|row| row.first_call_ms.p50).fold(f64::INFINITY, f64::min);
    let enough = rows.iter().find(|row| row.first_call_ms.p50 <= fastest * NEARLY_AS_FAST);
    let enough_mb = enough.map_or(inputs.memory_mb, |row| row.memory_mb);
    let conclusions = conclusions(inputs, model, &rows, enough_mb);
    Ok(MemoryAdvice { rows, enough_mb, conclusions })
}

fn conclusions(inputs: &Inputs, model: &Model, rows: &[MemoryRow], enough_mb: u32) -> Vec<String> {
    let known = inputs.first_call_cpu.is_some()
        || model.function_of(inputs).is_some_and(|function| function.first_call_cpu.is_some());
    let now = rows.iter().find(|row| row.memory_mb == inputs.memory_mb);
    let best = rows.iter().find(|row| row.memory_mb == enough_mb);
    let gain = now.zip(best).map_or(0.0, |(now, best)| now.first_call_ms.p50 - best.first_call_ms.p50);
    let first_call = if !known {
        "Whether more memory makes the first call faster is not known: its CPU time was not measured (`measure --event`, then \
         estimate its report; or `calibrate` on logs)."
            .to_owned()
    } else if gain >= WORTH_NAMING_MS {
        format!(
            "The first call is bound by CPU: {enough_mb} MB take {gain:.0} ms off it, more memory next to nothing (one thread \
             has a whole vCPU at 1769 MB)."
        )
    } else {
        format!("The first call needs little CPU: more than {} MB gain nothing.", inputs.memory_mb)
    };
    vec![
        "Init does not get faster with memory (measured from 128 to 1024 MB), only dearer.".to_owned(),
        first_call,
        "What a warm call gains is not predicted here: AWS Lambda Power Tuning measures it.".to_owned(),
        "SnapStart is for Java, Python and .NET runtimes in zips: not for programs on provided.al2 and al2023. Provisioned \
         concurrency takes cold starts away up to the configured number, and is paid for whether it is used or not."
            .to_owned(),
    ]
}
