//! One message of a log: REPORT, INIT_START, INIT_REPORT or START as text, or a `platform.*` object, behind whatever prefix.

use super::fields::{megabytes, millis, number, pairs, status};
use super::name::{function_of_group, of_stream};
use super::needle;
use super::out::{Out, or};
use super::platform;
use super::sample::{InitReport, InitStart, Phase, Place, Report, Sample, Status};
use super::tally::Format;
use super::text::without_colours;
use super::time::{epoch, timestamp};
use crate::units::Millis;

/// Words of a prefix that are looked at.
const PREFIX_WORDS: usize = 12;

/// Reads a message. `place` is what is known of it from around it.
pub(super) fn message(text: &str, place: Place<'_>, format: Format, out: &mut Out<'_>) {
    let plain = without_colours(text);
    let text = plain.as_ref();
    let place = |prefix| or(place, of_prefix(prefix));
    let sample = match word(text) {
        Some(Word::Report { prefix, fields }) => report(fields, place(prefix)),
        Some(Word::InitReport { prefix, fields }) => init_report(fields, place(prefix)),
        Some(Word::InitStart { prefix, fields }) => Ok(init_start(fields, place(prefix))),
        Some(Word::Start { fields }) => return start(fields, out),
        Some(Word::Platform { prefix, json }) => {
            let format = if format == Format::Text { Format::Platform } else { format };
            return platform::record(json, place(prefix), format, out);
        }
        None => return out.passed_over(),
    };
    match sample {
        Ok(sample) => out.sample(format, sample),
        Err(what) => out.malformed(what, text.as_bytes()),
    }
}

/// Which record a text is, and its parts.
enum Word<'a> {
    Report { prefix: &'a str, fields: &'a str },
    Start { fields: &'a str },
    InitReport { prefix: &'a str, fields: &'a str },
    InitStart { prefix: &'a str, fields: &'a str },
    Platform { prefix: &'a str, json: &'a str },
}

fn word(text: &str) -> Option<Word<'_>> {
    if let Some((before, fields)) = needle::split_at_request(text) {
        if let Some(prefix) = before.strip_suffix("REPORT ").filter(|prefix| is_apart(prefix)) {
            return Some(Word::Report { prefix, fields });
        }
        if before.strip_suffix("START ").is_some_and(is_apart) {
            return Some(Word::Start { fields });
        }
    }
    if let Some((prefix, fields)) = needle::split_at_init(text).filter(|(prefix, _)| is_apart(prefix)) {
        if let Some(fields) = fields.strip_prefix("INIT_REPORT ") {
            return Some(Word::InitReport { prefix, fields });
        }
        if let Some(fields) = fields.strip_prefix("INIT_START ") {
            return Some(Word::InitStart { prefix, fields });
        }
    }
    let (prefix, json) = text.split_at_checked(text.find('{')?)?;
    needle::names_platform(json.as_bytes()).then_some(Word::Platform { prefix, json })
}

/// Whether a record's first word stands apart from what is before it. A record that other JSON quotes is no record.
fn is_apart(prefix: &str) -> bool {
    prefix.is_empty() || (prefix.ends_with(|c: char| c.is_whitespace()) && !prefix.contains("\":"))
}

fn report<'a>(text: &'a str, place: Place<'a>) -> Result<Sample<'a>, String> {
    let mut duration = None;
    let mut report = Report {
        place,
        request_id: text.split_ascii_whitespace().next(),
        duration: Millis::new(0.0),
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
            return Err(format!("{key} of REPORT is no number: {value:?}"));
        }
    }
    let duration = duration.ok_or("REPORT without Duration")?;
    Ok(Sample::Report(Report { duration, ..report }))
}

/// Keeps the first value of a key; false if it cannot be read.
fn set<T>(into: &mut Option<T>, value: Option<T>) -> bool {
    let read = value.is_some();
    if into.is_none() {
        *into = value;
    }
    read
}

fn init_report<'a>(text: &'a str, place: Place<'a>) -> Result<Sample<'a>, String> {
    let value = |wanted: &str| pairs(text).find(|(key, _)| *key == wanted).map(|(_, value)| value);
    let duration = value("Init Duration").and_then(millis);
    Ok(Sample::InitReport(InitReport {
        place,
        initialization: None,
        phase: value("Phase").map_or(Phase::Init, platform::phase),
        status: value("Status").map_or(Status::Success, status),
        duration: duration.ok_or("INIT_REPORT without a readable Init Duration")?,
    }))
}

fn init_start<'a>(text: &'a str, place: Place<'a>) -> Sample<'a> {
    let runtime_version = pairs(text).find(|(key, _)| *key == "Runtime Version").map(|(_, value)| value);
    Sample::InitStart(InitStart { place, initialization: None, phase: Phase::Init, runtime_version })
}

fn start(text: &str, out: &mut Out<'_>) {
    let version = pairs(text).find(|(key, _)| *key == "Version").map(|(_, value)| value);
    if let (Some(request), Some(version)) = (text.split_ascii_whitespace().next(), version) {
        out.started(request, version);
    }
    out.passed_over();
}

/// What the words before a record say: time, stream and log group, as `aws logs tail`, SAM, `--output text` and exports write them.
pub(super) fn of_prefix(prefix: &str) -> Place<'_> {
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
