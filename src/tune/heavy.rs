//! Known heavy choices that have a lighter twin: a data file, each entry with its source and the day it was read.

use std::sync::LazyLock;

use serde::Deserialize;

use super::crate_bytes::CrateBytes;
use crate::units::ByteSize;

/// A choice that costs much, and what to take instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeavyChoice {
    /// The package that carries the bytes.
    pub package: String,
    /// What to take instead and what that gives up.
    pub advice: String,
    /// Lines of a manifest, or commands.
    pub lines: Vec<String>,
    /// Another version of the package that does it by itself, so that it can be tried.
    #[serde(default)]
    pub update: Option<String>,
    /// Where this comes from.
    pub source: String,
    /// The day that was read, as `2026-11-29`.
    pub read: String,
}

static HEAVY: LazyLock<Vec<HeavyChoice>> =
    LazyLock::new(|| serde_json::from_str(include_str!("heavy.json")).expect("checked by a test"));

/// What of the program is a heavy choice, with the bytes that it retains at most; most first. What has no bytes in the program is none.
#[must_use]
pub fn heavy_choices(crates: &[CrateBytes]) -> Vec<(&'static HeavyChoice, ByteSize)> {
    let retained = |choice: &HeavyChoice| -> ByteSize {
        let of = crates.iter().filter(|one| one.name == choice.package);
        of.map(|one| one.retained.unwrap_or(one.file)).sum()
    };
    let mut found: Vec<_> = HEAVY.iter().map(|choice| (choice, retained(choice))).collect();
    found.retain(|(_, bytes)| *bytes > ByteSize::ZERO);
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.package.cmp(&b.0.package)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_what_to_do_and_where_that_was_read() {
        assert!(HEAVY.len() >= 5);
        for choice in HEAVY.iter() {
            assert!(choice.source.starts_with("https://") && !choice.lines.is_empty(), "{choice:?}");
            let day: Vec<&str> = choice.read.split('-').collect();
            assert_eq!(day.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 2, 2], "{choice:?}");
        }
    }

    #[test]
    fn only_what_is_in_the_program_is_named() {
        let one = |name: &str, bytes: u64| CrateBytes {
            spec: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            file: ByteSize::new(1),
            retained: Some(ByteSize::new(bytes)),
            touched: None,
        };
        let found = heavy_choices(&[one("serde", 9), one("regex-syntax", 100), one("aws-lc-sys", 500)]);
        let names: Vec<_> = found.iter().map(|(choice, bytes)| (choice.package.as_str(), bytes.get())).collect();
        assert_eq!(names, [("aws-lc-sys", 500), ("regex-syntax", 100)]);
    }
}
