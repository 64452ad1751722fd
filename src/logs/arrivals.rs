//! A list of requests that is no log: one time in each line, and perhaps how long it took.

use super::time::{epoch_ms, timestamp};

/// One request: when it came, in ms since 1970, and how long it took in ms where the line says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimedRequest {
    /// When it came, in ms since 1970.
    pub at_ms: f64,
    /// How long it took, in ms.
    pub duration_ms: Option<f64>,
}

/// Reads a line of 'TIME' or 'TIME,DURATION': the time as ISO 8601, or as seconds or milliseconds since 1970 (numbers above
/// 10^11 are ms); the duration in ms. `None` where it is neither, like a line of headings.
#[must_use]
pub fn timed_request(line: &str) -> Option<TimedRequest> {
    let mut fields = line.split([',', '\t', ';']).map(|field| field.trim().trim_matches('"'));
    let at_ms = time_ms(fields.next()?)?;
    let duration_ms = match fields.next() {
        None | Some("") => None,
        Some(text) => Some(text.parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0)?),
    };
    Some(TimedRequest { at_ms, duration_ms })
}

fn time_ms(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        let ms = epoch_ms(number);
        return ms.is_finite().then_some(ms);
    }
    timestamp(text).map(|at| at.0 as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_seconds_or_milliseconds() {
        let at = |line: &str| timed_request(line).map(|request| (request.at_ms, request.duration_ms));
        assert_eq!(at("1762000000"), Some((1.762e12, None)));
        assert_eq!(at("1762000000123, 12.5"), Some((1_762_000_000_123.0, Some(12.5))));
        assert_eq!(at("2026-09-13T05:53:48.893Z"), Some((1_789_278_828_893.0, None)));
        assert_eq!(at("time,duration"), None);
        assert_eq!(at("1762000000,fast"), None);
        assert_eq!(at(""), None);
    }
}
