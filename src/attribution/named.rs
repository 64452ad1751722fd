//! Which crate a name means, and which it may have meant.

use std::collections::BTreeSet;

use crate::cargo::Package;

/// Names that are offered instead at most.
const MOST_OFFERED: usize = 5;

/// Longest name that is compared letter by letter; crates.io allows 64 characters.
const LONGEST_NAME: usize = 64;

/// A crate as the user names it: `hyper`, or `hyper@1.8.1`, of which `hyper@1.8` and `hyper@1` are short forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    name: String,
    version: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (name, version) = match text.rsplit_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        Self { name: plain(name), version }
    }

    /// True for a crate of this name and version. A version that is not known is not one that is asked for.
    pub(super) fn is(&self, name: &str, version: Option<&str>) -> bool {
        self.is_named(name) && self.version.is_none_or(|asked| version.is_some_and(|version| begins(version, asked)))
    }

    pub(super) fn is_package(&self, package: &Package) -> bool {
        let library = package.lib_name.as_deref().is_some_and(|name| self.is(name, Some(&package.version)));
        library || self.is(&package.name, Some(&package.version))
    }

    fn is_named(&self, name: &str) -> bool {
        plain(name) == self.name
    }
}

/// Packages are spelt with `-`, crates with `_`.
fn plain(name: &str) -> String {
    name.replace('-', "_").to_lowercase()
}

/// Whether `asked` is `version` or its first parts.
fn begins(version: &str, asked: &str) -> bool {
    version.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

/// The names that are most like what was asked for, nearest first; the versions that there are where only the version is wrong.
pub(super) fn close_names(asked: &Asked<'_>, names: Vec<(&str, Option<&str>)>) -> Vec<String> {
    let versions: BTreeSet<String> = names
        .iter()
        .filter(|(name, _)| asked.is_named(name))
        .map(|(name, version)| version.map_or_else(|| (*name).to_owned(), |version| format!("{name}@{version}")))
        .collect();
    if !versions.is_empty() {
        return versions.into_iter().take(MOST_OFFERED).collect();
    }
    // Both spellings of one name are one offer.
    let mut seen = BTreeSet::new();
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|(name, _)| seen.insert(plain(name)))
        .filter_map(|(name, _)| Some((distance(&asked.name, &plain(name))?, name)))
        .collect();
    near.sort_unstable();
    near.into_iter().take(MOST_OFFERED).map(|(_, name)| name.to_owned()).collect()
}

/// How unlike two names are; `None` where nobody would take one for the other.
fn distance(asked: &str, name: &str) -> Option<usize> {
    let (asked_length, name_length) = (asked.chars().count(), name.chars().count());
    if asked_length.max(name_length) > LONGEST_NAME {
        return None;
    }
    let allowed = (asked_length / 3).max(1);
    let edits = edits(asked, name);
    if edits <= allowed {
        return Some(edits);
    }
    // `runtime` for `lambda_runtime`.
    let shorter = asked_length.min(name_length);
    (shorter >= 3 && (name.contains(asked) || asked.contains(name)))
        .then(|| asked_length.abs_diff(name_length) + allowed)
}

/// Letters to insert, delete or replace (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.chars().enumerate() {
        let mut left = row + 1;
        let mut diagonal = std::mem::replace(&mut above[0], left);
        for (column, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = above[column + 1];
            left = replaced.min(diagonal + 1).min(left + 1);
            above[column + 1] = left;
        }
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_letters_to_change() {
        for (a, b, expected) in [("", "", 0), ("hyper", "hyper", 0), ("hypr", "hyper", 1), ("serde", "sered", 2)] {
            assert_eq!((edits(a, b), edits(b, a)), (expected, expected), "{a} {b}");
        }
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn a_version_is_named_whole_or_by_its_first_parts() {
        let is = |asked: &str, version: &str| Asked::parse(asked).is("hyper", Some(version));
        assert!(
            is("hyper", "1.8.1") && is("hyper@1.8.1", "1.8.1") && is("hyper@1", "1.8.1") && is("Hyper@1.8", "1.8.1")
        );
        assert!(!is("hyper@1.8", "1.80.0") && !is("hyper@2", "1.8.1") && !is("hype", "1.8.1"));
        assert!(!Asked::parse("hyper@1").is("hyper", None));
    }

    #[test]
    fn what_may_have_been_meant_is_offered_nearest_first() {
        let names =
            || vec![("hyper-util", Some("0.1.0")), ("hyper", Some("1.8.1")), ("hyper_util", None), ("tokio", None)];
        assert_eq!(close_names(&Asked::parse("hyer"), names()), ["hyper"]);
        assert_eq!(close_names(&Asked::parse("hyperutil"), names()), ["hyper-util", "hyper"]);
        assert_eq!(close_names(&Asked::parse("hyper@2"), names()), ["hyper@1.8.1"]);
        assert!(close_names(&Asked::parse("reqwest"), names()).is_empty());
    }
}
