//! What it costs: honest cents.

use crate::estimate::{Cost, Interval};
use crate::render::document::{Document, Tone};

pub(super) fn add(document: &mut Document, cost: &Cost, memory_mb: u32) {
    document.title("Money");
    let mut fields = vec![
        ("init of a million cold starts", interval(cost.init_per_million_usd)),
        ("with their first calls", interval(cost.cold_starts_per_million_usd)),
    ];
    if let Some(month) = &cost.month {
        fields.extend([
            ("a month: requests", usd(month.requests_usd)),
            ("a month: duration", usd(month.duration_usd)),
            ("a month: added by cold starts", interval(month.cold_starts_usd)),
            ("a month in all", interval(month.total_usd)),
        ]);
    }
    if let Some(provisioned) = cost.provisioned_environment_per_month_usd {
        fields.push(("one provisioned environment", format!("{} a month, used or not", usd(provisioned))));
    }
    document.fields(fields);
    document.paragraph(
        Tone::Dim,
        format!(
            "{} MB in {}, {:.10} USD per GB-second (sources below); init is billed since 2025-08-01, in whole ms; without free tier and taxes.",
            memory_mb, cost.region, cost.per_gb_second_usd
        ),
    );
}

fn interval(interval: Interval) -> String {
    format!("{} ({} to {})", usd(interval.p50), usd(interval.p10), usd(interval.p90))
}

/// Cents where there are any.
fn usd(usd: f64) -> String {
    match usd {
        0.0 => "$0".to_owned(),
        usd if usd < 0.005 => "less than 1 cent".to_owned(),
        usd => format!("${usd:.2}"),
    }
}
