//! What an input held, counted.

use std::collections::BTreeSet;

/// A kind of input that gave samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// REPORT, INIT_START and INIT_REPORT as text, with or without a prefix.
    Text,
    /// `platform.*` objects: Lambda's JSON log format and the Telemetry API.
    Platform,
    /// Events of `aws logs filter-log-events` or `get-log-events`.
    LogEvents,
    /// Documents of a CloudWatch Logs subscription.
    Subscription,
    /// `aws logs get-query-results`.
    Insights,
    /// CSV with a header line: Logs Insights, Athena, DuckDB.
    Csv,
    /// Rows as JSON objects.
    Rows,
    /// `aws xray batch-get-traces`.
    XRay,
    /// `aws cloudwatch get-metric-data` and `get-metric-statistics`.
    CloudWatch,
}

impl Format {
    /// The format in a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Platform => "platform JSON",
            Self::LogEvents => "log events",
            Self::Subscription => "subscription",
            Self::Insights => "Logs Insights",
            Self::Csv => "CSV",
            Self::Rows => "JSON rows",
            Self::XRay => "X-Ray",
            Self::CloudWatch => "CloudWatch metrics",
        }
    }
}

/// A record that looks like one of Lambda's and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The line in which it begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// How it begins, on one line: at most [`Malformed::TEXT`] characters.
    pub text: String,
}

impl Malformed {
    /// Characters of a record that are kept to show it.
    pub const TEXT: usize = 120;
}

/// What an input held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Bytes of text: after inflating.
    pub bytes: u64,
    /// Records: lines that are not blank, JSON objects, rows.
    pub lines: u64,
    /// Samples handed over.
    pub samples: u64,
    /// Records of another kind: START, END, output of the function.
    pub passed_over: u64,
    /// Records that look like Lambda's and cannot be read.
    pub malformed: u64,
    /// The first of them, at most [`Tally::SHOWN`].
    pub first_malformed: Vec<Malformed>,
    /// Formats that gave samples.
    pub formats: BTreeSet<Format>,
}

impl Tally {
    /// How many malformed records are kept to be shown.
    pub const SHOWN: usize = 3;
}
