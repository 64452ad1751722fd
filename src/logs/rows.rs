//! Rows of Logs Insights, Athena and DuckDB: raw ones are one invocation each, others count many.

use super::aggregate;
use super::fields::number;
use super::line;
use super::name;
use super::needle::is_candidate;
use super::out::{Out, or};
use super::row::{BYTES_PER_MB, Row};
use super::sample::{Place, Report, Sample, Status, Timestamp};
use super::tally::Format;
use super::time::{epoch, timestamp};
use crate::units::Millis;

/// Reads a row, whatever it is.
pub(super) fn read(row: &Row<'_>, format: Format, out: &mut Out<'_>) {
    if aggregate::is_aggregate(row) {
        return match aggregate::aggregate(row) {
            Ok(aggregate) => out.sample(format, Sample::Aggregate(aggregate)),
            Err(what) => out.malformed(what, row.text().as_bytes()),
        };
    }
    let place = place(row);
    if let Some(message) = row.get("@message").or_else(|| row.get("message")).filter(|m| is_candidate(m.as_bytes())) {
        return line::message(message, place, format, out);
    }
    let is_report = row.get("@type").is_none_or(|kind| kind == "REPORT");
    if !is_report || !row.has("@duration") {
        return out.passed_over();
    }
    match report(row, place) {
        Ok(Some(report)) => out.sample(format, Sample::Report(report)),
        // Rows of other records have no duration.
        Ok(None) if row.get("@type").is_none() => out.passed_over(),
        Ok(None) => out.malformed("a row of REPORT without @duration", row.text().as_bytes()),
        Err(column) => out.malformed(format!("{column} is no number"), row.text().as_bytes()),
    }
}

fn report<'r>(row: &Row<'r>, place: Place<'r>) -> Result<Option<Report<'r>>, &'static str> {
    let Some(duration) = row.number("@duration")? else { return Ok(None) };
    Ok(Some(Report {
        place,
        request_id: row.get("@requestId"),
        duration: Millis::new(duration),
        billed: row.number("@billedDuration")?.map(Millis::new),
        memory_mb: row.memory()?,
        max_memory_used_mb: row.number("@maxMemoryUsed")?.map(|bytes| bytes / BYTES_PER_MB),
        init: row.number("@initDuration")?.map(Millis::new),
        restore: row.number("@restoreDuration")?.map(Millis::new),
        billed_restore: row.number("@billedRestoreDuration")?.map(Millis::new),
        status: Status::Success,
    }))
}

/// ISO 8601, or milliseconds as the console's CSV has them.
fn time(text: &str) -> Option<Timestamp> {
    timestamp(text).or_else(|| number(text).and_then(epoch))
}

fn place<'r>(row: &Row<'r>) -> Place<'r> {
    let get = |column: &str| row.get(&format!("@{column}")).or_else(|| row.get(column));
    let function = get("log").or_else(|| get("logGroup")).and_then(name::function_of_group);
    let own = Place { function, at: get("timestamp").and_then(time), ..Place::default() };
    or(own, name::stream(get("logStream")))
}
