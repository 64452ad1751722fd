//! `Key: value` pairs of REPORT and its like, in any order, behind tabs or spaces.

use super::sample::Status;
use crate::units::Millis;

/// Keys that are read, each before those that it ends with.
const KEYS: [&str; 11] = [
    "Billed Restore Duration",
    "Restore Duration",
    "Billed Duration",
    "Max Memory Used",
    "Runtime Version",
    "Init Duration",
    "Memory Size",
    "Duration",
    "Version",
    "Status",
    "Phase",
];

/// Pairs whose key is one of [`KEYS`], with the first word of their value.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    text.match_indices(':').filter_map(|(colon, _)| {
        let key = key_at_end(text.get(..colon)?)?;
        let value = text.get(colon + 1..)?.split_ascii_whitespace().next().unwrap_or_default();
        Some((key, value))
    })
}

fn key_at_end(text: &str) -> Option<&'static str> {
    // The last letters of the keys: most colons follow another.
    if !matches!(text.as_bytes().last(), Some(b'n' | b'd' | b'e' | b's')) {
        return None;
    }
    KEYS.into_iter().find(|key| text.strip_suffix(key).is_some_and(begins_key))
}

/// Whether a key begins after `before`: behind a tab, or behind a single space that does not join it to a word of an unknown
/// longer key, like `Cached` in `Cached Init Duration`.
fn begins_key(before: &str) -> bool {
    let Some(joined) = before.strip_suffix(' ') else {
        return before.is_empty() || before.ends_with(['\t', '\n', '\r']);
    };
    let word = joined.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    let is_of_key = word != "MB" && word.starts_with(|c: char| c.is_ascii_uppercase());
    !(is_of_key && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// A finite number that is not negative.
pub(super) fn number(text: &str) -> Option<f64> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|number: &f64| starts && number.is_finite())
}

/// A time in milliseconds.
pub(super) fn millis(text: &str) -> Option<Millis> {
    number(text).map(Millis::new)
}

/// A whole number of MB.
pub(super) fn megabytes(number: f64) -> Option<u32> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    // Checked: whole, and within u32.
    fits.then_some(number as u32)
}

/// The status that a word says.
pub(super) fn status(word: &str) -> Status {
    match word {
        "success" | "" => Status::Success,
        "timeout" => Status::Timeout,
        _ => Status::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_ends_like_another_is_not_read_as_it() {
        let found = |text| pairs(text).collect::<Vec<_>>();
        let expected = vec![("Billed Duration", "2"), ("Duration", "1.5"), ("Init Duration", "3")];
        assert_eq!(
            found("Billed Duration: 2 ms\tDuration: 1.5 ms\tInit Duration: 3 ms\tCached Init Duration: 4 ms"),
            expected
        );
        assert_eq!(
            found("Billed Duration: 2 ms Duration: 1.5 ms Init Duration: 3 ms Cached Init Duration: 4 ms"),
            expected
        );
    }

    #[test]
    fn numbers_are_finite_and_not_negative() {
        assert_eq!((number("1"), number("1.50"), number("1.28E8")), (Some(1.0), Some(1.5), Some(1.28e8)));
        for text in ["", "-1", "+1", "nan", "inf", "1e999", "1,5", "1.5ms", "0x10"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!((megabytes(512.0), megabytes(0.5), megabytes(5e9)), (Some(512), None, None));
    }
}
