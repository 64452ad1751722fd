//! The cold-start model: milliseconds from sizes, each with interval, evidence grade and source.
//!
//! [`Model`] holds every coefficient with its provenance, [`predict`] turns the sizes of a package into an [`Estimate`],
//! [`compare`] says what replacing one package by another changes. It reads no file and starts nothing.
//! It refuses to give a single number: everything is an [`Interval`], and an input outside the measured range is named.

mod arithmetic;
#[cfg(test)]
mod backtest;
mod compare;
mod draws;
mod error;
mod inputs;
mod model;
mod predict;
mod prediction;
mod prior;
mod range;
mod sample;

pub use compare::compare;
pub use error::EstimateError;
pub use inputs::{Inputs, ZippedSize};
pub use model::{Coefficient, DataSource, Distribution, Model, PackageKind, Platform, Shared, Tail};
pub use predict::predict;
pub use prediction::{Change, Estimate, EvidenceGrade, Interval, PerMegabyte, Term};
