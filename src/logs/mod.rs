//! What Lambda's own records say of invocations: REPORT lines, `platform.*` events, Logs Insights, X-Ray traces, CloudWatch metrics.
//!
//! Bytes in, [`Sample`]s out, one pass, in memory that does not grow with the input.

mod histogram;
mod sample;

pub use histogram::Histogram;
pub use sample::{
    Aggregate, InitReport, InitStart, Initialization, Metric, Phase, Place, Report, Sample, Status, Timestamp, Trace,
    TraceKind,
};
