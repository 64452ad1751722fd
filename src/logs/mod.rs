//! What Lambda's own records say of invocations: REPORT lines, `platform.*` events, Logs Insights, X-Ray traces, CloudWatch metrics.
//!
//! Bytes in, [`Sample`]s out, one pass, in memory that does not grow with the input.
//! What cannot be read is counted and shown, never guessed at; what is none of Lambda's is passed over.

mod aggregate;
mod arrivals;
mod csv;
mod document;
mod element;
mod error;
mod events;
mod fields;
mod gzip;
mod histogram;
mod insights;
mod line;
mod metrics;
mod name;
mod needle;
mod out;
mod platform;
mod read;
mod row;
mod rows;
mod sample;
mod scan;
mod tally;
mod text;
mod time;
mod window;
mod xray;

pub use arrivals::{TimedRequest, timed_request};
pub use error::LogsError;
pub use histogram::Histogram;
pub use read::read;
pub use sample::{
    Aggregate, InitReport, InitStart, Initialization, Metric, Phase, Place, Report, Sample, Status, Timestamp, Trace,
    TraceKind,
};
pub use tally::{Format, Malformed, Tally};
