//! JSON for programs: one document, two spaces of indentation, a line feed at the end. Every size an integer of bytes.

use serde::Serialize;

use crate::estimate::{Backtest, Model};
use crate::policy::{Diff, Trend, Verdict};
use crate::report::{PackageFailure, Report, Reports, SCHEMA_VERSION, TuneOutcome};

/// The report in schema order.
///
/// # Panics
/// Never: a report has no keys but text, and its numbers are finite or `null`.
#[must_use]
pub fn report(report: &Report) -> String {
    document(report)
}

/// A model, as `estimate --model` reads it.
#[must_use]
pub fn model(model: &Model) -> String {
    document(model)
}

/// How far a model is off.
#[must_use]
pub fn backtest(test: &Backtest) -> String {
    document(test)
}

/// Reports of several packages, and what went wrong with others: `{"schema_version", "packages", "failures"}`.
#[must_use]
pub fn reports(reports: &Reports) -> String {
    document(reports)
}

/// Verdicts over several packages, with `schema_version` and `passed` in front.
#[must_use]
pub fn verdicts(verdicts: &[&Verdict], failures: &[PackageFailure]) -> String {
    let passed = failures.is_empty() && verdicts.iter().all(|verdict| verdict.passed());
    document(&Verdicts { schema_version: SCHEMA_VERSION, passed, packages: verdicts, failures })
}

#[derive(Serialize)]
struct Verdicts<'a> {
    schema_version: u32,
    passed: bool,
    packages: &'a [&'a Verdict],
    failures: &'a [PackageFailure],
}

/// The differences, with `schema_version` in front.
#[must_use]
pub fn diff(diff: &Diff) -> String {
    document(&Versioned { schema_version: SCHEMA_VERSION, passed: None, value: diff })
}

/// The verdict, with `schema_version` and `passed` in front.
#[must_use]
pub fn verdict(verdict: &Verdict) -> String {
    document(&Versioned { schema_version: SCHEMA_VERSION, passed: Some(verdict.passed()), value: verdict })
}

/// The trend, with `schema_version` in front.
#[must_use]
pub fn trend(trend: &Trend) -> String {
    document(&Versioned { schema_version: SCHEMA_VERSION, passed: None, value: trend })
}

/// Build experiments, with `schema_version` in front.
#[must_use]
pub fn tune(outcome: &TuneOutcome) -> String {
    document(&Versioned { schema_version: SCHEMA_VERSION, passed: None, value: outcome })
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<bool>,
    #[serde(flatten)]
    value: &'a T,
}

fn document(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("our types have text keys and write to memory");
    text.push('\n');
    text
}
