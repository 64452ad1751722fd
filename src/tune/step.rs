//! One change to a build.

use serde::{Deserialize, Serialize};

use crate::cargo::ProfileSetting;

/// What a step is about. Two steps of one family contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// How hard the compiler works, and for what: `opt-level`, for all crates or by crate.
    OptLevel,
    /// Optimisation across crates.
    Lto,
    /// Into how many pieces a crate is compiled.
    CodegenUnits,
    /// What a panic does.
    Panic,
    /// The linker.
    Linker,
    /// Whether the linker merges functions of equal code.
    Folding,
    /// Whether code and data share pages of the file.
    SeparateCode,
    /// How hard the linker works.
    LinkerOptimization,
    /// Where the program may be loaded.
    Relocation,
    /// The order of functions.
    Order,
    /// Paths in the program.
    Paths,
    /// What a panic's message says.
    PanicMessages,
    /// Several at once, as somebody else ships them: a reference, and no part of combinations.
    Reference,
}

/// What one step asks of the build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// A key of the profile.
    Profile(Vec<String>, String),
    /// A flag for rustc, for every crate of the target.
    Rustflag(String),
    /// A flag for rustc, for the program's own crate: the link.
    LinkFlag(String),
    /// The link, with functions in the order in which they compress best.
    CompressionOrder,
    /// All packages of the workspace built together.
    WholeWorkspace,
}

/// One change to a build, with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// As `--only` takes it.
    pub name: String,
    /// What it is about.
    pub family: Family,
    /// What it asks of the build.
    pub changes: Vec<Change>,
    /// What becomes different for whoever runs or debugs the program, in one sentence; `None` where that is nothing but size and speed.
    pub behaviour: Option<String>,
    /// Families of steps that it does not go together with, besides its own.
    pub excludes: Vec<Family>,
}

impl Step {
    pub(super) fn new(name: &str, family: Family, changes: Vec<Change>) -> Self {
        Self { name: name.to_owned(), family, changes, behaviour: None, excludes: Vec::new() }
    }

    pub(super) fn changing(mut self, behaviour: &str) -> Self {
        self.behaviour = Some(behaviour.to_owned());
        self
    }

    pub(super) fn excluding(mut self, families: &[Family]) -> Self {
        self.excludes = families.to_vec();
        self
    }

    /// False where the two cannot be in one build.
    #[must_use]
    pub fn goes_with(&self, other: &Self) -> bool {
        self.family != other.family
            && !self.excludes.contains(&other.family)
            && !other.excludes.contains(&self.family)
            && self.family != Family::Reference
            && other.family != Family::Reference
    }

    /// Its keys of the profile.
    pub fn profile(&self) -> impl Iterator<Item = ProfileSetting> + '_ {
        self.changes.iter().filter_map(|change| match change {
            Change::Profile(key, value) => Some(ProfileSetting { key: key.clone(), value: value.clone() }),
            _ => None,
        })
    }
}

impl Change {
    pub(super) fn profile(key: &str, value: &str) -> Self {
        Self::Profile(vec![key.to_owned()], value.to_owned())
    }
}
