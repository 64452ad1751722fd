//! Series of CloudWatch: `get-metric-data` and `get-metric-statistics`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::out::Out;
use super::sample::{Metric, Place, Sample, Timestamp};
use super::tally::Format;
use super::time::When;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Series<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    label: Cow<'a, str>,
    timestamps: Vec<When>,
    values: Vec<f64>,
    #[serde(borrow, default)]
    status_code: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statistics<'a> {
    #[serde(borrow, default)]
    label: Cow<'a, str>,
    datapoints: Vec<Datapoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: When,
    #[serde(default)]
    extended_statistics: BTreeMap<String, f64>,
    /// `Sum`, `Average` and the like, and `Unit`.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// An element of `MetricDataResults`.
pub(super) fn series(json: &str, out: &mut Out<'_>) {
    let series = match serde_json::from_str::<Series<'_>>(json) {
        Ok(series) => series,
        Err(error) => return out.malformed(format!("a metric cannot be read: {error}"), json.as_bytes()),
    };
    if series.timestamps.len() != series.values.len() {
        let (times, values) = (series.timestamps.len(), series.values.len());
        return out.malformed(format!("a metric with {times} timestamps has {values} values"), json.as_bytes());
    }
    let points = series.timestamps.iter().map(|when| when.0).zip(series.values.iter().copied()).collect();
    let name = if series.label.is_empty() { &series.id } else { &series.label };
    let complete = matches!(series.status_code.as_ref(), "Complete" | "");
    metric(name, None, points, complete, out);
}

/// A document of `get-metric-statistics`: a metric for each statistic.
pub(super) fn statistics(json: &str, out: &mut Out<'_>) {
    let document = match serde_json::from_str::<Statistics<'_>>(json) {
        Ok(document) => document,
        Err(error) => return out.malformed(format!("Datapoints cannot be read: {error}"), json.as_bytes()),
    };
    let mut statistics: BTreeMap<&str, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for datapoint in &document.datapoints {
        let plain = datapoint.other.iter().filter_map(|(name, value)| Some((name, value.as_f64()?)));
        let extended = datapoint.extended_statistics.iter().map(|(name, value)| (name, *value));
        for (name, value) in plain.chain(extended) {
            statistics.entry(name).or_default().push((datapoint.timestamp.0, value));
        }
    }
    if statistics.is_empty() {
        return out.passed_over();
    }
    for (statistic, points) in statistics {
        metric(&document.label, Some(statistic), points, true, out);
    }
}

fn metric(name: &str, statistic: Option<&str>, mut points: Vec<(Timestamp, f64)>, complete: bool, out: &mut Out<'_>) {
    points.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let place = Place { at: points.first().map(|(at, _)| *at), ..Place::default() };
    out.sample(Format::CloudWatch, Sample::Metric(Metric { place, name, statistic, points, complete }));
}
