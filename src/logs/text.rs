//! Bytes as text.

use std::borrow::Cow;

/// Bytes as UTF-8; what is none is replaced.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // `from_utf8_lossy` is several times slower where nothing has to be replaced.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Without ANSI escape sequences.
pub(super) fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default());
    }
    Cow::Owned(plain)
}
