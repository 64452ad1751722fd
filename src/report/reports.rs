//! Reports of several packages in one document.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::read::ReadError;
use super::schema::{Report, SCHEMA_VERSION};

/// A package that failed while others did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFailure {
    /// Its path, as given.
    pub path: String,
    /// What is wrong with it.
    pub error: String,
}

impl PackageFailure {
    /// Path and error, unless the error begins with the path.
    #[must_use]
    pub fn in_words(&self) -> String {
        if self.error.starts_with(&self.path) { self.error.clone() } else { format!("{}: {}", self.path, self.error) }
    }
}

/// Reports of several packages, in the order of their paths, and what went wrong with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reports {
    /// Version of the reports' layout.
    pub schema_version: u32,
    /// A report for each package.
    pub packages: Vec<Report>,
    /// Packages of which there is no report.
    pub failures: Vec<PackageFailure>,
}

/// A document whose reports are not read yet: hundreds of them at once would be many times their text.
#[derive(Deserialize)]
struct Document<'a> {
    /// Only a single report has it.
    artifact: Option<IgnoredAny>,
    #[serde(borrow)]
    packages: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    failures: Vec<PackageFailure>,
}

/// One package is reported twice, and not alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is reported twice, and not alike: reports of one run are joined, not those of different ones")]
pub struct TwoReportsOfOne {
    /// The package.
    pub path: String,
}

impl Reports {
    /// Puts reports in order. Two reports of one package are one if they are the same.
    ///
    /// # Errors
    /// [`TwoReportsOfOne`] where they are not.
    pub fn new(packages: Vec<Report>, failures: Vec<PackageFailure>) -> Result<Self, TwoReportsOfOne> {
        let mut reports = Self { schema_version: SCHEMA_VERSION, packages, failures };
        reports.packages.sort_by(|a, b| a.artifact.path.cmp(&b.artifact.path));
        reports.packages.dedup();
        reports.failures.sort_by(|a, b| (&a.path, &a.error).cmp(&(&b.path, &b.error)));
        reports.failures.dedup();
        let twice = reports.packages.windows(2).find(|pair| pair[0].artifact.path == pair[1].artifact.path);
        match twice {
            Some(pair) => Err(TwoReportsOfOne { path: pair[0].artifact.path.clone() }),
            None => Ok(reports),
        }
    }

    /// Reads a document of several reports, or a single report, which is a document of one.
    ///
    /// # Errors
    /// As [`Report::from_json`].
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        let document = serde_json::from_str::<Document<'_>>(text).ok().filter(|document| document.artifact.is_none());
        let Some(Document { packages: Some(packages), failures, .. }) = document else {
            let report = Report::from_json(text)?;
            return Ok(Self { schema_version: report.schema_version, packages: vec![report], failures: Vec::new() });
        };
        let packages = packages.into_iter().map(|report| Report::from_json(report.get()));
        let packages = packages.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { schema_version: SCHEMA_VERSION, packages, failures })
    }
}
