//! Rows in JSON: `aws logs get-query-results`, and objects of a query engine's.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::out::Out;
use super::row::Row;
use super::rows;
use super::tally::Format;

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(borrow)]
    field: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Cow<'a, str>,
}

/// An element of `results`: a list of cells.
pub(super) fn result(json: &str, out: &mut Out<'_>) {
    if !json.contains("\"field\"") {
        // Many an application prints results.
        return out.passed_over();
    }
    match serde_json::from_str::<Vec<Cell<'_>>>(json) {
        Ok(cells) => {
            let cells = cells.iter().map(|cell| (cell.field.as_ref(), cell.value.as_ref())).collect();
            rows::read(&Row { cells }, Format::Insights, out);
        }
        Err(error) => out.malformed(format!("a row of results cannot be read: {error}"), json.as_bytes()),
    }
}

/// An object whose keys are columns.
pub(super) fn object(json: &str, out: &mut Out<'_>) {
    let columns = match serde_json::from_str::<Map<String, Value>>(json) {
        Ok(columns) => columns,
        Err(error) => return out.malformed(format!("a row cannot be read: {error}"), json.as_bytes()),
    };
    let cells: Vec<(String, String)> = columns.into_iter().map(|(name, value)| (name, plain(value))).collect();
    let cells = cells.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    rows::read(&Row { cells }, Format::Rows, out);
}

/// A value as CSV would hold it.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
