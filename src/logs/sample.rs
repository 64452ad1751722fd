//! What one record says, with the unit in the type and `None` for what it does not say.

use super::histogram::Histogram;
use crate::units::Millis;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Days since 1970-01-01, in UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }
}

/// Where a record was found. What a format does not say comes from what the caller knew of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place<'a> {
    /// Name of the function: from the log group, the record, an ARN, or the caller.
    pub function: Option<&'a str>,
    /// Its version, like `$LATEST` or `12`: from the log stream's name or the record.
    pub version: Option<&'a str>,
    /// Log stream: one execution environment each.
    pub stream: Option<&'a str>,
    /// When it was logged.
    pub at: Option<Timestamp>,
}

/// Why an environment was initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initialization {
    /// For an invocation, or by Lambda ahead of one.
    OnDemand,
    /// For provisioned concurrency.
    ProvisionedConcurrency,
    /// From a snapshot.
    SnapStart,
    /// A word that was not known when this was written.
    Other,
}

/// When initialisation ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the first invocation.
    Init,
    /// Again, within an invocation, after it failed or took more than 10 s.
    Invoke,
    /// Another word.
    Other,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Status {
    /// As it should; also where a record says nothing of failure.
    #[default]
    Success,
    /// The function failed.
    Error,
    /// Its time was over.
    Timeout,
}

/// One invocation: a REPORT line, a `platform.report`, or a raw row of Logs Insights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report<'a> {
    /// Where and when.
    pub place: Place<'a>,
    /// Request id.
    pub request_id: Option<&'a str>,
    /// `Duration`: of the handler, without init.
    pub duration: Millis,
    /// `Billed Duration`.
    pub billed: Option<Millis>,
    /// `Memory Size`, in MB.
    pub memory_mb: Option<u32>,
    /// `Max Memory Used`, in MB.
    pub max_memory_used_mb: Option<f64>,
    /// `Init Duration`: there for the first invocation of an environment alone.
    pub init: Option<Millis>,
    /// `Restore Duration`: from a snapshot.
    pub restore: Option<Millis>,
    /// `Billed Restore Duration`.
    pub billed_restore: Option<Millis>,
    /// How the invocation ended.
    pub status: Status,
}

/// INIT_START or `platform.initStart`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitStart<'a> {
    /// Where and when.
    pub place: Place<'a>,
    /// Why; text lines do not say.
    pub initialization: Option<Initialization>,
    /// When; `Init` where the record does not say.
    pub phase: Phase,
    /// Version of the managed runtime.
    pub runtime_version: Option<&'a str>,
}

/// INIT_REPORT or `platform.initReport`. Never counted as a cold start of its own: a retried init writes more than one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InitReport<'a> {
    /// Where and when.
    pub place: Place<'a>,
    /// Why.
    pub initialization: Option<Initialization>,
    /// When.
    pub phase: Phase,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub duration: Millis,
}

/// What an X-Ray trace of one invocation shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trace<'a> {
    /// Function, and when Lambda took the request.
    pub place: Place<'a>,
    /// Cold, warm, or not to be used.
    pub kind: TraceKind,
    /// From Lambda taking the request to the begin of `Initialization`: placement, download, unpacking. Cold ones alone.
    pub before_init: Option<Millis>,
    /// `Initialization`.
    pub init: Option<Millis>,
    /// `Invocation`.
    pub invocation: Option<Millis>,
    /// From Lambda taking the request to its answer.
    pub total: Millis,
}

/// Whether a trace shows a cold start that its caller waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TraceKind {
    /// `Initialization` lies between request and `Invocation`.
    Cold,
    /// There is no `Initialization`.
    Warm,
    /// `Initialization` began before the request, or ended more than 1 s before `Invocation`: by provisioned
    /// concurrency or ahead of traffic.
    InitializedAhead,
    /// A segment is missing.
    Incomplete,
}

/// One series of CloudWatch.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric<'a> {
    /// Where it was found.
    pub place: Place<'a>,
    /// Label or id, like `Invocations`.
    pub name: &'a str,
    /// `Sum`, `Average`, `Maximum`, `p99`..., where the document says it.
    pub statistic: Option<&'a str>,
    /// Sorted by time.
    pub points: Vec<(Timestamp, f64)>,
    /// False where CloudWatch says that there is more, or that it failed.
    pub complete: bool,
}

/// One row of the queries that `calibrate --query` prints: many invocations of one function, version, memory setting and day.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate<'a> {
    /// Function, version, and the begin of the day where the row has one.
    pub place: Place<'a>,
    /// Memory setting, in MB.
    pub memory_mb: Option<u32>,
    /// Invocations, cold ones included. 0 in rows that tell only of cold ones.
    pub invocations: u64,
    /// `Init Duration` of the cold ones.
    pub init: Histogram,
    /// `Duration` of the cold ones.
    pub first_call: Histogram,
    /// `Duration` of the warm ones.
    pub warm: Histogram,
    /// Gaps, in ms, after which environments were used again.
    pub survived: Histogram,
    /// Gaps, in ms, after which the environment that became idle last was not there any more.
    pub gone: Histogram,
    /// From the first to the last invocation of each environment, in ms.
    pub lifetimes: Histogram,
    /// First and last invocation, where the row tells them.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Sum of `Max Memory Used` of the cold ones, in MB.
    pub cold_max_memory_used_mb: u64,
    /// How many bills were checked.
    pub billed_checked: u64,
    /// How many cold starts were billed for their duration alone.
    pub billed_without_init: u64,
    /// How many others were not billed ceil(init + duration).
    pub billed_otherwise: u64,
}

/// Anything that tells something of a function's starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample<'a> {
    /// An invocation.
    Report(Report<'a>),
    /// An environment begins.
    InitStart(InitStart<'a>),
    /// An init ended.
    InitReport(InitReport<'a>),
    /// A traced invocation.
    Trace(Trace<'a>),
    /// A series of a metric.
    Metric(Metric<'a>),
    /// Many invocations.
    Aggregate(Aggregate<'a>),
}
