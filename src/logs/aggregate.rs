//! Rows that each count many invocations, as the queries of `calibrate --query` return them.

use serde_json::{Map, Value};

use super::fields::{megabytes, number};
use super::histogram::Histogram;
use super::name::function_of_group;
use super::row::Row;
use super::sample::{Aggregate, Place, Timestamp};
use super::time::timestamp;

/// Columns of one bucket per row, and of a histogram per row, of the same times.
const INIT: (&str, &str) = ("init_bucket", "init_histogram");
const FIRST_CALL: (&str, &str) = ("first_call_bucket", "first_call_histogram");
const WARM: (&str, &str) = ("warm_bucket", "warm_histogram");
const SURVIVED: (&str, &str) = ("survived_bucket", "survived_histogram");
const GONE: (&str, &str) = ("gone_bucket", "gone_histogram");
const LIFETIME: (&str, &str) = ("lifetime_bucket", "lifetime_histogram");
/// Of a row with a bucket of init: the first call. Of one without: a warm call.
const DURATION: &str = "duration_bucket";

/// Whether a row has the columns of one.
pub(super) fn is_aggregate(row: &Row<'_>) -> bool {
    let times = [INIT, FIRST_CALL, WARM].into_iter().any(|(bucket, histogram)| row.has(bucket) || row.has(histogram));
    // Many an application counts invocations.
    let of_query = ["memory_mb", "day", "@memorySize", "bin(1d)"].into_iter().any(|column| row.has(column));
    times || row.has(DURATION) || (row.has("invocations") && of_query)
}

/// Reads one; `Err` says what is wrong.
pub(super) fn aggregate<'r>(row: &Row<'r>) -> Result<Aggregate<'r>, String> {
    let n = count(row, "n")?;
    let one_bucket = [INIT.0, FIRST_CALL.0, WARM.0, DURATION].into_iter().any(|bucket| row.get(bucket).is_some());
    if one_bucket && n.is_none() {
        return Err("a row with a bucket has no n".to_owned());
    }
    // Logs Insights keeps the name of a field that it groups by.
    let function = row.get("function").or_else(|| row.get("@log")).map(|name| function_of_group(name).unwrap_or(name));
    let at = row
        .get("day")
        .or_else(|| row.get("bin(1d)"))
        .map(|day| timestamp(day).ok_or_else(|| format!("day {day:?} is no date")));
    let memory = row.get("memory_mb").map(|mb| number(mb).and_then(megabytes).ok_or(format!("memory_mb is {mb:?}")));
    let is_cold = row.get(INIT.0).is_some();
    let duration = |wanted: bool| if is_cold == wanted { DURATION } else { "" };
    Ok(Aggregate {
        place: Place { function, version: row.get("version"), stream: None, at: at.transpose()? },
        memory_mb: memory.transpose()?.or(row.memory()?),
        // A row of one bucket counts the invocations in it, cold or warm.
        invocations: count(row, "invocations")?.or(n).unwrap_or(0),
        init: times(row, INIT, n)?,
        first_call: merged(times(row, FIRST_CALL, n)?, &times(row, (duration(true), ""), n)?),
        warm: merged(times(row, WARM, n)?, &times(row, (duration(false), ""), n)?),
        survived: times(row, SURVIVED, n)?,
        gone: times(row, GONE, n)?,
        lifetimes: times(row, LIFETIME, n)?,
        span: count(row, "first_ms")?.zip(count(row, "last_ms")?).map(|(first, last)| (time(first), time(last))),
        cold_max_memory_used_mb: count(row, "cold_max_memory_used_mb")?.unwrap_or(0),
        billed_checked: count(row, "billed_checked")?.unwrap_or(0),
        billed_without_init: count(row, "billed_without_init")?.unwrap_or(0),
        billed_otherwise: count(row, "billed_otherwise")?.unwrap_or(0),
    })
}

fn merged(mut one: Histogram, other: &Histogram) -> Histogram {
    one.merge(other);
    one
}

fn time(ms: u64) -> Timestamp {
    // Counts are below 9e15.
    Timestamp(ms as i64)
}

/// A count. Query engines write it as they like: `12`, `12.0`, `1.2E1`.
fn count(row: &Row<'_>, column: &str) -> Result<Option<u64>, String> {
    let Some(text) = row.get(column) else { return Ok(None) };
    let number = number(text).map(f64::round).filter(|number| *number < 9e15);
    // Checked: whole, not negative, exact in f64.
    number.map(|number| Some(number as u64)).ok_or_else(|| format!("{column} is no count: {text:?}"))
}

fn times(row: &Row<'_>, (bucket, histogram): (&str, &str), n: Option<u64>) -> Result<Histogram, String> {
    let mut times = Histogram::default();
    if let (Some(text), Some(n)) = (row.get(bucket), n) {
        times.add_bucket(bucket_number(text).ok_or_else(|| format!("{bucket} is no bucket: {text:?}"))?, n);
    }
    if let Some(text) = row.get(histogram) {
        fill(&mut times, text).ok_or_else(|| format!("{histogram} is no map: {text:?}"))?;
    }
    Ok(times)
}

/// Reads `{138=2, 140=7}`, as Athena and DuckDB print maps, or `{"138": 2}`.
fn fill(times: &mut Histogram, text: &str) -> Option<()> {
    if text.contains(':') {
        for (bucket, n) in serde_json::from_str::<Map<String, Value>>(text).ok()? {
            times.add_bucket(bucket_number(&bucket)?, n.as_u64()?);
        }
        return Some(());
    }
    let pairs = text.strip_prefix('{')?.strip_suffix('}')?;
    for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (bucket, n) = pair.split_once('=')?;
        times.add_bucket(bucket_number(bucket)?, n.trim().parse().ok()?);
    }
    Some(())
}

/// A bucket, which query engines may write as `138.0`.
fn bucket_number(text: &str) -> Option<i32> {
    let number: f64 = text.trim().parse().ok()?;
    // Checked: whole and small.
    (number.fract() == 0.0 && number.abs() <= 1e6).then_some(number as i32)
}
