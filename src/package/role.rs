//! What a file of the package is for.

use serde::{Deserialize, Serialize};

/// What a file of the package is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The program that Lambda starts: `bootstrap` at the root.
    Bootstrap,
    /// A program in `extensions/`.
    Extension,
    /// An ELF shared library.
    Library,
    /// A file of a layer.
    Layer,
    /// Anything else.
    Asset,
}
