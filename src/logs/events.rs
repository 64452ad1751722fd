//! Events of CloudWatch Logs as JSON: one of `filter-log-events`, or a document of a subscription.

use std::borrow::Cow;

use serde::Deserialize;

use super::line;
use super::name::{self, function_of_group};
use super::needle::is_candidate_in_json;
use super::out::{Out, or};
use super::sample::Place;
use super::tally::Format;
use super::time::When;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(default)]
    timestamp: Option<When>,
    #[serde(borrow, default, rename = "logStreamName")]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "logGroupName")]
    group: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Subscription<'a> {
    #[serde(borrow, default, rename = "logGroup")]
    group: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "logStream")]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "logEvents")]
    events: Vec<Event<'a>>,
}

/// An element of `events`.
pub(super) fn event(json: &str, out: &mut Out<'_>) {
    // Most events are output of the function, and most time goes into reading them.
    if !is_candidate_in_json(json.as_bytes()) {
        return out.passed_over();
    }
    match serde_json::from_str::<Event<'_>>(json) {
        Ok(event) => read(&event, Place::default(), Format::LogEvents, out),
        Err(error) => out.malformed(format!("a log event cannot be read: {error}"), json.as_bytes()),
    }
}

/// An object with a message that stands alone: an event, or an application's own.
pub(super) fn perhaps_event(json: &str, out: &mut Out<'_>) {
    let event = is_candidate_in_json(json.as_bytes()).then(|| serde_json::from_str::<Event<'_>>(json).ok()).flatten();
    match event.filter(|event| event.timestamp.is_some()) {
        Some(event) => read(&event, Place::default(), Format::LogEvents, out),
        None => out.passed_over(),
    }
}

/// A document of a subscription. Each event is a record.
pub(super) fn subscription(json: &str, out: &mut Out<'_>) {
    let document = match serde_json::from_str::<Subscription<'_>>(json) {
        Ok(document) => document,
        Err(error) => return out.malformed(format!("logEvents cannot be read: {error}"), json.as_bytes()),
    };
    let function = document.group.as_deref().and_then(function_of_group);
    let place = or(Place { function, ..Place::default() }, name::stream(document.stream.as_deref()));
    out.tally.lines += (document.events.len() as u64).saturating_sub(1);
    for event in &document.events {
        read(event, place, Format::Subscription, out);
    }
    if document.events.is_empty() {
        out.passed_over();
    }
}

fn read(event: &Event<'_>, around: Place<'_>, format: Format, out: &mut Out<'_>) {
    let function = event.group.as_deref().and_then(function_of_group);
    let own = Place { function, at: event.timestamp.map(|when| when.0), ..Place::default() };
    let own = or(own, name::stream(event.stream.as_deref()));
    line::message(&event.message, or(own, around), format, out);
}
