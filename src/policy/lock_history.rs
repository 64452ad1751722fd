//! Which commit put a crate's version into the lock file.

use std::collections::BTreeSet;

use super::lock_change::LockChange;
use super::rules::NEW_DEPENDENCY;
use super::verdict::{Blame, Verdict, Violation};
use crate::cargo::LockedPackages;

/// The lock file from the baseline to today.
#[derive(Debug, Clone, Default)]
pub struct LockHistory {
    /// What the baseline had locked.
    pub before: LockedPackages,
    /// Each change since, oldest first, with what was locked after it.
    pub changes: Vec<(LockChange, LockedPackages)>,
}

impl LockHistory {
    /// The first change after which this version of a crate is locked; `None` where the baseline had it.
    ///
    /// A crate's name in symbols has `_` where its package may have `-`; cargo lets no two packages differ by that alone.
    #[must_use]
    pub fn brought(&self, name: &str, version: &str) -> Option<&LockChange> {
        let wanted = (normal(name), version.to_owned());
        if set(&self.before).contains(&wanted) {
            return None;
        }
        self.changes.iter().find(|(_, locked)| set(locked).contains(&wanted)).map(|(change, _)| change)
    }
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

fn set(locked: &LockedPackages) -> BTreeSet<(String, String)> {
    locked.iter().map(|(name, version)| (normal(name), version.to_owned())).collect()
}

impl Verdict {
    /// Says of each blamed crate whose version is new which change of the lock file brought it. A crate that was locked before is no new
    /// dependency, even if it left no bytes then.
    pub fn find_lock_changes(&mut self, history: &LockHistory) {
        let locked: BTreeSet<String> = history.before.iter().map(|(name, _)| normal(name)).collect();
        let was_locked = |blame: &Blame| blame.crate_name.as_ref().is_some_and(|name| locked.contains(&normal(name)));
        let is_known = |remark: &Violation| remark.code == NEW_DEPENDENCY && remark.blamed.iter().all(was_locked);
        self.violations.retain(|remark| !is_known(remark));
        self.warnings.retain(|remark| !is_known(remark));
        let remarks = self.violations.iter_mut().chain(&mut self.warnings);
        for blame in remarks.flat_map(|violation| &mut violation.blamed) {
            let (Some(name), Some(version)) = (&blame.crate_name, &blame.version) else { continue };
            blame.locked_by = history.brought(name, version).cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(packages: &[(&str, &str)]) -> LockedPackages {
        packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    }

    #[test]
    fn the_first_change_that_has_the_version_brought_it() {
        let change = |subject: &str| LockChange { commit: None, date: String::new(), subject: subject.to_owned() };
        let history = LockHistory {
            before: locked(&[("aws-lc-sys", "1.0.0"), ("serde", "1.0.0")]),
            changes: vec![
                (change("serde"), locked(&[("aws-lc-sys", "1.0.0"), ("serde", "1.0.1")])),
                (change("lc"), locked(&[("aws-lc-sys", "1.1.0"), ("serde", "1.0.1")])),
            ],
        };
        let brought = |name, version| history.brought(name, version).map(|change| change.subject.as_str());
        assert_eq!(brought("aws_lc_sys", "1.1.0"), Some("lc"));
        assert_eq!(brought("serde", "1.0.1"), Some("serde"));
        assert_eq!(brought("serde", "1.0.0"), None, "the baseline had it");
        assert_eq!(brought("hyper", "1.0.0"), None);
    }
}
