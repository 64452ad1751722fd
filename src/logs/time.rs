//! Times as logs write them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::sample::Timestamp;

/// Reads ISO 8601 from the begin of a text: a date, and time of day and zone where they follow. Without a zone it is UTC.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let separator = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    let (year, month, day) = (digits(bytes, 0, 4)?, digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
    let is_date = separator(4, b"-") && separator(7, b"-") && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || digits(bytes, 10, 1).is_some() {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * 86_400_000;
    let (Some(hour), Some(minute), Some(second)) = (digits(bytes, 11, 2), digits(bytes, 14, 2), digits(bytes, 17, 2))
    else {
        return Some(Timestamp(midnight));
    };
    let is_time = separator(10, b"T ") && separator(13, b":") && separator(16, b":");
    if !is_time || hour > 24 || minute > 59 || second > 60 {
        return Some(Timestamp(midnight));
    }
    let (fraction, zone) = fraction_ms(bytes, 19);
    let local = midnight + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    Some(Timestamp(local - zone_ms(bytes.get(zone..).unwrap_or_default())))
}

/// Milliseconds of a number that is seconds, or milliseconds where seconds would lie past the year 5000.
pub(super) fn epoch_ms(number: f64) -> f64 {
    if number.abs() < 1e11 { number * 1000.0 } else { number }
}

/// A number of CloudWatch's, as a time.
pub(super) fn epoch(number: f64) -> Option<Timestamp> {
    let ms = epoch_ms(number);
    // 285 million years on either side: f64 holds such integers exactly.
    (ms.abs() < 9e15).then(|| Timestamp(ms.round() as i64))
}

/// The number of `count` digits at `at`.
fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i64> {
    let digits = bytes.get(at..at.checked_add(count)?)?;
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Milliseconds of a fraction of a second at `at`, and where it ends.
fn fraction_ms(bytes: &[u8], at: usize) -> (i64, usize) {
    if !matches!(bytes.get(at), Some(b'.' | b',')) {
        return (0, at);
    }
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ms = (0..3).fold(0, |ms, place| ms * 10 + if place < count { digits(rest, place, 1).unwrap_or(0) } else { 0 });
    (ms, at + 1 + count)
}

/// `Z`, `+02:00`, `-0530` or nothing.
fn zone_ms(zone: &[u8]) -> i64 {
    let sign = match zone.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return 0,
    };
    let minutes_at = if zone.get(3) == Some(&b':') { 4 } else { 3 };
    let hours = digits(zone, 1, 2).unwrap_or(0);
    sign * (hours * 60 + digits(zone, minutes_at, 2).unwrap_or(0)) * 60_000
}

/// Days since 1970-01-01. Howard Hinnant's days_from_civil: years begin in March, so that a leap day ends one.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A time in JSON: a number or ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct When(pub(super) Timestamp);

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WhenVisitor)
    }
}

struct WhenVisitor;

impl Visitor<'_> for WhenVisitor {
    type Value = When;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time: ISO 8601, or a number since 1970")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<When, E> {
        timestamp(text).map(When).ok_or_else(|| E::custom(format_args!("{text:?} is no time")))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<When, E> {
        epoch(number).map(When).ok_or_else(|| E::custom(format_args!("{number} is no time")))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<When, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<When, E> {
        self.visit_f64(number as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> Option<i64> {
        timestamp(text).map(|at| at.0)
    }

    #[test]
    fn the_ways_in_which_aws_writes_a_time_agree() {
        let expected = Some(1_789_278_828_893);
        for text in [
            "2026-09-13T05:53:48.893Z",
            "2026-09-13T05:53:48.893000+00:00 stream",
            "2026-09-13 05:53:48.893",
            "2026-09-13T07:53:48.893+02:00",
            "2026-09-13T00:23:48.8930-0530",
        ] {
            assert_eq!(ms(text), expected, "{text}");
        }
        assert_eq!(ms("2026-09-13"), Some(1_789_257_600_000));
        assert_eq!(ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(ms("2000-02-29T00:00:00.5Z"), Some(951_782_400_500));
        assert_eq!(epoch(1_789_278_828.893), Some(Timestamp(1_789_278_828_893)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "2026", "2026-13-01", "2026-00-01", "2026/09/13/[$LATEST]ab", "20260-09-13", "2026-09-130"] {
            assert_eq!(ms(text), None, "{text}");
        }
    }
}
