//! CSV with a header line (RFC 4180: quoted cells may hold commas, doubled quotes and line ends), to the end of the input.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

use super::out::Out;
use super::row::Row;
use super::rows;
use super::tally::Format;
use super::text::lossy;
use super::window::Window;

/// Longer rows are given up: an event of CloudWatch Logs has at most 256 KiB.
const MAX_ROW: usize = 1 << 20;

/// Columns of which a header has one.
const COLUMNS: [&str; 12] = [
    "@timestamp",
    "@message",
    "@duration",
    "@initDuration",
    "@requestId",
    "init_bucket",
    "init_histogram",
    "first_call_bucket",
    "first_call_histogram",
    "warm_bucket",
    "warm_histogram",
    "invocations",
];

/// Columns of the CSV that the console downloads; each of these words alone is too common.
const CONSOLE: [&str; 2] = ["timestamp", "message"];

/// Whether a line is a header that we know.
pub(super) fn is_header(line: &[u8]) -> bool {
    line.len() <= 4096 && line.contains(&b',') && names_columns(&cells(&lossy(line)))
}

fn names_columns(cells: &[String]) -> bool {
    let has = |column: &str| cells.iter().any(|cell| cell == column);
    COLUMNS.into_iter().any(has) || CONSOLE.into_iter().all(has)
}

/// Reads header and rows.
pub(super) fn read<R: Read>(window: &mut Window<R>, out: &mut Out<'_>) -> io::Result<()> {
    let mut columns = Vec::new();
    let mut at = 0;
    let mut quoted = false;
    loop {
        let end = row_end(window.bytes(), &mut at, &mut quoted);
        if end.unwrap_or(window.bytes().len()) > MAX_ROW {
            give_up_line("a row of more than 1 MiB, or a quote that is not closed", window, out)?;
        } else if let Some(end) = end {
            line(window.bytes().get(..end).unwrap_or_default(), &mut columns, window.line(), out);
            window.take(end + 1);
        } else if window.more()? {
            continue;
        } else if quoted {
            // It would swallow all that follows.
            give_up_line("a quote that is not closed", window, out)?;
        } else {
            break;
        }
        (at, quoted) = (0, false);
    }
    line(window.bytes(), &mut columns, window.line(), out);
    window.take(window.bytes().len());
    Ok(())
}

/// Where the row ends: the first newline outside of quotes. Bytes before `at` were looked at.
fn row_end(bytes: &[u8], at: &mut usize, quoted: &mut bool) -> Option<usize> {
    loop {
        let rest = bytes.get(*at..).unwrap_or_default();
        let found = if *quoted { memchr(b'"', rest) } else { memchr2(b'"', b'\n', rest) };
        let Some(found) = found else {
            *at = bytes.len();
            return None;
        };
        if rest.get(found) == Some(&b'\n') {
            return Some(*at + found);
        }
        *quoted = !*quoted;
        *at += found + 1;
    }
}

fn give_up_line<R: Read>(what: &str, window: &mut Window<R>, out: &mut Out<'_>) -> io::Result<()> {
    out.line = window.line();
    out.tally.lines += 1;
    let end = memchr(b'\n', window.bytes()).unwrap_or(window.bytes().len());
    out.malformed(what, window.bytes().get(..end).unwrap_or_default());
    loop {
        match memchr(b'\n', window.bytes()) {
            Some(end) => {
                window.take(end + 1);
                return Ok(());
            }
            None => window.take(window.bytes().len()),
        }
        if !window.more()? {
            return Ok(());
        }
    }
}

fn line(line: &[u8], columns: &mut Vec<String>, number: u64, out: &mut Out<'_>) {
    let line = lossy(line);
    if line.trim().is_empty() {
        return;
    }
    out.line = number;
    out.tally.lines += 1;
    let values = cells(&line);
    // Headers stand again where files were joined.
    if names_columns(&values) {
        *columns = values;
        return out.passed_over();
    }
    if values.len() > columns.len() {
        return out.malformed(format!("{} cells under {} columns", values.len(), columns.len()), line.as_bytes());
    }
    let cells = columns.iter().zip(&values).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    rows::read(&Row { cells }, Format::Csv, out);
}

/// The cells of a row, unquoted.
fn cells(row: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = row.trim_end_matches(['\n', '\r']);
    loop {
        let (cell, after) = rest.strip_prefix('"').map_or_else(|| plain_cell(rest), quoted_cell);
        cells.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return cells,
        }
    }
}

fn plain_cell(text: &str) -> (String, &str) {
    let (cell, after) = text.split_at(text.find(',').unwrap_or(text.len()));
    (cell.to_owned(), after)
}

/// A cell behind its opening quote. What stands between its closing quote and the comma belongs to it.
fn quoted_cell(text: &str) -> (String, &str) {
    let mut cell = String::new();
    let mut rest = text;
    while let Some((part, after)) = rest.split_once('"') {
        cell.push_str(part);
        let Some(after) = after.strip_prefix('"') else {
            let (tail, after) = after.split_at(after.find(',').unwrap_or(after.len()));
            cell.push_str(tail);
            return (cell, after);
        };
        cell.push('"');
        rest = after;
    }
    cell.push_str(rest);
    (cell, "")
}
