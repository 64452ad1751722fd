//! Single values as people read them.

use std::borrow::Cow;

use humansize::{BINARY, FixedAt, format_size};

use crate::estimate::Interval;
use crate::units::{ByteDelta, ByteSize};

/// `540.57 KiB`.
pub(super) fn size(size: ByteSize) -> String {
    format_size(size.get(), BINARY)
}

/// Sizes that stand beside each other, in one unit: that of the smallest that is not nothing.
pub(super) fn sizes<const N: usize>(sizes: [Option<ByteSize>; N]) -> [Option<String>; N] {
    let smallest = sizes.iter().flatten().filter(|size| **size > ByteSize::ZERO).min().copied().unwrap_or_default();
    let unit = match smallest.get() {
        0..1_024 => FixedAt::Base,
        1_024..1_048_576 => FixedAt::Kilo,
        _ => FixedAt::Mega,
    };
    sizes.map(|size| size.map(|size| format_size(size.get(), BINARY.fixed_at(Some(unit)))))
}

/// `540.57 KiB (553542 bytes)`; below 1 KiB the first says it all.
pub(super) fn exact_size(bytes: ByteSize) -> String {
    if bytes.get() < 1024 {
        return size(bytes);
    }
    format!("{} ({} bytes)", size(bytes), bytes.get())
}

/// `+13.22 KiB`, `-4 B`.
pub(super) fn delta(delta: ByteDelta) -> String {
    let sign = match delta.get() {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", size(delta.magnitude()))
}

/// `92.1 %`, and of nothing `0.0 %`.
pub(super) fn percent(part: ByteSize, whole: ByteSize) -> String {
    format!("{:.1} %", part.percent_of(whole).unwrap_or(0.0))
}

/// One decimal, and no minus before a 0.
pub(super) fn decimal(number: f64) -> String {
    let text = format!("{number:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text }
}

/// `4.1 (2.0 to 9.0)`: median, one in ten below, one in ten above.
pub(super) fn interval(interval: Interval) -> String {
    let Interval { p10, p50, p90 } = interval;
    format!("{} ({} to {})", decimal(p50), decimal(p10), decimal(p90))
}

/// A dependency path: `api > lambda_http > hyper`.
pub(super) fn path(why: &[String]) -> String {
    why.join(" > ")
}

/// `hyper 1.8.1`.
pub(super) fn with_version(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))
}

/// Text from a file, safe for a terminal: control characters and those that turn the direction of writing are spelt
/// out, because a file name must not colour, move or hide what stands around it.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if !text.contains(hostile) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if hostile(c) {
            cleaned.extend(c.escape_default());
        } else {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}
