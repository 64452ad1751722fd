//! Gives each JSON value to the parser of its format, told by the list it stands in or by its keys.

use super::needle::names_platform;
use super::out::Out;
use super::sample::Place;
use super::scan::{Keys, List};
use super::tally::Format;
use super::text::lossy;
use super::{events, insights, line, metrics, platform, xray};

/// Reads an element of a list.
pub(super) fn of_list(list: List, json: &[u8], keys: Keys, out: &mut Out<'_>) {
    let json = &lossy(json);
    match list {
        List::Events => events::event(json, out),
        List::Results => insights::result(json, out),
        List::Traces => xray::trace(json, out),
        List::Series => metrics::series(json, out),
        // `get-query-results` reduced to its results.
        List::Outermost if json.starts_with('[') => insights::result(json, out),
        List::Outermost => object(json, keys, Place::default(), out),
    }
}

/// Reads an object that stands alone.
pub(super) fn alone(json: &[u8], keys: Keys, out: &mut Out<'_>) {
    let prefix = std::mem::take(&mut out.prefix);
    object(&lossy(json), keys, line::of_prefix(&prefix), out);
}

fn object(json: &str, keys: Keys, place: Place<'_>, out: &mut Out<'_>) {
    if keys.has(Keys::TYPE) && names_platform(json.as_bytes()) {
        platform::record(json, place, Format::Platform, out);
    } else if keys.has(Keys::LOG_EVENTS) {
        events::subscription(json, out);
    } else if keys.has(Keys::MESSAGE) {
        events::perhaps_event(json, out);
    } else if keys.has(Keys::DATAPOINTS) {
        metrics::statistics(json, out);
    } else if keys.has(Keys::SEGMENTS) {
        xray::trace(json, out);
    } else if keys.has(Keys::TIMESTAMPS) {
        metrics::series(json, out);
    } else if keys.has(Keys::ROW) {
        insights::object(json, out);
    } else {
        out.passed_over();
    }
}
