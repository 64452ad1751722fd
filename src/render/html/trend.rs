//! A history as a page: a chart of each size over the records, and a table of them all. The table is there without the script.

use serde_json::{Value, json};

use super::super::document::{Document, Tone};
use super::super::human;
use super::super::trend::{change, malformed, moment, title};
use super::encode::json as safe_json;
use super::page::{STYLE, fill, hash};
use super::prose;
use crate::policy::{ArtifactTrend, SizeTrend, Trend, TrendPoint};
use crate::units::ByteSize;

/// The last so many records of each artifact are on the page.
const MOST_RECORDS: usize = 1000;

const TEMPLATE: &str = include_str!("trend.html");
const OWN_STYLE: &str = include_str!("trend.css");
const SCRIPT: &str = include_str!("trend.js");

/// The trend as a page.
#[must_use]
pub fn trend(trend: &Trend) -> String {
    let style = format!("{STYLE}{OWN_STYLE}");
    let page_title = match trend.artifacts.as_slice() {
        [only] => format!("Trend of {}", only.artifact),
        _ => "Trend of package sizes".to_owned(),
    };
    let mut notes = Document::default();
    notes.list(malformed(trend));
    for artifact in trend.artifacts.iter().filter(|artifact| artifact.points.len() > MOST_RECORDS) {
        let all = artifact.points.len();
        let text = format!("{}: the last {MOST_RECORDS} of {all} records are shown.", artifact.artifact);
        notes.paragraph(Tone::Dim, text);
    }
    let articles: String =
        trend.artifacts.iter().enumerate().map(|(number, artifact)| article(number, artifact)).collect();
    let artifacts: Vec<Value> = trend.artifacts.iter().map(data).collect();
    fill(TEMPLATE, |key| match key {
        "title" => prose::escape(&page_title),
        "script_hash" => hash(SCRIPT),
        "style_hash" => hash(&style),
        "style" => style.clone(),
        "script" => SCRIPT.to_owned(),
        "body" if articles.is_empty() => "<h2>No records</h2>\n".to_owned(),
        "body" => articles.clone(),
        "notes" => prose::document(&notes),
        "data" => safe_json(&json!({"artifacts": artifacts})),
        _ => unreachable!("the template is ours, and has no key {key:?}"),
    })
}

/// What is shown of a list with one value for each record.
fn shown<T>(values: &[T]) -> &[T] {
    &values[values.len().saturating_sub(MOST_RECORDS)..]
}

/// What the script draws.
fn data(artifact: &ArtifactTrend) -> Value {
    let point = |point: &TrendPoint| {
        let moved: Vec<Value> = point.moved.iter().map(|row| json!([row.name, row.change_bytes])).collect();
        json!({"time": human::clean(&point.time), "commit": point.commit, "moved": moved})
    };
    let sizes = artifact
        .sizes
        .iter()
        .map(|size| json!({"title": heading(size), "unit": "bytes", "values": shown(&size.values_bytes)}));
    let init = artifact
        .init
        .iter()
        .map(|init| json!({"title": "Predicted init", "unit": "ms", "values": shown(&init.values_ms)}));
    json!({
        "name": human::clean(&artifact.artifact),
        "points": shown(&artifact.points).iter().map(point).collect::<Vec<_>>(),
        "series": sizes.chain(init).collect::<Vec<_>>(),
    })
}

const fn heading(size: &SizeTrend) -> &'static str {
    match size.name.as_bytes() {
        b"zip" => "Zip",
        b"unzipped" => "Unzipped",
        b"bootstrap" => "Bootstrap",
        b"touched" => "Touched",
        _ => size.name,
    }
}

fn article(number: usize, artifact: &ArtifactTrend) -> String {
    let name = prose::escape(&title(artifact));
    format!(
        "<article id=\"artifact-{number}\" aria-label=\"{name}\">\n<h2>{name}</h2>\n<div class=\"told\"></div>\n\
         <div class=\"charts\"></div>\n{}</article>\n",
        table(artifact)
    )
}

/// A row for each record, the newest first: exact bytes, and what changed since the record before.
fn table(artifact: &ArtifactTrend) -> String {
    let number = |title: &str, more: &str| format!("<th scope=\"col\" class=\"number{more}\">{title}</th>");
    let mut heads = String::from("<th scope=\"col\">Record</th>");
    for size in &artifact.sizes {
        heads += &(number(heading(size), "") + &number("change", " extra"));
    }
    if artifact.init.is_some() {
        heads += &(number("Init in ms", "") + &number("change", " extra"));
    }
    let mut rows = String::new();
    let first = artifact.points.len().saturating_sub(MOST_RECORDS);
    for at in (first..artifact.points.len()).rev() {
        rows += &row(artifact, at, first);
    }
    format!(
        "<section class=\"rows\" aria-label=\"Records\">\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table, scrolls\"><table>\n\
         <caption>Records, newest first, in bytes</caption>\n<thead><tr>{heads}<th scope=\"col\">Crates that moved</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn row(artifact: &ArtifactTrend, at: usize, first: usize) -> String {
    let point = &artifact.points[at];
    let mut cells =
        format!("<th scope=\"row\" title=\"{}\">{}</th>", prose::escape(&point.time), prose::escape(&moment(point)));
    let pair = |value: Option<String>, change: Option<(String, i32)>| {
        let (change, sign) = change.unwrap_or_default();
        format!(
            "<td class=\"number\">{}</td><td class=\"number extra\" data-column=\"change\" data-sign=\"{sign}\">{change}</td>",
            value.unwrap_or_default()
        )
    };
    for size in &artifact.sizes {
        let old = size.values_bytes[first..at].iter().rev().find_map(|value| *value);
        let value = size.values_bytes[at];
        let delta =
            value.zip(old).map(|(now, old): (ByteSize, ByteSize)| now.since(old).get()).filter(|delta| *delta != 0);
        cells += &pair(
            value.map(|bytes| bytes.get().to_string()),
            delta.map(|delta| (format!("{delta:+}"), if delta > 0 { 1 } else { -1 })),
        );
    }
    if let Some(init) = &artifact.init {
        let old = init.values_ms[first..at].iter().rev().find_map(|value| *value);
        let value = init.values_ms[at];
        let delta =
            value.zip(old).map(|(now, old)| now.get() - old.get()).filter(|delta| human::decimal(*delta) != "0.0");
        cells += &pair(
            value.map(|ms| human::decimal(ms.get())),
            delta.map(|delta| (change(delta), if delta > 0.0 { 1 } else { -1 })),
        );
    }
    let moved: Vec<String> =
        point.moved.iter().map(|row| format!("{} {}", row.name, human::delta(row.change_bytes))).collect();
    format!(
        "<tr data-at=\"{}\">{cells}<td class=\"moved\">{}</td></tr>\n",
        at - first,
        prose::escape(&moved.join(", "))
    )
}
