//! What one size or time may be: so much, so much more than the baseline, or both.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::growth::{Growth, Percent};
use super::size::{Decimal, parse_size};
use crate::units::{ByteSize, Millis};

/// A limit of a size: `1 MB`, `+5%` (over the baseline; any [`Growth`] after the plus sign), or both with a comma between.
///
/// ```
/// use lambda_slim::{policy::Limit, units::ByteSize};
/// let limit: Limit = "1 MB, +5% or 10 KiB".parse()?;
/// assert_eq!(limit.max, Some(ByteSize::new(1_000_000)));
/// assert!(limit.growth.is_some());
/// # Ok::<(), lambda_slim::policy::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Limit {
    /// The largest size.
    pub max: Option<ByteSize>,
    /// The largest growth over the baseline.
    pub growth: Option<Growth>,
}

impl Limit {
    /// True where nothing is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max.is_none() && self.growth.is_none()
    }

    /// This limit, or `fallback` where it limits nothing.
    #[must_use]
    pub const fn or(self, fallback: Self) -> Self {
        if self.is_empty() { fallback } else { self }
    }
}

/// A limit of a time: `120` or `120 ms`, `+10%` or `+5 ms`, or both with a comma between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeLimit {
    /// The longest time, in whole ms.
    pub max_ms: Option<u32>,
    /// The most that it may be longer than the baseline's.
    pub growth: Option<TimeGrowth>,
}

impl TimeLimit {
    /// True where nothing is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max_ms.is_none() && self.growth.is_none()
    }

    /// This limit, or `fallback` where it limits nothing.
    #[must_use]
    pub const fn or(self, fallback: Self) -> Self {
        if self.is_empty() { fallback } else { self }
    }
}

/// How much longer something may take than in the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeGrowth {
    /// `+10%`.
    Percent(Percent),
    /// `+5 ms`.
    Ms(u32),
}

impl TimeGrowth {
    /// The longest time that passes, for a baseline of `before`.
    #[must_use]
    pub fn limit(self, before: Millis) -> Millis {
        match self {
            Self::Percent(percent) => Millis::new(before.get() * (1.0 + percent.as_fraction())),
            Self::Ms(ms) => Millis::new(before.get() + f64::from(ms)),
        }
    }
}

/// Splits `1 MB, +5%` into what stands without a plus sign and what with one, each at most once.
fn halves(text: &str) -> Result<(Option<&str>, Option<&str>), Error> {
    let error = || Error::LimitSyntax { text: text.into() };
    let (mut max, mut growth) = (None, None);
    for part in text.split(',').map(str::trim) {
        let (slot, part) = match part.strip_prefix('+') {
            Some(rest) => (&mut growth, rest.trim_start()),
            None => (&mut max, part),
        };
        if part.is_empty() || slot.replace(part).is_some() {
            return Err(error());
        }
    }
    Ok((max, growth))
}

impl FromStr for Limit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (max, growth) = halves(text)?;
        Ok(Self { max: max.map(parse_size).transpose()?, growth: growth.map(str::parse).transpose()? })
    }
}

impl FromStr for TimeLimit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (max, growth) = halves(text)?;
        Ok(Self { max_ms: max.map(whole_ms).transpose()?, growth: growth.map(str::parse).transpose()? })
    }
}

impl FromStr for TimeGrowth {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.ends_with('%') {
            return text.parse().map(Self::Percent);
        }
        whole_ms(text).map(Self::Ms)
    }
}

/// `120` or `120 ms`.
fn whole_ms(text: &str) -> Result<u32, Error> {
    let number = text.trim().strip_suffix("ms").unwrap_or(text).trim();
    let whole = Decimal::parse(number).and_then(|number| number.times_exactly(1));
    whole.and_then(|ms| u32::try_from(ms).ok()).ok_or_else(|| Error::TimeSyntax { text: text.into() })
}

impl fmt::Display for TimeGrowth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}"),
            Self::Ms(ms) => write!(f, "{ms} ms"),
        }
    }
}

/// Joins what there is, in the form that is read back.
fn joined(max: Option<String>, growth: Option<String>) -> String {
    let parts: Vec<String> = max.into_iter().chain(growth.map(|growth| format!("+{growth}"))).collect();
    parts.join(", ")
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        joined(limit.max.map(|max| format!("{} B", max.get())), limit.growth.map(|growth| growth.to_string()))
    }
}

impl From<TimeLimit> for String {
    fn from(limit: TimeLimit) -> Self {
        joined(limit.max_ms.map(|ms| format!("{ms} ms")), limit.growth.map(|growth| growth.to_string()))
    }
}

impl TryFrom<String> for Limit {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl TryFrom<String> for TimeLimit {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

/// Limits of one crate or section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PartLimit {
    /// Its bytes in the files.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub file: Limit,
    /// Its bytes in the zip.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub zip: Limit,
    /// Its bytes of memory that init touches.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub touched: Limit,
}

impl PartLimit {
    /// Reads the value of a key of the tables `crates` and `sections`: a limit of file bytes, or a table with `file`, `zip` and `touched`.
    pub(super) fn read(key: &str, value: &Value) -> Result<Self, Error> {
        let Value::Object(table) = value else {
            return Ok(Self { file: size_limit(key, value)?, ..Self::default() });
        };
        let mut limits = Self::default();
        for (part, value) in table {
            let key = format!("{key}.{part}");
            let limit = size_limit(&key, value)?;
            match part.as_str() {
                "file" => limits.file = limit,
                "zip" => limits.zip = limit,
                "touched" => limits.touched = limit,
                _ => return Err(Error::UnknownPartKey { key }),
            }
        }
        Ok(limits)
    }
}

/// Reads a limit of a size: an integer of bytes, text, or a list of both.
pub(super) fn size_limit(key: &str, value: &Value) -> Result<Limit, Error> {
    text_of(key, value, "an integer of bytes or text like \"500 kB\", \"+5%\" or \"500 kB, +5%\"")?
        .parse()
        .map_err(|source| in_key(key, source))
}

/// Reads a limit of a time: a whole number of ms, text, or a list of both.
pub(super) fn time_limit(key: &str, value: &Value) -> Result<TimeLimit, Error> {
    text_of(key, value, "a whole number of ms or text like \"120 ms\", \"+10%\" or \"120 ms, +10%\"")?
        .parse()
        .map_err(|source| in_key(key, source))
}

/// The parts of a limit, which in Cargo.toml may be a number, a text or a list of both, as one text.
fn text_of(key: &str, value: &Value, expected: &'static str) -> Result<String, Error> {
    let single = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        other => Err(Error::WrongType { key: key.into(), expected, found: type_of(other) }),
    };
    match value {
        Value::Array(parts) if !parts.is_empty() => {
            Ok(parts.iter().map(single).collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        other => single(other),
    }
}

pub(super) fn in_key(key: &str, source: Error) -> Error {
    Error::Value { key: key.into(), source: Box::new(source) }
}

pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_limit_is_a_size_a_growth_or_both() {
        let limit = |text: &str| text.parse::<Limit>();
        assert_eq!(limit("1 MB").unwrap(), Limit { max: Some(ByteSize::new(1_000_000)), growth: None });
        assert_eq!(limit("+5%").unwrap(), Limit { max: None, growth: "5%".parse().ok() });
        let both = Limit { max: Some(ByteSize::new(1_000)), growth: "5% and 10 KiB".parse().ok() };
        assert_eq!(limit("1 kB, + 5% and 10 KiB").unwrap(), both);
        assert_eq!(limit("+5% and 10 KiB,1 kB").unwrap(), both);
        for text in ["", ",", "+", "1 kB,", "1 kB, 2 kB", "+5%, +6%", "1 kB +5%", "5%", "-1 kB"] {
            assert!(limit(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_time_is_whole_milliseconds() {
        let limit = |text: &str| text.parse::<TimeLimit>();
        assert_eq!(limit("120").unwrap(), TimeLimit { max_ms: Some(120), growth: None });
        assert_eq!(limit("120ms, +5 ms").unwrap(), TimeLimit { max_ms: Some(120), growth: Some(TimeGrowth::Ms(5)) });
        for text in ["1.5 ms", "120 s", "+x", "ms", "-3", "5000000000"] {
            assert!(limit(text).is_err(), "{text:?}");
        }
        let grown = limit("+10%").unwrap().growth.unwrap().limit(Millis::new(50.0));
        assert!((grown.get() - 55.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(max in proptest::option::of(0_u64..1 << 40), bytes in proptest::option::of(1_u64..1 << 30)) {
            prop_assume!(max.is_some() || bytes.is_some());
            let growth = bytes.map(|bytes| Growth::Bytes(ByteSize::new(bytes)));
            let limit = Limit { max: max.map(ByteSize::new), growth };
            prop_assert_eq!(String::from(limit).parse::<Limit>().unwrap(), limit);
        }
    }
}
