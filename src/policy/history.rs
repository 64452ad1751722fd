//! The history of a package: one line of JSON for each check, so that writers need no more than to append.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::package::Role;
use crate::report::{Binary, Report};
use crate::units::{ByteSize, Millis, civil_from_days};

/// Version of a line. A reader of version n reads 1..=n.
pub const HISTORY_VERSION: u32 = 1;
/// How many of a package's crates a line keeps.
const CRATES_KEPT: usize = 20;
const SECONDS_OF_A_DAY: i64 = 86_400;

/// What a package was at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`HISTORY_VERSION`].
    pub schema_version: u32,
    /// When, in UTC: `2026-11-29T17:31:00Z`.
    pub time: String,
    /// The commit that was checked out; `None` outside of git.
    pub commit: Option<String>,
    /// The artifact's path.
    pub artifact: String,
    /// Size of the zip; `None` where the artifact is none.
    pub zip_bytes: Option<ByteSize>,
    /// Sum of the files.
    pub unzipped_bytes: ByteSize,
    /// Size of the program that Lambda starts; `None` where there is none, or several and none called `bootstrap`.
    pub bootstrap_bytes: Option<ByteSize>,
    /// Memory that init touched, where the report is of `measure`.
    pub touched_bytes: Option<ByteSize>,
    /// Median of the predicted init.
    pub init_ms: Option<Millis>,
    /// The largest crates, at most 20: by compressed bytes where these are known, else by file bytes.
    pub crates: Vec<RecordedCrate>,
}

/// A crate in a line: all its versions and programs in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCrate {
    /// Its name.
    pub name: String,
    /// Its bytes in the zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Its bytes in the files.
    pub file_bytes: ByteSize,
}

impl Record {
    /// What a report has to remember. `init_ms` is the prediction's median; `unix_seconds` the time since 1970 in UTC.
    #[must_use]
    pub fn of(report: &Report, init_ms: Option<f64>, commit: Option<String>, unix_seconds: i64) -> Self {
        Self {
            schema_version: HISTORY_VERSION,
            time: utc(unix_seconds),
            commit,
            artifact: report.artifact.path.clone(),
            zip_bytes: report.artifact.zip_bytes,
            unzipped_bytes: report.artifact.unzipped_bytes,
            bootstrap_bytes: bootstrap(report),
            touched_bytes: report.measurement.as_ref().map(|measurement| measurement.touched_bytes),
            init_ms: init_ms.filter(|ms| ms.is_finite()).map(Millis::new),
            crates: largest(&report.binaries),
        }
    }

    /// The line, with its line feed.
    ///
    /// # Panics
    /// Never: a record has text keys and finite numbers.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("text keys and finite numbers") + "\n"
    }
}

fn bootstrap(report: &Report) -> Option<ByteSize> {
    let entry = report.artifact.entries.iter().find(|entry| entry.role == Role::Bootstrap);
    match (entry, report.binaries.as_slice()) {
        (Some(entry), _) => Some(entry.uncompressed_bytes),
        (None, [only]) => Some(only.file_bytes),
        _ => None,
    }
}

fn largest(binaries: &[Binary]) -> Vec<RecordedCrate> {
    let mut sums: BTreeMap<&str, (Option<ByteSize>, ByteSize)> = BTreeMap::new();
    for row in binaries.iter().flat_map(|binary| &binary.crates) {
        let (compressed, file) = sums.entry(&row.name).or_insert((Some(ByteSize::ZERO), ByteSize::ZERO));
        *compressed = compressed.zip(row.compressed_bytes).map(|(sum, bytes)| sum + bytes);
        *file += row.file_bytes;
    }
    let named = |(name, (compressed_bytes, file_bytes)): (&str, _)| RecordedCrate {
        name: name.to_owned(),
        compressed_bytes,
        file_bytes,
    };
    let mut crates: Vec<RecordedCrate> = sums.into_iter().map(named).collect();
    // Names are in order already, and the sort is stable.
    crates.sort_by_key(|row| std::cmp::Reverse((row.compressed_bytes, row.file_bytes)));
    crates.truncate(CRATES_KEPT);
    crates
}

/// A history as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// Lines that could be read, in the file's order.
    pub records: Vec<Record>,
    /// Lines that could not.
    pub malformed: Vec<MalformedLine>,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MalformedLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl History {
    /// Reads lines. A malformed one is kept as such, and no error: the others are worth no less.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            match record(text) {
                Ok(record) => history.records.push(record),
                Err(why) => history.malformed.push(MalformedLine { line, why }),
            }
        }
        history
    }
}

fn record(text: &str) -> Result<Record, String> {
    let record: Record =
        serde_json::from_str(text).map_err(|error| error.to_string().replace(" at line 1 column ", " at column "))?;
    if record.schema_version == 0 || record.schema_version > HISTORY_VERSION {
        return Err(format!("schema_version {} is not known: 1 to {HISTORY_VERSION} are", record.schema_version));
    }
    Ok(record)
}

/// `2026-11-29T17:31:00Z`.
fn utc(unix_seconds: i64) -> String {
    let (days, second) = (unix_seconds.div_euclid(SECONDS_OF_A_DAY), unix_seconds.rem_euclid(SECONDS_OF_A_DAY));
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_the_date_that_date_prints() {
        // `date -u -d @N +%FT%TZ`.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_796_000_000, "2026-11-30T00:53:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn lines_that_are_no_records_are_counted_and_the_others_read() {
        let good = r#"{"schema_version":1,"time":"t","commit":null,"artifact":"a.zip","zip_bytes":5,"unzipped_bytes":9,"bootstrap_bytes":null,"touched_bytes":null,"init_ms":null,"crates":[],"later":1}"#;
        let of_tomorrow = good.replace("\"schema_version\":1", "\"schema_version\":2");
        let history = History::parse(&format!("{good}\n{{\"time\n\n{of_tomorrow}\n-5\n{good}"));
        assert_eq!(history.records.len(), 2);
        assert_eq!(history.malformed.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 4, 5]);
        assert_eq!(history.malformed[1].why, "schema_version 2 is not known: 1 to 1 are");
        let written = history.records[0].line();
        assert_eq!(History::parse(&written).records, history.records[..1]);
    }
}
