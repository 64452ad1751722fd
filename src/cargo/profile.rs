//! Profiles in a `Cargo.toml`: read, and written so that comments, order and every other line stay as they are. The room's only file
//! but `dependency_edit` that names `toml_edit`.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::lines::with_changes;

/// Why a manifest could not be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is no TOML.
    #[error("not TOML: {why}")]
    NotToml {
        /// Where and what.
        why: String,
    },
    /// Something else stands where a table is needed.
    #[error("{key} is no table")]
    NoTable {
        /// The key, with dots.
        key: String,
    },
    /// A value that is no TOML.
    #[error("{value:?} is no TOML value")]
    NotAValue {
        /// The value.
        value: String,
    },
}

/// A key of a profile with its value: where it stands below `[profile.<name>]`, and the value as TOML has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileSetting {
    /// `["opt-level"]`, or `["package", "serde", "opt-level"]`.
    pub key: Vec<String>,
    /// `"z"` with its quotes, `1`, `true`.
    pub value: String,
}

impl ProfileSetting {
    /// The setting in one line, as it stands in the profile's table and behind the profile's name in `--config`.
    #[must_use]
    pub fn as_line(&self) -> String {
        let is_bare =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let quoted = |part: &String| if is_bare(part) { part.clone() } else { format!("\"{part}\"") };
        let key: Vec<String> = self.key.iter().map(quoted).collect();
        format!("{} = {}", key.join("."), self.value)
    }
}

pub(super) fn parse(manifest: &str) -> Result<DocumentMut, ManifestError> {
    let text = manifest.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    text.parse()
        .map_err(|error: toml_edit::TomlError| ManifestError::NotToml { why: error.to_string().trim_end().to_owned() })
}

/// The text of a changed document: the old one, but for what was changed. `toml_edit` prints all headers of one table alike, however they were written.
pub(super) fn printed(old: &str, document: &DocumentMut) -> String {
    let Ok(unchanged) = parse(old) else { return document.to_string() };
    with_changes(old, &unchanged.to_string(), &document.to_string())
}

/// The keys that a profile of the manifest sets itself or inherits from other profiles that the manifest has, with their values as TOML has them. Tables
/// of single packages are left out.
///
/// # Errors
/// [`ManifestError`] where the text is no TOML.
pub fn profile_settings(manifest: &str, profile: &str) -> Result<BTreeMap<String, String>, ManifestError> {
    let document = parse(manifest)?;
    let mut settings = BTreeMap::new();
    let mut names = vec![profile.to_owned()];
    // A profile that inherits itself is for cargo to refuse.
    while let Some(name) = names.pop() {
        let table = document.get("profile").and_then(|all| all.get(&name)).and_then(Item::as_table_like);
        let Some(table) = table else { continue };
        for (key, item) in table.iter() {
            let Some(value) = item.as_value() else { continue };
            if key == "inherits" && names.is_empty() && settings.len() < 1000 {
                names.extend(value.as_str().filter(|parent| *parent != name).map(str::to_owned));
            } else {
                settings.entry(key.to_owned()).or_insert_with(|| value.clone().decorated("", "").to_string());
            }
        }
    }
    Ok(settings)
}

/// Whether cargo's configuration sets flags for rustc below `target`, which keeps those below `build` from being used.
#[must_use]
pub fn sets_target_rustflags(config: &str) -> bool {
    let Ok(document) = parse(config) else { return false };
    let targets = document.get("target").and_then(Item::as_table_like);
    targets.is_some_and(|targets| targets.iter().any(|(_, target)| target.get("rustflags").is_some()))
}

/// The manifest with these settings in `[profile.<profile>]`; nothing else of it changes. A value that is there is replaced where it is, with the comment
/// behind it kept; new keys come behind those of their table, new tables behind the other profiles, else at the end.
///
/// ```
/// use lambda_slim::cargo::{ProfileSetting, with_profile};
/// let manifest = "[profile.release]   # ours\nlto = 'thin' # fast to link\n\n[dependencies]\n";
/// let settings = [("lto", "\"fat\""), ("panic", "\"abort\"")]
///     .map(|(key, value)| ProfileSetting { key: vec![key.to_owned()], value: value.to_owned() });
/// assert_eq!(
///     with_profile(manifest, "release", &settings)?,
///     "[profile.release]   # ours\nlto = \"fat\" # fast to link\npanic = \"abort\"\n\n[dependencies]\n"
/// );
/// # Ok::<(), lambda_slim::cargo::ManifestError>(())
/// ```
///
/// # Errors
/// [`ManifestError`] where the text is no TOML, or has something else than a table where one is needed.
pub fn with_profile(manifest: &str, profile: &str, settings: &[ProfileSetting]) -> Result<String, ManifestError> {
    let mut document = parse(manifest)?;
    for setting in settings {
        let value: Value =
            setting.value.parse().map_err(|_| ManifestError::NotAValue { value: setting.value.clone() })?;
        let (key, tables) = setting.key.split_last().map_or(("", &[][..]), |(key, tables)| (key.as_str(), tables));
        let path = ["profile", profile].into_iter().chain(tables.iter().map(String::as_str));
        set(table_at(document.as_table_mut(), path)?, key, value);
    }
    Ok(printed(manifest, &document))
}

/// The table at a path, made where it is not there.
fn table_at<'d, 'p>(
    root: &'d mut dyn TableLike,
    path: impl Iterator<Item = &'p str>,
) -> Result<&'d mut dyn TableLike, ManifestError> {
    let mut table = root;
    let mut walked = String::new();
    for name in path {
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(name);
        let is_new = table.get(name).is_none();
        let item = table.entry(name).or_insert_with(|| {
            let mut new = Table::new();
            // `profile` and `profile.release.package` have no header of their own unless keys stand in them.
            new.set_implicit(true);
            Item::Table(new)
        });
        if is_new && let Some(new) = item.as_table_mut() {
            new.decor_mut().set_prefix("\n");
        }
        table = item.as_table_like_mut().ok_or_else(|| ManifestError::NoTable { key: walked.clone() })?;
    }
    Ok(table)
}

/// Sets a key, and keeps what stands around its value.
pub(super) fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            if old.clone().decorated("", "").to_string() != value.to_string() {
                let decor = old.decor().clone();
                *value.decor_mut() = decor;
                *old = value;
            }
        }
        _ => {
            table.insert(key, Item::Value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &[&str], value: &str) -> ProfileSetting {
        ProfileSetting { key: key.iter().map(|&part| part.to_owned()).collect(), value: value.to_owned() }
    }

    fn smallest() -> Vec<ProfileSetting> {
        vec![setting(&["opt-level"], "\"z\""), setting(&["codegen-units"], "1")]
    }

    #[test]
    fn a_manifest_without_profiles_gets_one_at_its_end() {
        let manifest = "# mine\n[package]\nname = \"a\"";
        let after = with_profile(manifest, "release", &smallest()).unwrap();
        assert_eq!(
            after,
            "# mine\n[package]\nname = \"a\"\n\n[profile.release]\nopt-level = \"z\"\ncodegen-units = 1\n"
        );
    }

    #[test]
    fn odd_formatting_and_comments_stay_and_only_the_lines_meant_change() {
        let manifest = "\u{feff}# top\r\n[package]\r\n  name='a'   # name\r\n\r\n\r\n[ profile . release ] # ship\r\n\topt-level   =   3  # fast\r\n# last\r\n\r\n[profile.dev]\r\n[dependencies]\r\nb = {version=\"1\",   features=[ 'x', ]}\r\n";
        let after = with_profile(manifest, "release", &smallest()).unwrap();
        let changed: Vec<LineOf> = changes(manifest, &after);
        assert_eq!(
            changed,
            vec![
                LineOf::Removed("\topt-level   =   3  # fast\r\n".to_owned()),
                LineOf::Added("\topt-level   =   \"z\"  # fast\r\n".to_owned()),
                LineOf::Added("codegen-units = 1\r\n".to_owned()),
            ]
        );
    }

    #[derive(Debug, PartialEq)]
    enum LineOf {
        Removed(String),
        Added(String),
    }

    fn changes(old: &str, new: &str) -> Vec<LineOf> {
        let changes = super::super::lines::line_changes(old, new).into_iter();
        changes
            .filter_map(|change| match change {
                super::super::lines::LineChange::Kept(_) => None,
                super::super::lines::LineChange::Removed(line) => Some(LineOf::Removed(line.to_owned())),
                super::super::lines::LineChange::Added(line) => Some(LineOf::Added(line.to_owned())),
            })
            .collect()
    }

    #[test]
    fn inline_and_dotted_profiles_are_changed_where_they_are() {
        let inline = "profile.release = { lto = true } # all\n[package]\nname = \"a\"\n";
        let after = with_profile(inline, "release", &[setting(&["lto"], "\"fat\"")]).unwrap();
        assert_eq!(after, "profile.release = { lto = \"fat\" } # all\n[package]\nname = \"a\"\n");
        let dotted = "[profile]\nrelease.lto = true\nrelease.panic = \"abort\"\n";
        let after = with_profile(dotted, "release", &[setting(&["lto"], "\"fat\"")]).unwrap();
        assert_eq!(after, "[profile]\nrelease.lto = \"fat\"\nrelease.panic = \"abort\"\n");
    }

    #[test]
    fn a_table_of_one_package_is_made_behind_its_profile() {
        let manifest = "[profile.release]\nlto = true\n\n[dependencies]\n";
        let after = with_profile(manifest, "release", &[setting(&["package", "serde", "opt-level"], "3")]).unwrap();
        assert_eq!(
            after,
            "[profile.release]\nlto = true\n\n[profile.release.package.serde]\nopt-level = 3\n\n[dependencies]\n"
        );
    }

    #[test]
    fn the_same_twice_is_the_same_once() {
        let once = with_profile("[package]\nname = \"a\"\n", "release", &smallest()).unwrap();
        assert_eq!(with_profile(&once, "release", &smallest()).unwrap(), once);
    }

    #[test]
    fn a_profile_is_read_with_what_it_inherits() {
        let manifest = "[profile.release]\nlto = true\nopt-level = 2\n[profile.lambda]\ninherits = 'release'\nopt-level = 's' # small\n";
        let settings = profile_settings(manifest, "lambda").unwrap();
        assert_eq!(settings.get("opt-level").map(String::as_str), Some("'s'"));
        assert_eq!(settings.get("lto").map(String::as_str), Some("true"));
        assert!(profile_settings(manifest, "other").unwrap().is_empty());
        assert!(matches!(profile_settings("[", "release"), Err(ManifestError::NotToml { .. })));
        assert!(matches!(with_profile("profile = 1\n", "release", &smallest()), Err(ManifestError::NoTable { .. })));
    }
}
