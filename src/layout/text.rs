//! An order as text: one function a line, fit for a repository.

use std::fmt::Write;

use super::error::OrderError;
use super::order::{Hint, Order, OrderedFunction};
use super::path::{CONFLICT_MARKS, is_line};

const VERSION: &str = "# lambda-slim order ";
const HEADER: &str = "# lambda-slim order 1
# The functions of a start, in the order of their first call: found by `cargo lambda-slim layout`, applied at each build.
# A line is a demangled path; where several functions share it, size and hash of the one that was called follow.
";
const INIT: &str = "[init]";
const FIRST_EVENT: &str = "[first-event]";

/// Many times the functions of any program: the function with AWS SDK and SQLite has 35,000.
const MAX_LINES: usize = 2_000_000;
/// What an error quotes of a line, in characters.
const QUOTED: usize = 80;

impl Order {
    /// The order as text. Ends with a newline.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (marker, functions) in [(INIT, &self.init), (FIRST_EVENT, &self.first_event)] {
            text.push_str(marker);
            text.push('\n');
            for function in functions {
                text.push_str(&function.path);
                if let Some(hint) = function.hint {
                    write!(text, "\t{}\t{:08x}", hint.size, hint.name_crc32).expect("text takes all text");
                }
                text.push('\n');
            }
        }
        text
    }

    /// Reads an order. Comments (`#`), blank lines and either kind of line end may stand anywhere.
    ///
    /// # Errors
    /// [`OrderError`] with the line that is no line of an order.
    pub fn from_text(text: &str) -> Result<Self, OrderError> {
        let mut order = Self::default();
        let mut part = None;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            if index >= MAX_LINES {
                return Err(OrderError::TooLong { limit: MAX_LINES });
            }
            let (number, line) = (index + 1, line.trim_end_matches([' ', '\t', '\r']));
            if line.starts_with('#') || line.is_empty() {
                check_version(number, line)?;
            } else if CONFLICT_MARKS.iter().any(|mark| line.starts_with(mark)) {
                return Err(OrderError::MergeConflict { line: number });
            } else if line == INIT {
                part = Some(Part::Init);
            } else if line == FIRST_EVENT {
                part = Some(Part::FirstEvent);
            } else if line.starts_with('[') {
                return Err(OrderError::UnknownMarker { line: number, marker: quoted(line) });
            } else {
                let function = function(number, line)?;
                match part {
                    Some(Part::Init) => order.init.push(function),
                    Some(Part::FirstEvent) => order.first_event.push(function),
                    None => return Err(OrderError::NoMarker { line: number }),
                }
            }
        }
        Ok(order)
    }
}

/// What the lines belong to.
#[derive(Clone, Copy)]
enum Part {
    Init,
    FirstEvent,
}

fn check_version(number: usize, line: &str) -> Result<(), OrderError> {
    match line.strip_prefix(VERSION) {
        Some(version) if version != "1" => Err(OrderError::Version { line: number, version: quoted(version) }),
        _ => Ok(()),
    }
}

fn function(number: usize, line: &str) -> Result<OrderedFunction, OrderError> {
    let wrong = || OrderError::NotAFunction { line: number, text: quoted(line) };
    let mut columns = line.split('\t');
    let path = columns.next().unwrap_or_default();
    if !is_line(path) {
        return Err(wrong());
    }
    let hint = match (columns.next(), columns.next(), columns.next()) {
        (None, None, None) => None,
        (Some(size), Some(hash), None) => {
            let is_number = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
            let is_hash = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            let size = size.parse().ok().filter(|_| is_number).ok_or_else(wrong)?;
            let name_crc32 = u32::from_str_radix(hash, 16).ok().filter(|_| is_hash).ok_or_else(wrong)?;
            Some(Hint { size, name_crc32 })
        }
        _ => return Err(wrong()),
    };
    Ok(OrderedFunction { path: path.to_owned(), hint })
}

fn quoted(line: &str) -> String {
    line.chars().take(QUOTED).collect()
}
