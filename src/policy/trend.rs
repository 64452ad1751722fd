//! How a package changed over its history: every size and the predicted init, from the first record to the last.

use serde::Serialize;

use super::history::{History, MalformedLine, Record};
use crate::units::{ByteDelta, ByteSize, Millis};

/// How many crates that moved are named.
const CRATES_NAMED: usize = 10;
/// How many crates that moved from one record to the next are named.
pub const CRATES_MOVED: usize = 5;

/// All packages of a history, and the lines that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// One for each artifact, in the order in which they come first.
    pub artifacts: Vec<ArtifactTrend>,
    /// Lines that are no records.
    pub malformed: Vec<MalformedLine>,
}

/// One artifact's records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactTrend {
    /// Its path.
    pub artifact: String,
    /// When and at which commit each record was taken, in the file's order.
    pub points: Vec<TrendPoint>,
    /// Sizes that any record knows.
    pub sizes: Vec<SizeTrend>,
    /// The predicted init, where any record knows it.
    pub init: Option<InitTrend>,
    /// Crates that the first record and the last both keep and whose size differs, largest change first, at most ten: by compressed
    /// bytes where both know them, else by file bytes.
    pub crates: Vec<CrateTrend>,
}

/// One record's time and commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrendPoint {
    /// In UTC.
    pub time: String,
    /// The commit; `None` outside of git.
    pub commit: Option<String>,
    /// Crates that this record and the one before both keep and whose size differs, largest change first, at most [`CRATES_MOVED`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<CrateTrend>,
}

/// One size over the records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeTrend {
    /// `zip`, `unzipped`, `bootstrap` or `touched`.
    pub name: &'static str,
    /// One for each point; `None` where it was not known.
    pub values_bytes: Vec<Option<ByteSize>>,
    /// The first that is known.
    pub first_bytes: ByteSize,
    /// The last that is known.
    pub last_bytes: ByteSize,
    /// The smallest.
    pub min_bytes: ByteSize,
    /// The largest.
    pub max_bytes: ByteSize,
    /// Last less first.
    pub change_bytes: ByteDelta,
    /// The same in percent of the first; `None` where that was 0.
    pub change_percent: Option<f64>,
}

/// The predicted init over the records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InitTrend {
    /// One for each point; `None` where it was not known.
    pub values_ms: Vec<Option<Millis>>,
    /// The first that is known.
    pub first_ms: Millis,
    /// The last that is known.
    pub last_ms: Millis,
    /// The shortest.
    pub min_ms: Millis,
    /// The longest.
    pub max_ms: Millis,
    /// Last less first.
    pub change_ms: Millis,
}

/// A crate at both ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrateTrend {
    /// Its name.
    pub name: String,
    /// In the first record.
    pub first_bytes: ByteSize,
    /// In the last.
    pub last_bytes: ByteSize,
    /// Last less first.
    pub change_bytes: ByteDelta,
}

/// The trend of a history; of each artifact only its last `most` records, where that is not 0.
#[must_use]
pub fn trend(history: &History, most: usize) -> Trend {
    let mut names: Vec<&str> = Vec::new();
    for record in &history.records {
        if !names.contains(&record.artifact.as_str()) {
            names.push(&record.artifact);
        }
    }
    let of = |name: &&str| {
        let records: Vec<&Record> = history.records.iter().filter(|record| record.artifact == **name).collect();
        let left_out = if most == 0 { 0 } else { records.len().saturating_sub(most) };
        artifact(name, &records[left_out..])
    };
    Trend { artifacts: names.iter().map(of).collect(), malformed: history.malformed.clone() }
}

fn artifact(name: &str, records: &[&Record]) -> ArtifactTrend {
    let values = |size: fn(&Record) -> Option<ByteSize>| records.iter().map(|record| size(record)).collect();
    let sizes = [
        ("zip", values(|record| record.zip_bytes)),
        ("unzipped", values(|record| Some(record.unzipped_bytes))),
        ("bootstrap", values(|record| record.bootstrap_bytes)),
        ("touched", values(|record| record.touched_bytes)),
    ];
    ArtifactTrend {
        artifact: name.to_owned(),
        points: points(records),
        sizes: sizes.into_iter().filter_map(|(name, values)| size_trend(name, values)).collect(),
        init: init_trend(records.iter().map(|record| record.init_ms).collect()),
        crates: match records {
            [first, .., last] => changed(first, last, CRATES_NAMED),
            _ => Vec::new(),
        },
    }
}

fn points(records: &[&Record]) -> Vec<TrendPoint> {
    let before = std::iter::once(None).chain(records.iter().map(Some));
    let point = |(record, before): (&&Record, Option<&&Record>)| TrendPoint {
        time: record.time.clone(),
        commit: record.commit.clone(),
        moved: before.map(|before| changed(before, record, CRATES_MOVED)).unwrap_or_default(),
    };
    records.iter().zip(before).map(point).collect()
}

fn size_trend(name: &'static str, values: Vec<Option<ByteSize>>) -> Option<SizeTrend> {
    let known: Vec<ByteSize> = values.iter().flatten().copied().collect();
    let (first, last) = (*known.first()?, *known.last()?);
    let change = last.since(first);
    let percent = change.magnitude().percent_of(first).map(|percent| if last < first { -percent } else { percent });
    Some(SizeTrend {
        name,
        first_bytes: first,
        last_bytes: last,
        min_bytes: *known.iter().min()?,
        max_bytes: *known.iter().max()?,
        change_bytes: change,
        change_percent: percent,
        values_bytes: values,
    })
}

fn init_trend(values: Vec<Option<Millis>>) -> Option<InitTrend> {
    let known: Vec<f64> = values.iter().flatten().map(|ms| ms.get()).collect();
    let (first, last) = (*known.first()?, *known.last()?);
    Some(InitTrend {
        first_ms: Millis::new(first),
        last_ms: Millis::new(last),
        min_ms: Millis::new(known.iter().copied().fold(f64::INFINITY, f64::min)),
        max_ms: Millis::new(known.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        change_ms: Millis::new(last - first),
        values_ms: values,
    })
}

/// A crate that one end does not keep may be small there, or not there at all: it is not known, and not shown.
fn changed(first: &Record, last: &Record, most: usize) -> Vec<CrateTrend> {
    let change = |new: &super::history::RecordedCrate| {
        let old = first.crates.iter().find(|old| old.name == new.name)?;
        let zipped = old.compressed_bytes.zip(new.compressed_bytes);
        let (old_bytes, new_bytes) = zipped.unwrap_or((old.file_bytes, new.file_bytes));
        let row = CrateTrend {
            name: new.name.clone(),
            first_bytes: old_bytes,
            last_bytes: new_bytes,
            change_bytes: new_bytes.since(old_bytes),
        };
        (old_bytes != new_bytes).then_some(row)
    };
    let mut rows: Vec<CrateTrend> = last.crates.iter().filter_map(change).collect();
    rows.sort_by_cached_key(|row| (std::cmp::Reverse(row.change_bytes.magnitude()), row.name.clone()));
    rows.truncate(most);
    rows
}
