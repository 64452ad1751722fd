//! Features of a dependency in a `Cargo.toml`, and paths of path dependencies, changed with the rest of the text as it is. For copies of a project, and
//! for the lines that advice shows.

use std::path::{Component, Path, PathBuf};

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};

use super::profile::{ManifestError, parse, printed, set};

/// Which features of a dependency are asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeatureChoice {
    /// Whether `default` is among them.
    pub default_features: bool,
    /// The others.
    pub features: Vec<String>,
}

/// Where a manifest asks for a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedIn {
    /// `[dependencies]` and `[target.*.dependencies]`.
    Package,
    /// `[workspace.dependencies]`.
    Workspace,
}

/// What became of the edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureEdit {
    /// The manifest, and the line that asks now.
    Done {
        /// All of it.
        manifest: String,
        /// As `serde = { version = "1", default-features = false }`.
        line: String,
    },
    /// The package takes it from its workspace: the edit belongs there.
    Inherited,
    /// The manifest does not ask for it there.
    Absent,
}

/// Sets the features of the dependency that the manifest calls `name`.
///
/// # Errors
/// [`ManifestError`] where the text is no TOML.
pub fn with_features(
    manifest: &str,
    name: &str,
    choice: &FeatureChoice,
    asked_in: AskedIn,
) -> Result<FeatureEdit, ManifestError> {
    let mut document = parse(manifest)?;
    let mut line = None;
    for table in dependency_tables(&mut document, asked_in) {
        let Some(item) = table.get_mut(name) else { continue };
        if item.get("workspace").and_then(Item::as_bool) == Some(true) {
            return Ok(FeatureEdit::Inherited);
        }
        if let Some(version) = item.as_str().map(str::to_owned) {
            let mut new = InlineTable::new();
            new.insert("version", version.into());
            *item = Item::Value(Value::InlineTable(new));
        }
        let Some(entry) = item.as_table_like_mut() else { continue };
        set(entry, "default-features", choice.default_features.into());
        if choice.features.is_empty() {
            entry.remove("features");
        } else {
            set(entry, "features", Value::Array(choice.features.iter().collect::<Array>()));
        }
        line = Some(as_line(name, entry));
    }
    Ok(match line {
        Some(line) => FeatureEdit::Done { manifest: printed(manifest, &document), line },
        None => FeatureEdit::Absent,
    })
}

fn as_line(name: &str, entry: &dyn TableLike) -> String {
    let value = |item: &Item| item.as_value().map(|value| value.clone().decorated("", "").to_string());
    let keys = entry.iter().filter_map(|(key, item)| Some(format!("{key} = {}", value(item)?)));
    format!("{name} = {{ {} }}", keys.collect::<Vec<_>>().join(", "))
}

fn dependency_tables(document: &mut DocumentMut, asked_in: AskedIn) -> Vec<&mut dyn TableLike> {
    let mut tables = Vec::new();
    for (key, item) in document.iter_mut() {
        match (key.get(), asked_in) {
            ("dependencies", AskedIn::Package) => tables.extend(item.as_table_like_mut()),
            ("target", AskedIn::Package) => {
                let Some(targets) = item.as_table_like_mut() else { continue };
                for (_, target) in targets.iter_mut() {
                    tables.extend(target.get_mut("dependencies").and_then(Item::as_table_like_mut));
                }
            }
            ("workspace", AskedIn::Workspace) => {
                tables.extend(item.get_mut("dependencies").and_then(Item::as_table_like_mut));
            }
            _ => {}
        }
    }
    tables
}

/// The manifest for a copy of its package at another place: paths that lead out of the `workspace` become absolute. `folder` is where the manifest lies.
/// A manifest without `[workspace]` that `is_root` gets one, so that cargo looks no further.
///
/// # Errors
/// [`ManifestError`] where the text is no TOML.
pub fn for_a_copy(manifest: &str, folder: &Path, workspace: &Path, is_root: bool) -> Result<String, ManifestError> {
    let mut document = parse(manifest)?;
    if is_root && document.get("workspace").is_none() {
        document.insert("workspace", Item::Table(toml_edit::Table::new()));
    }
    absolute_paths(document.as_table_mut(), &|path| {
        let target = normal(&folder.join(path));
        (Path::new(path).is_relative() && !target.starts_with(workspace)).then(|| target.to_string_lossy().into_owned())
    });
    Ok(printed(manifest, &document))
}

/// Every `path` of a table that may be a dependency's: sources of targets lie in the package and stay.
fn absolute_paths(table: &mut dyn TableLike, outside: &dyn Fn(&str) -> Option<String>) {
    if let Some(absolute) = table.get("path").and_then(Item::as_str).and_then(outside) {
        set(table, "path", absolute.into());
    }
    for (_, item) in table.iter_mut() {
        if let Some(below) = item.as_table_like_mut() {
            absolute_paths(below, outside);
        }
    }
}

/// Without `.` and `..`, as far as the path itself tells.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(features: &[&str]) -> FeatureChoice {
        FeatureChoice { default_features: false, features: features.iter().map(|&one| one.to_owned()).collect() }
    }

    #[test]
    fn a_dependency_in_any_form_gets_its_features() {
        let manifest = "[dependencies]\na = \"1\" # plain\nb = { version = \"2\", features = [\"x\"] }\n[dependencies.c]\nversion = \"3\"\n";
        let edited =
            |name: &str, features: &[&str]| match with_features(manifest, name, &choice(features), AskedIn::Package) {
                Ok(FeatureEdit::Done { manifest, line }) => (manifest, line),
                other => panic!("{other:?}"),
            };
        let (text, line) = edited("a", &[]);
        assert_eq!(line, "a = { version = \"1\", default-features = false }");
        assert!(
            text.contains("a = { version = \"1\", default-features = false }")
                && text.contains("b = { version = \"2\", features = [\"x\"] }"),
            "{text}"
        );
        assert_eq!(edited("b", &["y"]).1, "b = { version = \"2\", features = [\"y\"], default-features = false }");
        assert!(
            edited("c", &["z"])
                .0
                .ends_with("[dependencies.c]\nversion = \"3\"\ndefault-features = false\nfeatures = [\"z\"]\n")
        );
    }

    #[test]
    fn what_the_workspace_says_is_changed_there() {
        let member = "[dependencies]\na.workspace = true\n";
        assert_eq!(with_features(member, "a", &choice(&[]), AskedIn::Package), Ok(FeatureEdit::Inherited));
        assert_eq!(with_features(member, "b", &choice(&[]), AskedIn::Package), Ok(FeatureEdit::Absent));
        let root = "[workspace.dependencies]\na = \"1\"\n";
        let edited = with_features(root, "a", &choice(&[]), AskedIn::Workspace);
        assert!(
            matches!(edited, Ok(FeatureEdit::Done { line, .. }) if line == "a = { version = \"1\", default-features = false }")
        );
    }

    #[test]
    fn paths_that_lead_out_are_absolute_in_a_copy() {
        let manifest = "[dependencies]\nin = { path = \"../lib\" }\nout = { path = \"../../shared\" }\n[[bin]]\nname = \"x\"\npath = \"src/x.rs\"\n";
        let copy = for_a_copy(manifest, Path::new("/w/app"), Path::new("/w"), true).unwrap();
        assert_eq!(
            copy,
            "[dependencies]\nin = { path = \"../lib\" }\nout = { path = \"/shared\" }\n[[bin]]\nname = \"x\"\npath = \"src/x.rs\"\n\n[workspace]\n"
        );
    }
}
