//! `platform.*` objects: Lambda's JSON log format, and the Telemetry API, which writes the same.

use std::borrow::Cow;

use serde::Deserialize;

use super::fields::{megabytes, status};
use super::needle;
use super::out::{Out, or};
use super::sample::{InitReport, InitStart, Initialization, Phase, Place, Report, Sample, Status};
use super::tally::Format;
use super::time::When;
use crate::units::Millis;

/// What all objects have, whatever their record is.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    time: Option<When>,
    #[serde(borrow)]
    record: Record<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Record<'a> {
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    initialization_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    phase: Option<Cow<'a, str>>,
    #[serde(borrow)]
    runtime_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function_version: Option<Cow<'a, str>>,
    metrics: Metrics,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metrics {
    #[serde(rename = "durationMs")]
    duration: Option<f64>,
    #[serde(rename = "billedDurationMs")]
    billed: Option<f64>,
    #[serde(rename = "memorySizeMB")]
    memory: Option<f64>,
    #[serde(rename = "maxMemoryUsedMB")]
    max_memory_used: Option<f64>,
    #[serde(rename = "initDurationMs")]
    init: Option<f64>,
    #[serde(rename = "restoreDurationMs")]
    restore: Option<f64>,
    #[serde(rename = "billedRestoreDurationMs")]
    billed_restore: Option<f64>,
}

impl Metrics {
    /// Whether a number is negative.
    fn any_negative(&self) -> bool {
        let durations = [self.duration, self.billed, self.init, self.restore, self.billed_restore];
        durations.into_iter().chain([self.memory, self.max_memory_used]).flatten().any(f64::is_sign_negative)
    }
}

/// Reads the object that `json` begins with.
pub(super) fn record(json: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    // Three of four platform records are of other kinds.
    if !needle::names_wanted_platform(json.as_bytes()) {
        return out.passed_over();
    }
    let event = match first::<Event<'_>>(json) {
        Ok(event) => event,
        Err(error) => return unreadable(json, &error, out),
    };
    let kind = event.kind.as_ref();
    if !is_wanted(kind) {
        return out.passed_over();
    }
    let record = &event.record;
    if record.metrics.any_negative() {
        return out.malformed(format!("a metric of {kind} is negative"), json.as_bytes());
    }
    let own = Place {
        function: record.function_name.as_deref(),
        version: record.function_version.as_deref(),
        stream: None,
        at: event.time.map(|when| when.0),
    };
    match (kind, sample(kind, record, or(place, own))) {
        ("platform.start", _) => start(record, out),
        (_, Some(sample)) => out.sample(format, sample),
        (_, None) => out.malformed(format!("{kind} without durationMs"), json.as_bytes()),
    }
}

fn is_wanted(kind: &str) -> bool {
    matches!(kind, "platform.report" | "platform.initReport" | "platform.initStart" | "platform.start")
}

/// What is wrong with an object, if it is one of those wanted: others may have records of any form.
fn unreadable(json: &str, error: &serde_json::Error, out: &mut Out<'_>) {
    match first::<Head<'_>>(json) {
        Ok(head) if is_wanted(&head.kind) => {
            out.malformed(format!("{} cannot be read: {error}", head.kind), json.as_bytes())
        }
        Ok(_) => out.passed_over(),
        Err(error) => out.malformed(format!("not JSON: {error}"), json.as_bytes()),
    }
}

fn sample<'a>(kind: &str, record: &'a Record<'_>, place: Place<'a>) -> Option<Sample<'a>> {
    let initialization = record.initialization_type.as_deref().map(initialization);
    let phase = record.phase.as_deref().map_or(Phase::Init, phase);
    let status = record.status.as_deref().map_or(Status::Success, status);
    if kind == "platform.initStart" {
        let runtime_version = record.runtime_version.as_deref();
        return Some(Sample::InitStart(InitStart { place, initialization, phase, runtime_version }));
    }
    let metrics = &record.metrics;
    let duration = Millis::new(metrics.duration?);
    if kind == "platform.initReport" {
        return Some(Sample::InitReport(InitReport { place, initialization, phase, status, duration }));
    }
    Some(Sample::Report(Report {
        place,
        request_id: record.request_id.as_deref(),
        duration,
        billed: metrics.billed.map(Millis::new),
        memory_mb: metrics.memory.and_then(megabytes),
        max_memory_used_mb: metrics.max_memory_used,
        init: metrics.init.map(Millis::new),
        restore: metrics.restore.map(Millis::new),
        billed_restore: metrics.billed_restore.map(Millis::new),
        status,
    }))
}

fn start(record: &Record<'_>, out: &mut Out<'_>) {
    if let (Some(request), Some(version)) = (&record.request_id, &record.version) {
        out.started(request, version);
    }
    out.passed_over();
}

/// The value that a text begins with, whatever follows it.
fn first<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
    T::deserialize(&mut serde_json::Deserializer::from_str(json))
}

fn initialization(word: &str) -> Initialization {
    match word {
        "on-demand" => Initialization::OnDemand,
        "provisioned-concurrency" => Initialization::ProvisionedConcurrency,
        "snap-start" => Initialization::SnapStart,
        _ => Initialization::Other,
    }
}

/// The phase that a word names.
pub(super) fn phase(word: &str) -> Phase {
    match word {
        "init" => Phase::Init,
        "invoke" => Phase::Invoke,
        _ => Phase::Other,
    }
}
