//! Samples in, counts by function, version and day out.

use std::collections::BTreeMap;

use super::environments::{Environments, Told};
use super::group::{Function, Version, widened};
use crate::estimate::calibration::{BilledOtherwise, SetApart};
use crate::logs::{Aggregate, Initialization, Metric, Phase, Report, Sample, Status, Trace, TraceKind};
use crate::units::Millis;

/// Name of a version that no record names.
const UNVERSIONED: &str = "$LATEST";
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Examples of lines with an unexpected bill that are kept.
const EXAMPLES: usize = 3;

/// What any number of records say, counted. Order matters to keep-alive alone: records of one function are taken to come in the
/// order of time, as CloudWatch gives them.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) set_apart: SetApart,
    pub(super) billed: BilledOtherwise,
    /// First and last day of anything that has a time.
    pub(super) days: Option<(i64, i64)>,
    pub(super) environments: Environments,
    /// Initialisation that was said last, for records without a log stream.
    unplaced: Option<Initialization>,
}

impl Observations {
    /// Name of a function that no record names.
    pub const UNNAMED: &'static str = "function";

    /// Counts one sample.
    pub fn add(&mut self, sample: &Sample<'_>) {
        let at = match sample {
            Sample::Report(report) => report.place.at,
            Sample::Trace(trace) => trace.place.at,
            Sample::Aggregate(aggregate) => aggregate.place.at,
            Sample::Metric(metric) => metric.points.last().map(|(at, _)| *at),
            Sample::InitStart(_) | Sample::InitReport(_) => None,
        };
        if let Some(at) = at {
            self.days = Some(widened(self.days, at.day()));
        }
        match sample {
            Sample::Report(report) => self.report(report),
            Sample::InitStart(start) => {
                let function = start.place.function.unwrap_or(Self::UNNAMED);
                if start.phase == Phase::Init {
                    self.environments.started(function, start.place.stream, start.initialization);
                    self.unplaced = start.initialization;
                }
            }
            Sample::InitReport(init) => {
                if init.status != Status::Success || init.phase != Phase::Init {
                    self.set_apart.failed_inits += 1;
                }
            }
            Sample::Trace(trace) => self.trace(trace),
            Sample::Metric(metric) => self.metric(metric),
            Sample::Aggregate(aggregate) => self.aggregate(aggregate),
        }
    }

    /// How many cold starts were counted: with `Init Duration`, on demand.
    #[must_use]
    pub fn cold_starts(&self) -> u64 {
        self.functions.values().map(Function::cold_starts).sum()
    }

    /// True where nothing that was seen can teach the model anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cold_starts() == 0
            && self
                .functions
                .values()
                .all(|function| function.before_init.count() == 0 && function.metric_span.is_none())
    }

    fn function(&mut self, name: Option<&str>) -> &mut Function {
        let name = name.unwrap_or(Self::UNNAMED);
        if !self.functions.contains_key(name) {
            self.functions.insert(name.to_owned(), Function::default());
        }
        self.functions.get_mut(name).expect("it was put there")
    }

    fn version(&mut self, function: Option<&str>, version: Option<&str>) -> &mut Version {
        let version = version.unwrap_or(UNVERSIONED);
        let function = self.function(function);
        if !function.versions.contains_key(version) {
            function.versions.insert(version.to_owned(), Version::default());
        }
        function.versions.get_mut(version).expect("it was put there")
    }

    fn report(&mut self, report: &Report<'_>) {
        self.check_bill(report);
        let place = report.place;
        let name = place.function.unwrap_or(Self::UNNAMED);
        let day = place.at.map(crate::logs::Timestamp::day);
        let initialization = match place.stream {
            Some(_) => self.environments.initialization(name, place.stream),
            None => self.unplaced,
        };
        if let (Some(stream), Some(end)) = (place.stream, place.at) {
            let start = end.0.saturating_sub(report.duration.get() as i64);
            let told = self.environments.invoked(name, stream, start, end.0, report.init.is_some());
            let function = self.function(place.function);
            match told {
                Told::Survived(gap) => function.survived.add(Millis::new(gap.max(1) as f64)),
                Told::Gone(gap) => function.gone.add(Millis::new(gap.max(1) as f64)),
                Told::Nothing => {}
            }
        }
        let function = self.function(place.function);
        function.invocations += 1;
        function.errors += u64::from(report.status != Status::Success);
        function.timeouts += u64::from(report.status == Status::Timeout);
        if let Some(at) = place.at {
            function.saw(at.0);
        }
        if report.restore.is_some() || initialization == Some(Initialization::SnapStart) {
            self.set_apart.snap_start += u64::from(report.restore.is_some() || report.init.is_some());
            return;
        }
        let Some(init) = report.init else {
            function.warm.add(report.duration);
            return;
        };
        if initialization == Some(Initialization::ProvisionedConcurrency) {
            self.set_apart.provisioned_concurrency += 1;
            return;
        }
        if report.status == Status::Timeout {
            // Its duration is the time-out's, not the program's; and what init it had belongs to a start that failed.
            self.set_apart.failed_inits += 1;
            return;
        }
        let version = self.version(place.function, place.version);
        version.init.entry(day).or_default().add(init);
        version.first_call.entry((report.memory_mb.unwrap_or(0), day)).or_default().add(report.duration);
        if let Some(used) = report.max_memory_used_mb {
            // Whole MB, as text lines have it.
            version.memory_used.0 += used.round() as u64;
            version.memory_used.1 += 1;
        }
    }

    fn check_bill(&mut self, report: &Report<'_>) {
        let (Some(billed), None) = (report.billed, report.restore) else { return };
        self.billed.checked += 1;
        let init = report.init.map_or(0.0, Millis::get);
        // Sums of decimals: a thousandth of a ms is not a ms.
        let expected = (init + report.duration.get() - 1e-6).ceil().max(1.0);
        let duration_alone = (report.duration.get() - 1e-6).ceil().max(1.0);
        if (billed.get() - expected).abs() < 0.5 {
            return;
        }
        if report.init.is_some() && (billed.get() - duration_alone).abs() < 0.5 {
            self.billed.without_init += 1;
        } else {
            self.billed.otherwise += 1;
        }
        if self.billed.examples.len() < EXAMPLES {
            self.billed.examples.push(format!(
                "{}: duration {} ms, init {} ms, billed {} ms, expected {expected} ms",
                report.request_id.unwrap_or("a request without id"),
                report.duration.get(),
                init,
                billed.get()
            ));
        }
    }

    fn trace(&mut self, trace: &Trace<'_>) {
        let function = self.function(trace.place.function);
        match (trace.kind, trace.before_init) {
            (TraceKind::Cold, Some(before)) => function.before_init.add(before),
            (TraceKind::InitializedAhead, _) => function.traces_ahead += 1,
            (TraceKind::Warm, _) => {}
            _ => self.set_apart.incomplete_traces += 1,
        }
    }

    fn metric(&mut self, metric: &Metric<'_>) {
        let function = self.function(metric.place.function);
        let sum: f64 = metric.points.iter().map(|(_, value)| value).sum();
        let most = metric.points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        if metric.name.contains("ConcurrentExecutions") {
            function.most_concurrent = Some(function.most_concurrent.unwrap_or_default().max(most));
        } else if metric.name.contains("Throttles") {
            function.metric_throttles = Some(function.metric_throttles.unwrap_or_default() + sum);
        } else if metric.name.contains("Errors") && !metric.name.contains("DeadLetter") {
            function.metric_errors += sum;
        } else if metric.name.contains("Invocations") && !metric.name.contains("Provisioned") {
            function.metric_invocations += sum;
            let ([(first, _), ..], [.., (last, _)]) = (&metric.points[..], &metric.points[..]) else { return };
            // The last point stands for as long a time as the others.
            let period = (last.0 - first.0) / (metric.points.len() as i64 - 1).max(1);
            function.metric_span = Some(widened(function.metric_span, first.0));
            function.metric_span = Some(widened(function.metric_span, last.0 + period));
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate<'_>) {
        let place = aggregate.place;
        let day = place.at.map(crate::logs::Timestamp::day);
        self.billed.checked += aggregate.billed_checked;
        self.billed.without_init += aggregate.billed_without_init;
        self.billed.otherwise += aggregate.billed_otherwise;
        let function = self.function(place.function);
        function.invocations += aggregate.invocations;
        function.warm.merge(&aggregate.warm);
        function.survived.merge(&aggregate.survived);
        function.gone.merge(&aggregate.gone);
        function.lifetimes.merge(&aggregate.lifetimes);
        match (aggregate.span, place.at) {
            (Some((first, last)), _) => {
                function.saw(first.0);
                function.saw(last.0);
            }
            // A day's row stands for the whole day.
            (None, Some(at)) => {
                function.saw(at.day() * DAY_MS);
                function.saw((at.day() + 1) * DAY_MS - 1);
            }
            (None, None) => {}
        }
        let cold = aggregate.init.count().max(aggregate.first_call.count());
        if cold == 0 {
            return;
        }
        let version = self.version(place.function, place.version);
        if aggregate.init.count() > 0 {
            version.init.entry(day).or_default().merge(&aggregate.init);
            if aggregate.cold_max_memory_used_mb > 0 {
                version.memory_used.0 += aggregate.cold_max_memory_used_mb;
                version.memory_used.1 += aggregate.init.count();
            }
        }
        if aggregate.first_call.count() > 0 {
            version.first_call.entry((aggregate.memory_mb.unwrap_or(0), day)).or_default().merge(&aggregate.first_call);
        }
    }
}
