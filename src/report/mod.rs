//! The waist of the house: engines pour into a [`Report`], policy and renderers drink from it alone.

mod build;
mod layout;
mod read;
mod reports;
mod schema;
mod tune;

pub use build::{BuildError, Context, LinkMapFile, SymbolFile};
pub use layout::{LayoutOutcome, LayoutSide, TouchedKind};
pub use read::ReadError;
pub use reports::{PackageFailure, Reports, TwoReportsOfOne};
pub use schema::{Artifact, ArtifactKind, Binary, BuildFacts, Entry, REPORT_SCHEMA, Report, SCHEMA_VERSION, Tool};
pub use tune::{Sureness, TuneChoice, TuneFigures, TuneOutcome, TuneProposal, TuneRow, TuneStart, TuneStatus};
