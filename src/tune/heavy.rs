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
    /// How its version begins, where only old ones are heavy: `0.14`.
    #[serde(default)]
    pub version: Option<String>,
    /// Others that come and go with it.
    #[serde(default)]
    pub also: Vec<HeavyPart>,
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

/// Another package that is there for the same choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HeavyPart {
    /// The package.
    pub package: String,
    /// How its version begins.
    #[serde(default)]
    pub version: Option<String>,
}

impl HeavyChoice {
    /// Whether the crate is there for this choice.
    fn is_of(&self, one: &CrateBytes) -> bool {
        let is = |package: &str, version: Option<&str>| {
            // `0.14` is 0.14.32, and not 0.140.
            let begins = |prefix: &str| {
                one.version.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            one.name == package && version.is_none_or(begins)
        };
        is(&self.package, self.version.as_deref())
            || self.also.iter().any(|part| is(&part.package, part.version.as_deref()))
    }
}

static HEAVY: LazyLock<Vec<HeavyChoice>> =
    LazyLock::new(|| serde_json::from_str(include_str!("heavy.json")).expect("checked by a test"));

/// What of the program is a heavy choice, with the bytes that it retains at most; most first. What has no bytes in the program is none.
#[must_use]
pub fn heavy_choices(crates: &[CrateBytes]) -> Vec<(&'static HeavyChoice, ByteSize)> {
    let retained = |choice: &HeavyChoice| -> ByteSize {
        let of = crates.iter().filter(|one| choice.is_of(one));
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

    fn versioned(name: &str, version: &str, bytes: u64) -> CrateBytes {
        CrateBytes {
            spec: name.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            file: ByteSize::new(1),
            retained: Some(ByteSize::new(bytes)),
            touched: None,
        }
    }

    #[test]
    fn a_choice_of_old_versions_is_not_blamed_on_new_ones() {
        let crates = [
            versioned("hyper", "1.12.0", 400),
            versioned("hyper", "0.14.32", 500),
            versioned("rustls", "0.23.46", 600),
            versioned("rustls", "0.21.12", 300),
        ];
        let found = heavy_choices(&crates);
        let told: Vec<_> = found.iter().map(|(choice, bytes)| (choice.package.as_str(), bytes.get())).collect();
        assert_eq!(told, [("hyper", 800)]);
        assert!(heavy_choices(&crates[..1]).is_empty());
    }

    #[test]
    fn only_what_is_in_the_program_is_named() {
        let one = |name: &str, bytes: u64| versioned(name, "1.0.0", bytes);
        let found = heavy_choices(&[one("serde", 9), one("regex-syntax", 100), one("aws-lc-sys", 500)]);
        let names: Vec<_> = found.iter().map(|(choice, bytes)| (choice.package.as_str(), bytes.get())).collect();
        assert_eq!(names, [("aws-lc-sys", 500), ("regex-syntax", 100)]);
    }
}
