//! The document that answers 'why is this crate here, and what would go with it'. All of it is data: what to print of it is
//! for `render` to choose.

use serde::{Deserialize, Serialize};

use crate::cargo::DependencyKind;
use crate::units::ByteSize;

use super::row::CrateKind;

/// What `--why` found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Why {
    /// What was asked for: `hyper`, `hyper@1.8` or the name under which a dependency is renamed.
    #[serde(rename = "crate")]
    pub asked: String,
    /// Every crate of that name, in every program of the package. Empty where there is none.
    pub crates: Vec<WhyCrate>,
    /// Packages of that name which the crate graph holds and no program links. Only where `crates` is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_linked: Vec<WhyNotLinked>,
    /// Names that may have been meant. Only where nothing has the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

/// One crate of one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyCrate {
    /// The program: its path in the package.
    pub binary: String,
    /// Name of the crate as in the program's rows.
    pub name: String,
    /// Its package's version; `None` where no crate graph tells it.
    pub version: Option<String>,
    /// cargo's package id; `None` where no crate graph tells it.
    pub package_id: Option<String>,
    /// Where it comes from.
    pub kind: CrateKind,
    /// What it takes in the file. 0 for a package that is linked and left no bytes of its own.
    pub file_bytes: ByteSize,
    /// What it takes in the zip; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Functions with a size.
    pub functions: u64,
    /// Whether what follows is known, and if not, why not.
    pub graph: GraphKnowledge,
    /// File bytes that leave with it: the sum of `leaves`. `None` unless the graph is known.
    pub retained_bytes: Option<ByteSize>,
    /// The same in the zip as it is now; what stays may be coded longer without it. `None` outside a zip.
    pub retained_compressed_bytes: Option<ByteSize>,
    /// The packages that leave with it, itself included: largest first, then by name.
    pub leaves: Vec<WhyLeaving>,
    /// How many dependency paths lead from the program's package to it. At `u64::MAX`, that many or more.
    pub paths_count: u64,
    /// The first of them: shortest first, then by the packages' names.
    pub paths: Vec<WhyPath>,
    /// The packages that depend on it directly, sorted by name. It leaves when each of them drops it.
    pub kept_by: Vec<WhyDependent>,
    /// Optional dependencies that every path to it takes: turning any one of them off takes it out. Nearest first.
    pub switches: Vec<WhySwitch>,
    /// Who needs it besides, in ways that put no bytes into a program.
    pub also_used_by: Vec<WhyOtherUse>,
}

/// What is known about how a crate came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GraphKnowledge {
    /// Its package, and every path to it.
    Known,
    /// There is no crate graph.
    NoGraph,
    /// It is no package's: std, the linker, native code of unknown origin.
    NoPackage,
    /// Several packages have its name, and nothing tells which it is.
    Ambiguous,
    /// The graph does not tell which of its packages the program is, or that package does not link this crate.
    NotLinked,
}

/// A package that leaves with another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyLeaving {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// cargo's package id.
    pub package_id: String,
    /// What it takes in the file.
    pub file_bytes: ByteSize,
    /// What it takes in the zip; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
}

/// One way from the program's package to a crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyPath {
    /// The packages, both ends included.
    pub steps: Vec<WhyStep>,
}

/// A package on a path, and what the one before it says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyStep {
    /// The package's name, with `@version` where the graph ships another of that name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the package before it declares; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<WhyDependency>,
}

/// What one package declares about another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyDependency {
    /// The versions that it allows, as `^1.2`. Several only where it is declared several times. Empty where the metadata does not say.
    pub requirements: Vec<String>,
    /// The names that it has in the dependent, where they are not its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<String>,
    /// The platforms that it is declared for; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The features that the dependent turns on in it.
    pub features: Vec<WhyFeature>,
    /// Whether a feature of the dependent must turn it on.
    pub optional: bool,
    /// The features of the dependent that turn it on, as they were asked for. On a path those that the package before asks for,
    /// if it asks for any. Empty unless optional, and where the metadata does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turned_on_by: Vec<String>,
}

/// A feature that one package turns on in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyFeature {
    /// The feature.
    pub name: String,
    /// The dependent's own feature that does it; `None` where its declaration does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

/// A package that depends on the crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyDependent {
    /// Its name, with `@version` where the graph ships another of that name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// cargo's package id.
    pub package_id: String,
    /// What it declares.
    pub dependency: WhyDependency,
    /// Who turned an optional dependency on, back to the workspace: see [`WhyActivation`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activations: Vec<WhyActivation>,
}

/// An optional dependency without which the crate leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhySwitch {
    /// The package that can do without.
    pub dependent: String,
    /// What it can do without; the crate itself, or what brings it in.
    pub dependency: String,
    /// File bytes that leave with the dependency.
    pub retained_bytes: ByteSize,
    /// Who turned it on, back to the workspace.
    pub activations: Vec<WhyActivation>,
}

/// Why a feature is on: the effect first, then what asks for it, then what asks for that, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyActivation {
    /// The package that has the features.
    pub package: String,
    /// Features that list each other: from the one that is asked for to the one that has the effect.
    pub features: Vec<String>,
    /// Who asks for the first of them.
    pub asked_by: Vec<WhyAsker>,
}

/// Who asks for a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyAsker {
    /// The package; `None` for the command line or cargo's default in the workspace.
    pub package: Option<String>,
    /// How it asks.
    pub how: WhyAsks,
    /// Its own feature, where that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Whether the program links the package. If none that it links asks, the feature is on because cargo resolves one set of
    /// features for all that it builds.
    pub linked: bool,
}

/// How a feature is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhyAsks {
    /// Listed under the dependency.
    Listed,
    /// `default`, which was not refused.
    Default,
    /// By a feature of the dependent.
    Feature,
    /// By the selection of what to build.
    Selected,
}

/// A use of the crate that puts no bytes into the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyOtherUse {
    /// The package that uses it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it needs it.
    pub kind: DependencyKind,
    /// Whether that package is a procedural macro, which runs in the compiler.
    pub procedural_macro: bool,
    /// Whether it is an optional dependency that no feature turns on: cargo resolves it for `x?/feature`, and does not build it.
    pub turned_off: bool,
    /// The platform, where it is one that Lambda does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A package of the graph that no program links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyNotLinked {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is a procedural macro.
    pub procedural_macro: bool,
    /// Who uses it.
    pub used_by: Vec<WhyOtherUse>,
}
