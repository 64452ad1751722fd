//! The crate graph from text: `cargo metadata`, build messages, codegen-unit names, cargo-lambda's settings.
//!
//! Runs nothing and opens nothing: text comes in, values go out, and bad text is a [`CargoError`]. The only room that
//! names `cargo_metadata`.

mod config;
mod dependency_edit;
mod edge;
mod error;
#[cfg(test)]
mod feature_tests;
mod features;
mod graph;
mod homes;
mod identity;
mod lines;
mod lock;
mod manifest;
mod messages;
mod objects;
mod package;
#[cfg(test)]
mod path_tests;
mod paths;
mod platform;
mod profile;
mod select;
mod source_path;
#[cfg(test)]
mod tests;
mod walk;

pub use config::{LambdaBuild, OutputFormat};
pub use dependency_edit::{AskedIn, FeatureChoice, FeatureEdit, for_a_copy, with_features};
pub use edge::{Declaration, DependencyEdge, DependencyKind};
pub use error::CargoError;
pub use features::{Activation, FeatureRequest, RequestedFeature};
pub use graph::CrateGraph;
pub use homes::{LibraryIndex, LibrarySymbols, SymbolHomes};
pub use identity::{CodegenUnit, CrateHash, CrateIdentities, parse_codegen_unit};
pub use lines::{LineChange, line_changes};
pub use lock::LockedPackages;
pub use manifest::dependency_line;
pub use messages::{BuildMessage, BuildScript, BuiltArtifact, parse_message, parse_messages};
pub use objects::ObjectOwner;
pub use package::{BinTarget, Package, SourceKind};
pub use paths::Paths;
pub use profile::{ManifestError, ProfileSetting, profile_settings, sets_target_rustflags, with_profile};
pub use select::{BinSelection, SelectedBin};
pub use source_path::{SourceOrigin, source_origin};
pub use walk::{Dominators, DuplicatedPackage};
