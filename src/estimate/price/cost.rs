//! What cold starts cost, by the million and by the month.

use serde::{Deserialize, Serialize};

use super::prices::Prices;
use crate::estimate::arithmetic::MONTH_MS;
use crate::estimate::draws::{interval_of, rounded_to};
use crate::estimate::interval::Interval;
use crate::estimate::sample::Sample;

/// Milliseconds that rounding up to a whole one adds on average.
const ROUNDING_MS: f64 = 0.5;
/// Digits of a dollar that are kept: a tenth of a cent of a cent.
const DOLLAR_DIGITS: i32 = 6;

/// What the function costs, in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cost {
    /// Region of the prices.
    pub region: String,
    /// Where the prices come from, with date.
    pub source: String,
    /// Price of a GB-second.
    pub per_gb_second_usd: f64,
    /// Init of a million cold starts.
    pub init_per_million_usd: Interval,
    /// Init and first call of a million cold starts: `ceil(init + duration)` ms each.
    pub cold_starts_per_million_usd: Interval,
    /// One environment of provisioned concurrency for a month, whether it is used or not; `None` where its price is not known.
    pub provisioned_environment_per_month_usd: Option<f64>,
    /// A month of the traffic that was asked for.
    pub month: Option<MonthlyCost>,
}

/// A month's bill, in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MonthlyCost {
    /// Requests, at their own price.
    pub requests_usd: f64,
    /// `Duration` of all invocations, as if every one were warm.
    pub duration_usd: f64,
    /// What cold starts add: init, and the first call as far as it takes longer than a warm one.
    pub cold_starts_usd: Interval,
    /// Sum.
    pub total_usd: Interval,
}

/// The traffic of a month, as money sees it.
pub(in crate::estimate) struct Month {
    pub(in crate::estimate) invocations: f64,
    pub(in crate::estimate) cold_share: Interval,
    pub(in crate::estimate) warm_ms: f64,
}

pub(in crate::estimate) fn cost(samples: &[Sample], memory_mb: u32, prices: &Prices, month: Option<&Month>) -> Cost {
    // GB are 2^30 bytes here: AWS divides MB by 1024.
    let gb = f64::from(memory_mb) / 1024.0;
    let million = |ms: &dyn Fn(&Sample) -> f64| {
        let usd = samples.iter().map(|sample| 1e6 * ms(sample) / 1000.0 * gb * prices.per_gb_second_usd);
        interval_of(usd.collect(), DOLLAR_DIGITS)
    };
    Cost {
        region: prices.region.clone(),
        source: prices.source.clone(),
        per_gb_second_usd: prices.per_gb_second_usd,
        init_per_million_usd: million(&Sample::init),
        cold_starts_per_million_usd: million(&|sample| (sample.init() + sample.first_call).ceil()),
        provisioned_environment_per_month_usd: prices
            .provisioned_per_gb_second_usd
            .map(|usd| rounded_to(usd * gb * MONTH_MS / 1000.0, DOLLAR_DIGITS)),
        month: month.map(|month| monthly(samples, gb, prices, month)),
    }
}

fn monthly(samples: &[Sample], gb: f64, prices: &Prices, month: &Month) -> MonthlyCost {
    let warm_gb_seconds = month.invocations * (month.warm_ms + ROUNDING_MS) / 1000.0 * gb;
    let duration_usd = prices.of_gb_seconds(warm_gb_seconds);
    let requests_usd = month.invocations / 1e6 * prices.per_million_requests_usd;
    let added = |share: f64| {
        let usd = samples.iter().map(|sample| {
            let ms = sample.init() + (sample.first_call - month.warm_ms).max(0.0);
            let gb_seconds = month.invocations * share * ms / 1000.0 * gb;
            prices.of_gb_seconds(warm_gb_seconds + gb_seconds) - duration_usd
        });
        interval_of(usd.collect(), DOLLAR_DIGITS)
    };
    // The share of cold starts and the length of one are independent, and each has its own interval: the outer bounds.
    let Interval { p10, p50, p90 } = month.cold_share;
    let cold_starts_usd = Interval { p10: added(p10).p10, p50: added(p50).p50, p90: added(p90).p90 };
    let total = |cold: f64| rounded_to(requests_usd + duration_usd + cold, DOLLAR_DIGITS);
    MonthlyCost {
        requests_usd: rounded_to(requests_usd, DOLLAR_DIGITS),
        duration_usd: rounded_to(duration_usd, DOLLAR_DIGITS),
        cold_starts_usd,
        total_usd: Interval {
            p10: total(cold_starts_usd.p10),
            p50: total(cold_starts_usd.p50),
            p90: total(cold_starts_usd.p90),
        },
    }
}
