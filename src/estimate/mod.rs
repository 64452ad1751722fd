//! The cold-start model: milliseconds from sizes, each with interval, evidence grade and source.
//!
//! [`Model`] holds every coefficient with its provenance. It reads no file and starts nothing.
//! It refuses to give a single number: everything is an [`Interval`].

mod arithmetic;
#[cfg(test)]
mod backtest;
mod draws;
mod error;
#[expect(
    clippy::module_inception,
    reason = "the file is named for the one thing it holds, the Estimate"
)]
mod estimate;
mod model;
mod prior;

pub use error::EstimateError;
pub use estimate::{Change, Estimate, EvidenceGrade, Interval, PerMegabyte, Term};
pub use model::{Coefficient, DataSource, Distribution, Model, PackageKind, Platform, Shared, Tail};
