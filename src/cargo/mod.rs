//! The crate graph from text: `cargo metadata`, build messages, codegen-unit names, cargo-lambda's settings.
//!
//! Runs nothing and opens nothing: text comes in, values go out, and bad text is a [`CargoError`]. The only room that
//! names `cargo_metadata`.

mod config;
mod error;
mod graph;
mod homes;
mod identity;
mod messages;
mod objects;
mod package;
mod platform;
mod select;
#[cfg(test)]
mod tests;
mod walk;

pub use config::{LambdaBuild, OutputFormat};
pub use error::CargoError;
pub use graph::CrateGraph;
pub use homes::{LibraryIndex, LibrarySymbols, SymbolHomes};
pub use identity::{CodegenUnit, CrateHash, CrateIdentities, parse_codegen_unit};
pub use messages::{BuildMessage, BuildScript, BuiltArtifact, parse_message, parse_messages};
pub use objects::ObjectOwner;
pub use package::{BinTarget, Package, SourceKind};
pub use select::SelectedBin;
pub use walk::{Dominators, DuplicatedPackage};
