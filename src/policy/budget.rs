//! The limits that a package must keep, and how layers of configuration become one budget.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::growth::Growth;
use super::size::parse_size;
use crate::units::ByteSize;

/// Limits that a package must keep. What is `None` is not limited.
///
/// In `[package.metadata.lambda-slim]` the keys are `max-zip`, `max-unzipped`, `max-growth` and `max-init-ms`. A size is an integer of
/// bytes or text like `"500 kB"`, `"1.2 MiB"` or `"50MB"`: kB and MB are 10^3 and 10^6 bytes, KiB and MiB are 2^10 and
/// 2^20. Growth is text like `"5%"`, `"10 KiB"`, `"5% and 10 KiB"` or `"5% or 10 KiB"`. Any other key that starts with
/// `max` is refused, because a misspelt limit would be no limit; the rest of the table is other commands' and ignored.
///
/// ```
/// use lambda_slim::policy::Budget;
/// let budget: Budget = serde_json::from_str(r#"{"max-zip": "500 kB", "max-growth": "5%", "effort": "max"}"#)?;
/// assert!(budget.max_zip.is_some() && budget.max_unzipped.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Budget {
    /// Largest zip as uploaded, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_zip: Option<ByteSize>,
    /// Largest sum of the files' sizes, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unzipped: Option<ByteSize>,
    /// Largest growth over the baseline, of the zip and of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_growth: Option<Growth>,
    /// Longest predicted init, in whole ms: its median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_init_ms: Option<u32>,
}

impl Budget {
    /// Reads a table of `cargo metadata`: the value of `metadata."lambda-slim"`.
    ///
    /// # Errors
    /// Where it is no table, a key starts with `max` and is no limit, or a limit cannot be read.
    pub fn from_metadata(metadata: &Value) -> Result<Self, Error> {
        let Value::Object(table) = metadata else {
            return Err(Error::NotATable { found: type_of(metadata) });
        };
        let mut budget = Self::default();
        for (key, value) in table {
            match key.as_str() {
                "max-zip" => budget.max_zip = Some(size(key, value)?),
                "max-unzipped" => budget.max_unzipped = Some(size(key, value)?),
                "max-growth" => budget.max_growth = Some(growth(key, value)?),
                "max-init-ms" => budget.max_init_ms = Some(milliseconds(key, value)?),
                other if other.to_ascii_lowercase().starts_with("max") => {
                    return Err(Error::UnknownKey { key: key.clone() });
                }
                _ => {}
            }
        }
        Ok(budget)
    }

    /// This budget, with `fallback` for what it leaves open. Flags over environment over package over workspace is
    /// `flags.or(environment).or(package).or(workspace)`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            max_zip: self.max_zip.or(fallback.max_zip),
            max_unzipped: self.max_unzipped.or(fallback.max_unzipped),
            max_growth: self.max_growth.or(fallback.max_growth),
            max_init_ms: self.max_init_ms.or(fallback.max_init_ms),
        }
    }

    /// True where nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_metadata(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn size(key: &str, value: &Value) -> Result<ByteSize, Error> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_u64() => number.to_string(),
        _ => {
            return Err(Error::WrongType {
                key: key.into(),
                expected: "an integer of bytes or text like \"500 kB\"",
                found: type_of(value),
            });
        }
    };
    parse_size(&text).map_err(|source| in_key(key, source))
}

fn growth(key: &str, value: &Value) -> Result<Growth, Error> {
    match value {
        Value::String(text) => text.parse().map_err(|source| in_key(key, source)),
        _ => {
            Err(Error::WrongType { key: key.into(), expected: "text like \"5%\" or \"10 KiB\"", found: type_of(value) })
        }
    }
}

fn milliseconds(key: &str, value: &Value) -> Result<u32, Error> {
    let ms = value.as_u64().and_then(|ms| u32::try_from(ms).ok());
    ms.ok_or_else(|| Error::WrongType { key: key.into(), expected: "a whole number of ms", found: type_of(value) })
}

fn in_key(key: &str, source: Error) -> Error {
    Error::Value { key: key.into(), source: Box::new(source) }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
