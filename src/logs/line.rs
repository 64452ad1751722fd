//! One message of a log: REPORT, INIT_START, INIT_REPORT or START as text, or a `platform.*` object, behind whatever prefix.

use std::borrow::Cow;

use super::fields::{self, megabytes, millis, number, pairs, request_id, status};
use super::name::{function_of_group, of_stream};
use super::needle::names_platform;
use super::out::{Out, or};
use super::platform;
use super::sample::{InitReport, InitStart, Phase, Place, Report, Sample, Status};
use super::tally::Format;
use super::time::{epoch, timestamp};

/// Words of a prefix that are looked at.
const PREFIX_WORDS: usize = 12;

/// Reads a message. `place` is what is known of it from around it.
pub(super) fn message(text: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    let plain = without_colours(text);
    let text = plain.as_ref();
    if let Some((prefix, fields)) = behind(text, "REPORT RequestId:") {
        return report(fields, or(place, of_prefix(prefix)), format, out);
    }
    if let Some((prefix, fields)) = behind(text, "INIT_REPORT ") {
        return init_report(fields, or(place, of_prefix(prefix)), format, out);
    }
    if let Some((prefix, fields)) = behind(text, "INIT_START ") {
        return init_start(fields, or(place, of_prefix(prefix)), format, out);
    }
    if let Some((_, fields)) = behind(text, "START RequestId:") {
        return start(fields, out);
    }
    match text.find('{').and_then(|at| text.split_at_checked(at)) {
        Some((prefix, json)) if names_platform(json.as_bytes()) => {
            let format = if format == Format::Text { Format::Platform } else { format };
            platform::record(json, or(place, of_prefix(prefix)), format, out);
        }
        _ => out.passed_over(),
    }
}

/// What stands before a word, and the text from there on; the word begins the text or follows a space.
fn behind<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (prefix, rest) = text.split_at_checked(text.find(word)?)?;
    let apart = prefix.is_empty() || prefix.ends_with(|c: char| c.is_whitespace());
    // A record that an application's own JSON quotes is no record.
    (apart && !prefix.contains("\":")).then_some((prefix, rest))
}

fn report(text: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    let mut duration = None;
    let mut report = Report {
        place,
        request_id: request_id(text),
        duration: crate::units::Millis::new(0.0),
        billed: None,
        memory_mb: None,
        max_memory_used_mb: None,
        init: None,
        restore: None,
        billed_restore: None,
        status: Status::Success,
    };
    for (key, value) in pairs(text) {
        let read = match key {
            "Duration" => set(&mut duration, millis(value)),
            "Billed Duration" => set(&mut report.billed, millis(value)),
            "Init Duration" => set(&mut report.init, millis(value)),
            "Restore Duration" => set(&mut report.restore, millis(value)),
            "Billed Restore Duration" => set(&mut report.billed_restore, millis(value)),
            "Memory Size" => set(&mut report.memory_mb, number(value).and_then(megabytes)),
            "Max Memory Used" => set(&mut report.max_memory_used_mb, number(value)),
            "Status" => {
                report.status = status(value);
                true
            }
            _ => true,
        };
        if !read {
            return out.malformed(format!("{key} of REPORT is no number: {value:?}"), text.as_bytes());
        }
    }
    let Some(duration) = duration else {
        return out.malformed("REPORT without Duration", text.as_bytes());
    };
    out.sample(format, Sample::Report(Report { duration, ..report }));
}

/// Keeps the first value of a key; false if it cannot be read.
fn set<T>(into: &mut Option<T>, value: Option<T>) -> bool {
    let read = value.is_some();
    if into.is_none() {
        *into = value;
    }
    read
}

fn init_report(text: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    let value = |wanted: &str| pairs(text).find(|(key, _)| *key == wanted).map(|(_, value)| value);
    let Some(duration) = value("Init Duration").and_then(millis) else {
        return out.malformed("INIT_REPORT without a readable Init Duration", text.as_bytes());
    };
    let sample = InitReport {
        place,
        initialization: None,
        phase: value("Phase").map_or(Phase::Init, platform::phase),
        status: value("Status").map_or(Status::Success, status),
        duration,
    };
    out.sample(format, Sample::InitReport(sample));
}

fn init_start(text: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    let version = pairs(text).find(|(key, _)| *key == "Runtime Version").map(|(_, value)| value);
    let sample = InitStart { place, initialization: None, phase: Phase::Init, runtime_version: version };
    out.sample(format, Sample::InitStart(sample));
}

fn start(text: &str, out: &mut Out<'_>) {
    let version = pairs(text).find(|(key, _)| *key == "Version").map(|(_, value)| value);
    if let (Some(request), Some(version)) = (fields::request_id(text), version) {
        out.started(request, version);
    }
    out.passed_over();
}

/// What the words before a record say: time, stream and log group, as `aws logs tail`, SAM, `--output text` and exports write them.
fn of_prefix(prefix: &str) -> Place<'_> {
    let mut place = Place::default();
    let mut ingested = None;
    let mut rest = prefix;
    for _ in 0..PREFIX_WORDS {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '[');
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or_default();
        if word.is_empty() {
            break;
        }
        place.at = place.at.or_else(|| timestamp(rest));
        let number = word.parse().ok().filter(|_| word.len() == 13 && word.bytes().all(|byte| byte.is_ascii_digit()));
        ingested = ingested.or(number.and_then(epoch));
        let stream = of_stream(word.trim_end_matches([':', ',', '|'])).unwrap_or_default();
        let group = Place { function: function_of_group(word), ..Place::default() };
        place = or(or(place, stream), group);
        rest = behind;
    }
    Place { at: place.at.or(ingested), ..place }
}

/// Without ANSI escape sequences.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default());
    }
    Cow::Owned(plain)
}
