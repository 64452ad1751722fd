//! The waist of the house: engines pour into a [`Report`], policy and renderers drink from it alone.

mod schema;

pub use schema::{Artifact, ArtifactKind, Binary, Entry, Report, SCHEMA_VERSION, Tool};
