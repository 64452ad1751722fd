//! JSON of any length: values are found in the window, read one by one, and given up again.

use std::io::{self, Read};

use memchr::memrchr;

use super::element;
use super::needle::names_platform;
use super::out::Out;
use super::scan::{Scan, Step};
use super::window::Window;

/// Longer values are passed over. The longest that we know of: a series of 100,800 points, about 4 MB.
const MAX_VALUE: usize = 8 << 20;

/// What came of a text that begins like JSON.
pub(super) enum Outcome {
    /// It was JSON, and is taken.
    Json,
    /// What the window begins with is to be read as text.
    Text,
}

/// Reads the JSON value that the window begins with.
pub(super) fn read<R: Read>(window: &mut Window<R>, out: &mut Out<'_>) -> io::Result<Outcome> {
    let begin = window.offset();
    let mut scan = Scan::new();
    let mut too_long = false;
    loop {
        let step = scan.run(window.bytes());
        match step {
            Step::More if window.bytes().len() > MAX_VALUE => {
                too_long = true;
                take(window, &mut scan);
            }
            Step::More => {
                if !window.more()? {
                    return Ok(cut(window, &scan, begin, out));
                }
            }
            Step::Broken => return Ok(broken(window, &scan, begin, out)),
            Step::Past => {
                too_long = false;
                take(window, &mut scan);
            }
            Step::Done => {
                take(window, &mut scan);
                return Ok(Outcome::Json);
            }
            Step::Element { start, .. } | Step::Object { start, .. } => {
                let json = window.bytes().get(start..scan.at()).unwrap_or_default();
                count(window, start, out);
                match step {
                    _ if std::mem::take(&mut too_long) || json.len() > MAX_VALUE => out.passed_over(),
                    Step::Element { list, keys, .. } => element::of_list(list, json, keys, out),
                    Step::Object { keys, .. } => element::alone(json, keys, out),
                    _ => {}
                }
                take(window, &mut scan);
                if matches!(step, Step::Object { .. }) {
                    return Ok(Outcome::Json);
                }
            }
        }
    }
}

fn take<R: Read>(window: &mut Window<R>, scan: &mut Scan) {
    let at = scan.at();
    window.take(at);
    scan.taken(at);
}

/// A record begins at `start` of the window.
fn count<R: Read>(window: &Window<R>, start: usize, out: &mut Out<'_>) {
    let before = window.bytes().get(..start).unwrap_or_default();
    out.line = window.line() + memchr::memchr_iter(b'\n', before).count() as u64;
    out.tally.lines += 1;
}

/// The input ends within the value.
fn cut<R: Read>(window: &mut Window<R>, scan: &Scan, begin: u64, out: &mut Out<'_>) -> Outcome {
    let one_line = memrchr(b'\n', window.bytes()).is_none();
    if one_line && window.offset() == begin && !scan.in_document() {
        return Outcome::Text;
    }
    give_up(window, scan, "the input ends within JSON", out);
    window.take(window.bytes().len());
    Outcome::Json
}

/// No JSON after all: text goes on with the line in which that showed.
fn broken<R: Read>(window: &mut Window<R>, scan: &Scan, begin: u64, out: &mut Out<'_>) -> Outcome {
    let seen = window.bytes().get(..scan.at()).unwrap_or_default();
    let line = memrchr(b'\n', seen).map(|newline| newline + 1);
    if line.is_none() && window.offset() == begin {
        return Outcome::Text;
    }
    give_up(window, scan, "JSON is followed by something else before it ends", out);
    window.take(line.unwrap_or(scan.at()));
    Outcome::Text
}

fn give_up<R: Read>(window: &Window<R>, scan: &Scan, what: &str, out: &mut Out<'_>) {
    let start = scan.element_start();
    count(window, start, out);
    // No more than was looked at: how the input arrives changes nothing.
    let rest = window.bytes().get(start..scan.at()).unwrap_or_default();
    if scan.in_document() || names_platform(rest) {
        out.malformed(what, rest);
    } else {
        out.passed_over();
    }
}
