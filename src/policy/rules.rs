//! Findings as rules: what fails, what is said, and what nobody wants to hear.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::growth::Percent;
use super::limit::{in_key, type_of};
use crate::package::Severity;

/// Rule: a dependency that the baseline does not have.
pub const NEW_DEPENDENCY: &str = "new-dependency";
/// Rule: one more version of a crate than the baseline has.
pub const SECOND_VERSION: &str = "second-version";
/// Rule: a share of one of Lambda's quotas is used up.
pub const QUOTA_SHARE: &str = "quota-share";
/// Rule: there is nothing to compare with. Growth is not limited then, so that by default this is an error.
pub const BASELINE_MISSING: &str = "baseline-missing";
/// Rule: the baseline is for another architecture.
pub const BASELINE_ARCHITECTURE_DIFFERS: &str = "baseline-architecture-differs";
/// Rule: the baseline was built for another target.
pub const BASELINE_TARGET_DIFFERS: &str = "baseline-target-differs";
/// Rule: the baseline was built with another profile.
pub const BASELINE_PROFILE_DIFFERS: &str = "baseline-profile-differs";
/// Rule: the baseline was built with other features of the package.
pub const BASELINE_FEATURES_DIFFER: &str = "baseline-features-differ";
/// Rule: the baseline has other binaries.
pub const BASELINE_BINARIES_DIFFER: &str = "baseline-binaries-differ";
/// Rule: the baseline was counted by another version of the tool.
pub const BASELINE_TOOL_DIFFERS: &str = "baseline-tool-differs";
/// Rule: the baseline was made by another compiler or linker.
pub const BASELINE_TOOLCHAIN_DIFFERS: &str = "baseline-toolchain-differs";

/// The gate's own rules, and their levels where nobody sets them. Findings of the report are rules as well, under their codes.
const OWN: [(&str, Level); 11] = [
    (NEW_DEPENDENCY, Level::Warn),
    (SECOND_VERSION, Level::Warn),
    (QUOTA_SHARE, Level::Warn),
    (BASELINE_MISSING, Level::Deny),
    (BASELINE_ARCHITECTURE_DIFFERS, Level::Note),
    (BASELINE_TARGET_DIFFERS, Level::Note),
    (BASELINE_PROFILE_DIFFERS, Level::Note),
    (BASELINE_FEATURES_DIFFER, Level::Note),
    (BASELINE_BINARIES_DIFFER, Level::Note),
    (BASELINE_TOOL_DIFFERS, Level::Note),
    (BASELINE_TOOLCHAIN_DIFFERS, Level::Note),
];

/// Findings that a report can hold: `package`, `slim` and `measure` make them.
const FINDINGS: [&str; 34] = [
    "abort-on-panic-is-free",
    "architecture-mismatch",
    "architectures-mixed",
    "bootstrap-missing",
    "bootstrap-mode-unknown",
    "bootstrap-not-executable",
    "bootstrap-not-runnable",
    "build-id-missing",
    "busy-after-init",
    "debug-information-shipped",
    "duplicate-crate",
    "duplicate-file",
    "dynamic-linker-missing",
    "emulated",
    "glibc-needs-al2023",
    "glibc-too-new",
    "init-connects",
    "init-failed",
    "init-looks-up-names",
    "init-sleeps",
    "init-waits",
    "init-waits-for-processes",
    "junk-file",
    "library-missing",
    "library-not-promised",
    "library-off-path",
    "relocated-pages",
    "scattered-code",
    "stored-uncompressed",
    "symbols-shipped",
    "unreadable-elf",
    "unzipped-over-quota",
    "zip-version-above-2.0",
    "zipped-over-direct-upload-quota",
];

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The check fails.
    Deny,
    /// It is said as a warning.
    Warn,
    /// It is said by the way.
    Note,
    /// It is not said.
    Allow,
}

impl Level {
    /// The level of a finding that no rule names: an error fails, a warning is said, a note is not.
    const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Deny,
            Severity::Warning => Self::Warn,
            Severity::Note => Self::Allow,
        }
    }

    /// As a finding's severity; `None` where it is not said.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Deny => Some(Severity::Error),
            Self::Warn => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Allow => None,
        }
    }

    fn read(key: &str, value: &Value) -> Result<Self, Error> {
        let expected = "\"deny\", \"warn\", \"note\" or \"allow\"";
        let wrong = || Error::WrongType { key: key.into(), expected, found: type_of(value) };
        let text = value.as_str().ok_or_else(wrong)?;
        match text {
            "deny" => Ok(Self::Deny),
            "warn" => Ok(Self::Warn),
            "note" => Ok(Self::Note),
            "allow" => Ok(Self::Allow),
            other => Err(Error::UnknownLevel { key: key.into(), level: other.into() }),
        }
    }
}

/// From which share of a quota on [`QUOTA_SHARE`] speaks, where nothing else is configured.
const DEFAULT_SHARE: Percent = Percent::from_thousandths(80_000);

/// Levels of rules, by code.
///
/// In Cargo.toml, `[package.metadata.lambda-slim.rules]` has a level for each code; `quota-share` may be a table with `level` and `at`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Rules {
    #[serde(flatten)]
    levels: BTreeMap<String, Level>,
    #[serde(skip)]
    quota_share: Option<Percent>,
}

impl Rules {
    /// Reads the table `rules`.
    pub(super) fn read(value: &Value) -> Result<Self, Error> {
        let Value::Object(table) = value else {
            return Err(Error::WrongType { key: "rules".into(), expected: "a table", found: type_of(value) });
        };
        let mut rules = Self::default();
        for (code, value) in table {
            let key = format!("rules.{code}");
            let level = match value {
                Value::Object(details) if code == QUOTA_SHARE => rules.read_quota_share(&key, details)?,
                other => Some(Level::read(&key, other)?),
            };
            if let Some(level) = level {
                rules.set(code, level)?;
            }
        }
        Ok(rules)
    }

    fn read_quota_share(
        &mut self,
        key: &str,
        details: &serde_json::Map<String, Value>,
    ) -> Result<Option<Level>, Error> {
        let mut level = None;
        for (name, value) in details {
            let key = format!("{key}.{name}");
            match (name.as_str(), value) {
                ("level", value) => level = Some(Level::read(&key, value)?),
                ("at", Value::String(text)) => {
                    self.quota_share = Some(text.parse().map_err(|source| in_key(&key, source))?);
                }
                ("at", other) => {
                    return Err(Error::WrongType { key, expected: "text like \"80%\"", found: type_of(other) });
                }
                _ => return Err(Error::UnknownRuleKey { key }),
            }
        }
        Ok(level)
    }

    /// Sets the level of one code.
    ///
    /// # Errors
    /// [`Error::UnknownRule`] for a code that there is not: a misspelt rule would be no rule.
    pub fn set(&mut self, code: &str, level: Level) -> Result<(), Error> {
        if !Self::codes().any(|known| known == code) {
            let near = |known: &&str| known.split('-').any(|word| word.len() > 3 && code.contains(word));
            let near: Vec<&str> = Self::codes().filter(near).collect();
            return Err(Error::UnknownRule { code: code.into(), near: near.join(", ") });
        }
        self.levels.insert(code.to_owned(), level);
        Ok(())
    }

    /// All codes that can have a level, the gate's own first.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        OWN.iter().map(|(code, _)| *code).chain(FINDINGS)
    }

    /// The level of one of the gate's own rules.
    #[must_use]
    pub fn own(&self, code: &str) -> Level {
        let default = OWN.iter().find(|(own, _)| *own == code).map_or(Level::Note, |(_, level)| *level);
        self.levels.get(code).copied().unwrap_or(default)
    }

    /// The level of a report's finding.
    #[must_use]
    pub fn finding(&self, code: &str, severity: Severity) -> Level {
        self.levels.get(code).copied().unwrap_or_else(|| Level::of(severity))
    }

    /// The share of a quota from which on [`QUOTA_SHARE`] speaks.
    #[must_use]
    pub fn quota_share(&self) -> Percent {
        self.quota_share.unwrap_or(DEFAULT_SHARE)
    }

    /// These rules, with those of `fallback` for the codes that these do not name.
    #[must_use]
    pub fn or(mut self, fallback: Self) -> Self {
        for (code, level) in fallback.levels {
            self.levels.entry(code).or_insert(level);
        }
        self.quota_share = self.quota_share.or(fallback.quota_share);
        self
    }

    /// True where no level is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.quota_share.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_misspelt_rule_or_level_is_an_error_that_knows_better() {
        let error = Rules::read(&json!({"debug-info-shipped": "deny"})).unwrap_err().to_string();
        assert!(error.contains("debug-information-shipped"), "{error}");
        let error = Rules::read(&json!({"new-dependency": "forbid"})).unwrap_err().to_string();
        assert!(error.contains("\"forbid\"") && error.contains("deny"), "{error}");
        assert!(Rules::read(&json!({"new-dependency": 1})).is_err());
        assert!(Rules::read(&json!({"quota-share": {"at": "lots"}})).is_err());
        assert!(Rules::read(&json!({"quota-share": {"from": "5%"}})).is_err());
        assert!(Rules::read(&json!("deny")).is_err());
    }

    #[test]
    fn the_first_layer_that_names_a_rule_wins() {
        let own = Rules::read(&json!({"new-dependency": "deny"})).unwrap();
        let shared =
            Rules::read(&json!({"new-dependency": "allow", "junk-file": "deny", "quota-share": {"at": "50%"}}));
        let rules = own.or(shared.unwrap());
        assert_eq!(rules.own(NEW_DEPENDENCY), Level::Deny);
        assert_eq!(rules.own(SECOND_VERSION), Level::Warn);
        assert_eq!(rules.finding("junk-file", Severity::Note), Level::Deny);
        assert_eq!(rules.finding("duplicate-crate", Severity::Note), Level::Allow);
        assert_eq!(rules.quota_share(), Percent::from_thousandths(50_000));
    }

    /// Every code that the sources give a finding is a rule that can be set.
    #[test]
    fn every_finding_of_the_sources_is_a_rule() {
        let sources = [
            include_str!("../package/deployability.rs"),
            include_str!("../package/junk.rs"),
            include_str!("../package/debug_file.rs"),
            include_str!("../slim/abort_on_panic.rs"),
            include_str!("../cli/measure_findings.rs"),
            include_str!("../cli/measure_waits.rs"),
        ];
        let codes: Vec<&str> = Rules::codes().collect();
        let mut found = 0;
        for source in sources {
            // In these files a literal of two or more words in kebab case is a code, and nothing else.
            for literal in source.split('"').skip(1).step_by(2) {
                let word = |word: &str| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                };
                if literal.contains('-') && literal.split('-').all(word) && literal != "node-modules" {
                    assert!(codes.contains(&literal), "{literal:?} is a finding's code and no rule");
                    found += 1;
                }
            }
        }
        assert!(found > 30, "{found}");
    }
}
