//! A row of named columns, from CSV or JSON.

use super::fields::{megabytes, number};

/// Logs Insights counts memory in bytes, a million of them to the MB.
pub(super) const BYTES_PER_MB: f64 = 1e6;

/// Column names and values, in order.
pub(super) struct Row<'r> {
    pub(super) cells: Vec<(&'r str, &'r str)>,
}

impl<'r> Row<'r> {
    /// The value of a column; `None` also where it is empty, `-` or null.
    pub(super) fn get(&self, column: &str) -> Option<&'r str> {
        let (_, value) = self.cells.iter().find(|(name, _)| *name == column)?;
        let value = value.trim();
        (!matches!(value, "" | "-" | "null" | "NULL")).then_some(value)
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.cells.iter().any(|(name, _)| *name == column)
    }

    /// A number; `Err` with the column's name where it cannot be read.
    pub(super) fn number(&self, column: &'static str) -> Result<Option<f64>, &'static str> {
        self.get(column).map(|value| number(value).ok_or(column)).transpose()
    }

    /// The memory setting in MB, from bytes.
    pub(super) fn memory(&self) -> Result<Option<u32>, &'static str> {
        let memory = self.number("@memorySize")?.map(|bytes| (bytes / BYTES_PER_MB).round());
        memory.map(|mb| megabytes(mb).ok_or("@memorySize")).transpose()
    }

    /// All cells, to show them.
    pub(super) fn text(&self) -> String {
        let cells: Vec<String> = self.cells.iter().map(|(name, value)| format!("{name}={}", value.trim())).collect();
        cells.join(" ")
    }
}
