//! `Cargo.lock`: which versions of which packages.

use std::collections::BTreeSet;

/// The packages of a lock file, by name and version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LockedPackages(BTreeSet<(String, String)>);

impl LockedPackages {
    /// Reads a lock file as cargo writes it: a table `[[package]]` for each, a key on each line. Lines of another form say nothing.
    ///
    /// ```
    /// use lambda_slim::cargo::LockedPackages;
    /// let locked = LockedPackages::parse("[[package]]\nname = \"serde\"\nversion = \"1.0.228\"\n");
    /// assert_eq!(locked.iter().collect::<Vec<_>>(), [("serde", "1.0.228")]);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut packages = BTreeSet::new();
        let (mut in_package, mut name) = (false, None);
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                (in_package, name) = (line == "[[package]]", None);
                continue;
            }
            if !in_package {
                continue;
            }
            if let Some(value) = value(line, "name") {
                name = Some(value.to_owned());
            } else if let (Some(version), Some(name)) = (value(line, "version"), &name) {
                packages.insert((name.clone(), version.to_owned()));
            }
        }
        Self(packages)
    }

    /// Name and version of each package, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, version)| (name.as_str(), version.as_str()))
    }
}

impl FromIterator<(String, String)> for LockedPackages {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(packages: T) -> Self {
        Self(packages.into_iter().collect())
    }
}

/// The text of `key = "text"`.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim_start();
    rest.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_lock_file_has_what_cargo_put_there() {
        let locked = LockedPackages::parse(include_str!("../../Cargo.lock"));
        let own = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        assert!(locked.iter().any(|package| package == own));
        assert_eq!(locked.iter().count(), include_str!("../../Cargo.lock").matches("[[package]]").count());
    }

    #[test]
    fn what_is_no_lock_file_has_no_packages() {
        for text in [
            "",
            "name = \"a\"\nversion = \"1\"",
            "[[package]]\nversion = \"1\"",
            "[[package]]\nname = 5\nversion = \"1\"",
            "\u{0}[",
        ] {
            assert_eq!(LockedPackages::parse(text), LockedPackages::default(), "{text:?}");
        }
    }
}
