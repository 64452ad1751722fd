//! Text in parts that can be scanned at once, and the numbers that stand in its lines.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// Cuts `range` of a text into parts of about `size` bytes, each but the first beginning with a line that `begins_row`.
pub(super) fn cut(text: &[u8], range: Range<usize>, size: usize, begins_row: fn(&[u8]) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let end = row_after(text, start.saturating_add(size.max(1)), range.end, begins_row);
        parts.push(start..end);
        start = end;
    }
    parts
}

/// The first line start at or after `at` whose line begins a row; `end` if there is none. Looks at every byte once.
fn row_after(text: &[u8], at: usize, end: usize, begins_row: fn(&[u8]) -> bool) -> usize {
    // The line that holds the byte before `at` belongs to the part before.
    let mut from = at.saturating_sub(1);
    while let Some(newline) = text.get(from..end).and_then(|rest| memchr(b'\n', rest)) {
        let line = from + newline + 1;
        match text.get(line..end) {
            Some(rest) if !rest.is_empty() && begins_row(rest) => return line,
            _ => from = line,
        }
    }
    end
}

/// The lines of `part` with the offset of each in `text`, without their line ends.
pub(super) fn lines(text: &[u8], part: Range<usize>) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = part.start;
    let bytes = text.get(part.clone()).unwrap_or_default();
    let ends = memchr_iter(b'\n', bytes).map(move |newline| part.start + newline).chain([part.end]);
    ends.map(move |end| {
        let line = text.get(start..end).unwrap_or_default();
        let offset = std::mem::replace(&mut start, end + 1);
        (offset, line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// The number of the line, from 1, that holds `offset`.
pub(super) fn line_number(text: &[u8], offset: usize) -> usize {
    memchr_iter(b'\n', text.get(..offset).unwrap_or(text)).count() + 1
}

/// Takes the digits of `base` that `bytes` begin with. `None` without any, or with more than 64 bits.
pub(super) fn number<const BASE: u32>(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    let mut digits = 0;
    for &byte in bytes {
        let Some(digit) = char::from(byte).to_digit(BASE) else { break };
        value = value.checked_mul(u64::from(BASE))?.checked_add(u64::from(digit))?;
        digits += 1;
    }
    (digits > 0).then(|| (value, &bytes[digits..]))
}

/// Takes the spaces that `bytes` begin with, and says how many they were.
pub(super) fn spaces(bytes: &[u8]) -> (usize, &[u8]) {
    let count = bytes.iter().position(|&byte| byte != b' ').unwrap_or(bytes.len());
    (count, &bytes[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_text_and_begin_with_rows() {
        let text = b"a\n  b\n\n  c\nd\n  e";
        let begins_row: fn(&[u8]) -> bool = |line| !line.starts_with(b"  ");
        for size in 1..20 {
            let parts = cut(text, 2..text.len(), size, begins_row);
            let joined: Vec<u8> = parts.iter().flat_map(|part| text[part.clone()].to_vec()).collect();
            assert_eq!(joined, text[2..]);
            assert!(parts.iter().skip(1).all(|part| begins_row(&text[part.clone()])), "{parts:?}");
        }
    }

    #[test]
    fn lines_have_their_offsets() {
        let text = b"x\nab\r\n\ncd";
        let found: Vec<_> = lines(text, 2..text.len()).collect();
        assert_eq!(found, [(2, &b"ab"[..]), (6, b""), (7, b"cd")]);
        assert_eq!(line_number(text, 7), 4);
    }

    #[test]
    fn a_number_ends_at_the_first_other_byte() {
        assert_eq!(number::<16>(b"fFz"), Some((255, &b"z"[..])));
        assert_eq!(number::<10>(b"18446744073709551616"), None);
        assert_eq!(number::<16>(b"x"), None);
    }
}
