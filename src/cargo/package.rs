//! One package of the graph, as much of it as attribution and building need.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// Where a package's source came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A registry, crates.io or another; vendored copies count here.
    Registry,
    /// A git repository.
    Git,
    /// A folder on this machine.
    Path,
}

/// A program that a package builds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BinTarget {
    /// The target's name, as `--bin` takes it and as the file is called.
    pub name: String,
    /// The name in symbols: `-` is `_`.
    pub crate_name: String,
}

/// One package. Its identity is [`Package::id`]; names repeat when two versions are in the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// cargo's package id. Opaque: compare the whole string.
    pub id: String,
    /// The name in `Cargo.toml`, with its dashes.
    pub name: String,
    /// The version, as cargo prints it.
    pub version: String,
    /// The library's name in symbols; `None` where the package has no library.
    pub lib_name: Option<String>,
    /// The programs it builds, sorted.
    pub bins: Vec<BinTarget>,
    /// The program that `default-run` names.
    pub default_run: Option<String>,
    /// The folder of `Cargo.toml`: source paths of this package begin with it.
    pub source_root: PathBuf,
    /// Whether it is a member of the workspace.
    pub workspace_member: bool,
    /// Whether its library is a procedural macro, which runs in the compiler and never ships.
    pub proc_macro: bool,
    /// Where its source came from.
    pub source: SourceKind,
    /// The native library that it links (`links` in `Cargo.toml`).
    pub links: Option<String>,
    /// `[package.metadata]`, or null.
    pub metadata: Value,
    /// Features that are on, for the whole selection that cargo resolved (which can be more than one program needs).
    pub features: Vec<String>,
    /// `[features]` as cargo reads it, optional dependencies included: what each turns on. Empty where the metadata leaves it
    /// out.
    pub feature_table: BTreeMap<String, Vec<String>>,
}

impl Package {
    /// `[package.metadata.lambda-slim]`, or null.
    #[must_use]
    pub fn lambda_slim_metadata(&self) -> &Value {
        self.metadata.get("lambda-slim").unwrap_or(&Value::Null)
    }

    /// Names that this package's own crates have in symbols: the library first, then programs.
    pub fn crate_names(&self) -> impl Iterator<Item = &str> {
        let bins = self.bins.iter().map(|bin| bin.crate_name.as_str());
        self.lib_name.as_deref().into_iter().chain(bins)
    }

    pub(super) fn from_cargo(package: &cargo_metadata::Package, workspace_member: bool, features: Vec<String>) -> Self {
        let library = package.targets.iter().find(|target| is_library(target));
        let mut bins: Vec<BinTarget> = package
            .targets
            .iter()
            .filter(|target| target.is_bin())
            .map(|target| BinTarget { name: target.name.clone(), crate_name: target.name.replace('-', "_") })
            .collect();
        bins.sort();
        Self {
            id: package.id.repr.clone(),
            name: package.name.to_string(),
            version: package.version.to_string(),
            lib_name: library.map(|target| target.name.replace('-', "_")),
            bins,
            default_run: package.default_run.clone(),
            source_root: package
                .manifest_path
                .parent()
                .map(|folder| folder.as_std_path().to_owned())
                .unwrap_or_default(),
            workspace_member,
            proc_macro: library.is_some_and(cargo_metadata::Target::is_proc_macro),
            source: match &package.source {
                None => SourceKind::Path,
                Some(source) if source.repr.starts_with("git+") => SourceKind::Git,
                Some(_) => SourceKind::Registry,
            },
            links: package.links.clone(),
            metadata: package.metadata.clone(),
            features,
            feature_table: package.features.clone(),
        }
    }
}

fn is_library(target: &cargo_metadata::Target) -> bool {
    target.is_lib()
        || target.is_rlib()
        || target.is_proc_macro()
        || target.is_dylib()
        || target.is_cdylib()
        || target.is_staticlib()
}
