//! The limits that a package must keep, and how layers of configuration become one budget.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::growth::Growth;
use super::limit::{Limit, PartLimit, TimeLimit, in_key, size_limit, time_limit, type_of};
use super::rules::Rules;

/// Limits that a package must keep, and what findings do. What is empty is not limited.
///
/// In `[package.metadata.lambda-slim]`:
///
/// | key | limits |
/// |---|---|
/// | `max-zip` | the zip as uploaded |
/// | `max-unzipped` | the sum of the files |
/// | `max-file` | each program that Lambda starts |
/// | `max-touched` | memory that init touches, of a measured start |
/// | `max-init-ms` | the predicted init, its median |
/// | `max-growth` | growth of the zip and of the files over the baseline |
/// | `crates.NAME`, `sections.NAME` | bytes of one crate (all its versions) or section; `"*"` is each one that is not named |
/// | `noise` | growth up to which nothing has grown |
/// | `rules.CODE` | `deny`, `warn`, `note` or `allow` for a finding ([`Rules`]) |
/// | `message` | what to say when the check fails |
///
/// A size is an integer of bytes or text like `"500 kB"`, `"1.2 MiB"` or `"50MB"`: kB and MB are 10^3 and 10^6 bytes, KiB and MiB are 2^10
/// and 2^20. With a plus sign it is growth: `"+5%"`, `"+10 KiB"`, `"+5% and 10 KiB"` (fails past both), `"+5% or 10 KiB"` (past either);
/// a list or a comma joins the two. `max-growth` and `noise` are growth without the sign. Any other key that starts with `max` is refused,
/// because a misspelt limit would be no limit; the rest of the table is other commands' and ignored.
///
/// ```
/// use lambda_slim::policy::Budget;
/// let budget: Budget = serde_json::from_str(r#"{"max-zip": ["500 kB", "+2%"], "max-growth": "5%", "effort": "max"}"#)?;
/// assert!(budget.max_zip.growth.is_some() && budget.max_unzipped.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Budget {
    /// The zip as uploaded.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub max_zip: Limit,
    /// The sum of the files' sizes.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub max_unzipped: Limit,
    /// Each program that Lambda starts, as a file.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub max_file: Limit,
    /// Memory that init touches.
    #[serde(skip_serializing_if = "Limit::is_empty")]
    pub max_touched: Limit,
    /// Growth over the baseline, of the zip and of the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_growth: Option<Growth>,
    /// The predicted init: its median.
    #[serde(skip_serializing_if = "TimeLimit::is_empty")]
    pub max_init_ms: TimeLimit,
    /// Growth that is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Growth>,
    /// Crates by name, all versions together; `*` for each other one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub crates: BTreeMap<String, PartLimit>,
    /// Sections by name; `*` for each other one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sections: BTreeMap<String, PartLimit>,
    /// What findings do.
    #[serde(skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
    /// What to say when the check fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Budget {
    /// Reads a table of `cargo metadata`: the value of `metadata."lambda-slim"`.
    ///
    /// # Errors
    /// Where it is no table, a key starts with `max` and is no limit, or a limit or rule cannot be read.
    pub fn from_metadata(metadata: &Value) -> Result<Self, Error> {
        let Value::Object(table) = metadata else {
            return Err(Error::NotATable { found: type_of(metadata) });
        };
        let mut budget = Self::default();
        for (key, value) in table {
            match key.as_str() {
                "max-zip" => budget.max_zip = size_limit(key, value)?,
                "max-unzipped" => budget.max_unzipped = size_limit(key, value)?,
                "max-file" => budget.max_file = size_limit(key, value)?,
                "max-touched" => budget.max_touched = size_limit(key, value)?,
                "max-growth" => budget.max_growth = Some(growth(key, value)?),
                "max-init-ms" => budget.max_init_ms = time_limit(key, value)?,
                "noise" => budget.noise = Some(growth(key, value)?),
                "crates" => budget.crates = parts(key, value)?,
                "sections" => budget.sections = parts(key, value)?,
                "rules" => budget.rules = Rules::read(value)?,
                "message" => budget.message = Some(text(key, value)?),
                other if other.to_ascii_lowercase().starts_with("max") => {
                    return Err(Error::UnknownKey { key: key.clone() });
                }
                _ => {}
            }
        }
        Ok(budget)
    }

    /// This budget, with `fallback` for what it leaves open: key by key, crate by crate, rule by rule. Flags over environment over
    /// package over workspace is `flags.or(environment).or(package).or(workspace)`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            max_zip: self.max_zip.or(fallback.max_zip),
            max_unzipped: self.max_unzipped.or(fallback.max_unzipped),
            max_file: self.max_file.or(fallback.max_file),
            max_touched: self.max_touched.or(fallback.max_touched),
            max_growth: self.max_growth.or(fallback.max_growth),
            max_init_ms: self.max_init_ms.or(fallback.max_init_ms),
            noise: self.noise.or(fallback.noise),
            crates: either(self.crates, fallback.crates),
            sections: either(self.sections, fallback.sections),
            rules: self.rules.or(fallback.rules),
            message: self.message.or(fallback.message),
        }
    }

    /// True where memory is limited, which takes a measured start.
    #[must_use]
    pub fn limits_memory(&self) -> bool {
        let mut parts = self.crates.values().chain(self.sections.values());
        !self.max_touched.is_empty() || parts.any(|part| !part.touched.is_empty())
    }

    /// True where nothing is limited and no rule set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { noise: self.noise, message: self.message.clone(), ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_metadata(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn either(first: BTreeMap<String, PartLimit>, mut second: BTreeMap<String, PartLimit>) -> BTreeMap<String, PartLimit> {
    second.extend(first);
    second
}

fn parts(key: &str, value: &Value) -> Result<BTreeMap<String, PartLimit>, Error> {
    let Value::Object(table) = value else {
        return Err(Error::WrongType { key: key.into(), expected: "a table of names", found: type_of(value) });
    };
    let part = |(name, value): (&String, &Value)| Ok((name.clone(), PartLimit::read(&format!("{key}.{name}"), value)?));
    table.iter().map(part).collect()
}

fn growth(key: &str, value: &Value) -> Result<Growth, Error> {
    match value {
        Value::String(text) => text.parse().map_err(|source| in_key(key, source)),
        _ => {
            Err(Error::WrongType { key: key.into(), expected: "text like \"5%\" or \"10 KiB\"", found: type_of(value) })
        }
    }
}

fn text(key: &str, value: &Value) -> Result<String, Error> {
    let wrong = || Error::WrongType { key: key.into(), expected: "text", found: type_of(value) };
    value.as_str().map(str::to_owned).ok_or_else(wrong)
}
