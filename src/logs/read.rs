//! One input from begin to end: text by the line, JSON by the value, CSV by the row, as what comes next begins.

use std::io::{self, Read};

use memchr::{memchr, memrchr};

use super::document::{self, Outcome};
use super::error::LogsError;
use super::gzip::Text;
use super::needle::Ahead;
use super::out::Out;
use super::sample::{Place, Sample};
use super::tally::{Format, Tally};
use super::text::lossy;
use super::window::Window;
use super::{csv, line};

/// Longer lines are passed over: an event of CloudWatch Logs has at most 256 KiB.
const MAX_LINE: usize = 1 << 20;

/// Longer texts before JSON are no time and stream.
const MAX_PREFIX: usize = 1024;

/// Reads one input to its end and hands every sample to `sink`, in order.
///
/// Formats are told by content and may follow each other; gzip is inflated. `known` says where records come from if they do not.
/// Memory does not grow with the input: lines above 1 MiB and JSON values above 8 MiB are passed over.
///
/// ```
/// use lambda_slim::logs::{Place, Sample, read};
///
/// let log = "START RequestId: 8f5e Version: $LATEST\n\
///     REPORT RequestId: 8f5e\tDuration: 1.44 ms\tBilled Duration: 20 ms\tInit Duration: 18.45 ms\t\n";
/// let mut inits = Vec::new();
/// let tally = read(&mut log.as_bytes(), &Place::default(), &mut |sample| {
///     if let Sample::Report(report) = sample {
///         inits.extend(report.init);
///     }
/// })?;
/// assert_eq!((inits.len(), tally.samples, tally.passed_over), (1, 1, 1));
/// # Ok::<(), lambda_slim::logs::LogsError>(())
/// ```
///
/// # Errors
/// When the source fails or is damaged gzip. Records that cannot be read are counted in the [`Tally`].
pub fn read(
    input: &mut (dyn Read + Send),
    known: &Place<'_>,
    sink: &mut dyn FnMut(&Sample<'_>),
) -> Result<Tally, LogsError> {
    let mut window = Window::new(Text::new(input)?);
    let mut out = Out::new(*known, sink);
    read_all(&mut window, &mut out).map_err(|error| window.input().error(error))?;
    out.tally.bytes = window.offset();
    Ok(out.tally)
}

fn read_all<R: Read>(window: &mut Window<R>, out: &mut Out<'_>) -> io::Result<()> {
    let mut ahead = Ahead::default();
    skip_byte_order_mark(window)?;
    while skip_blanks(window)? {
        if begins_json(window.bytes()) {
            let outcome = document::read(window, out)?;
            out.prefix.clear();
            if matches!(outcome, Outcome::Text) {
                one_line(window, &mut ahead, out)?;
            }
        } else if out.tally.lines == 0 && begins_csv(window)? {
            csv::read(window, out)?;
        } else {
            lines(window, &mut ahead, out)?;
        }
    }
    Ok(())
}

fn skip_byte_order_mark<R: Read>(window: &mut Window<R>) -> io::Result<()> {
    while window.bytes().len() < 3 && window.more()? {}
    if window.bytes().starts_with(b"\xef\xbb\xbf") {
        window.take(3);
    }
    Ok(())
}

/// Takes blanks and line ends; false at the end of the input.
fn skip_blanks<R: Read>(window: &mut Window<R>) -> io::Result<bool> {
    loop {
        let blanks = window.bytes().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let all = blanks == window.bytes().len();
        window.take(blanks);
        if !all {
            return Ok(true);
        }
        if !window.more()? {
            return Ok(false);
        }
    }
}

fn begins_json(text: &[u8]) -> bool {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

fn begins_csv<R: Read>(window: &mut Window<R>) -> io::Result<bool> {
    let end = line_end(window)?;
    Ok(csv::is_header(window.bytes().get(..end).unwrap_or_default()))
}

/// Where the line ends that the window begins with, or more than [`MAX_LINE`].
fn line_end<R: Read>(window: &mut Window<R>) -> io::Result<usize> {
    let mut seen = 0;
    loop {
        if let Some(newline) = memchr(b'\n', window.bytes().get(seen..).unwrap_or_default()) {
            return Ok(seen + newline);
        }
        seen = window.bytes().len();
        if seen > MAX_LINE || !window.more()? {
            return Ok(seen);
        }
    }
}

/// Reads lines as long as they are whole and no JSON begins.
fn lines<R: Read>(window: &mut Window<R>, ahead: &mut Ahead, out: &mut Out<'_>) -> io::Result<()> {
    let bytes = window.bytes();
    let Some(last) = memrchr(b'\n', bytes) else { return one_line(window, ahead, out) };
    let region = bytes.get(..=last).unwrap_or_default();
    let (mut at, mut newlines) = (0, 0);
    while let Some(rest) = region.get(at..).filter(|rest| !rest.is_empty()) {
        if begins_json(rest) {
            break;
        }
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        if let Some(brace) = json_opens(rest.get(..length).unwrap_or_default(), out) {
            at += brace;
            break;
        }
        out.line = window.line() + newlines;
        let candidate = ahead.is_candidate(window.offset() + at as u64, length, rest);
        text(rest.get(..length).unwrap_or_default(), candidate, out);
        at += length + 1;
        newlines += 1;
    }
    window.take_lines(at, newlines);
    Ok(())
}

/// Reads the line that the window begins with, even if it begins like JSON or has no end in the window.
fn one_line<R: Read>(window: &mut Window<R>, ahead: &mut Ahead, out: &mut Out<'_>) -> io::Result<()> {
    let end = line_end(window)?;
    out.line = window.line();
    if end <= MAX_LINE {
        let line = window.bytes().get(..end).unwrap_or_default();
        if let Some(brace) = json_opens(line, out) {
            window.take(brace);
            return Ok(());
        }
        let candidate = ahead.is_candidate(window.offset(), end, line);
        text(line, candidate, out);
        window.take((end + 1).min(window.bytes().len()));
        return Ok(());
    }
    text(window.bytes().get(..end).unwrap_or_default(), false, out);
    loop {
        match memchr(b'\n', window.bytes()) {
            Some(newline) => {
                window.take(newline + 1);
                return Ok(());
            }
            None => window.take(window.bytes().len()),
        }
        if !window.more()? {
            return Ok(());
        }
    }
}

/// Where JSON begins that goes on behind a line, as `aws logs tail --format json` prints it behind time and stream.
fn json_opens(line: &[u8], out: &mut Out<'_>) -> Option<usize> {
    let prefix = line.strip_suffix(b"{")?;
    let begin = prefix.trim_ascii_start();
    if begin.len() > MAX_PREFIX || !begin.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    out.prefix = lossy(prefix).into_owned();
    Some(prefix.len())
}

fn text(line: &[u8], candidate: bool, out: &mut Out<'_>) {
    if line.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    out.tally.lines += 1;
    if candidate && line.len() <= MAX_LINE {
        line::message(&lossy(line), Place::default(), Format::Text, out);
    } else {
        out.passed_over();
    }
}
