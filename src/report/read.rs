//! Reading a report back. It comes from outside: nothing in it is believed before it is checked.

use serde_json::Value;

use super::schema::{Report, SCHEMA_VERSION};

/// Larger than any artifact, small enough that sums of many cannot overflow: 1 TiB.
const LARGEST_SIZE: u64 = 1 << 40;

/// Why a text is no report that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not JSON.
    #[error("not JSON: {why}")]
    NotJson {
        /// Where and what.
        why: String,
    },
    /// JSON, but no report.
    #[error("not a report of lambda-slim: {why}")]
    NotAReport {
        /// What is missing or of another type.
        why: String,
    },
    /// Written by a newer version.
    #[error(
        "schema_version is {found}; this version of lambda-slim reads 1 to {SCHEMA_VERSION}: update it, or write the report anew"
    )]
    Version {
        /// The version found.
        found: u64,
    },
    /// A size that no artifact has.
    #[error("{key} is {value}: no artifact has that size")]
    Size {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
}

impl Report {
    /// Reads a report that any version from 1 to this one wrote.
    ///
    /// # Errors
    /// [`ReadError`], where the text is no such report or holds sizes that cannot be.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        let value: Value = serde_json::from_str(text).map_err(|error| ReadError::NotJson { why: error.to_string() })?;
        let version = value.get("schema_version").and_then(Value::as_u64);
        match version {
            Some(found) if found == 0 || found > u64::from(SCHEMA_VERSION) => return Err(ReadError::Version { found }),
            Some(_) => {}
            None => return Err(ReadError::NotAReport { why: "there is no schema_version".to_owned() }),
        }
        check_sizes(&value)?;
        serde_json::from_value(value).map_err(|error| ReadError::NotAReport { why: error.to_string() })
    }
}

/// Every `_bytes` key holds a size that sums of sizes can bear. serde_json bounds the depth of what it parses.
fn check_sizes(value: &Value) -> Result<(), ReadError> {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let fits = match member {
                    Value::Number(number) if key.ends_with("_bytes") => {
                        number.as_i64().is_some_and(|size| size.unsigned_abs() <= LARGEST_SIZE)
                    }
                    _ => true,
                };
                if !fits {
                    return Err(ReadError::Size { key: key.clone(), value: member.to_string() });
                }
                check_sizes(member)?;
            }
            Ok(())
        }
        Value::Array(members) => members.iter().try_for_each(check_sizes),
        _ => Ok(()),
    }
}
