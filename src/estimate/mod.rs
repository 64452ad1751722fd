//! The cold-start model: milliseconds from sizes, each with interval, evidence grade and source.
//!
//! [`Model`] holds every coefficient with its provenance, [`predict`] turns the sizes of a package into an [`Estimate`],
//! [`compare`] says what replacing one package by another changes. It reads no file and starts nothing.
//! It refuses to give a single number: everything is an [`Interval`], and an input outside the measured range is named.

mod arithmetic;
mod backtest;
mod calibrate;
mod calibration;
mod coefficient;
mod compare;
mod draws;
mod error;
mod function;
mod inputs;
mod interval;
mod memory;
mod model;
mod predict;
mod prediction;
mod price;
mod prior;
mod range;
mod sample;
mod traffic;
mod worth;

pub use backtest::{Backtest, DriftTest, ExperimentTest, FamilyTest, backtest};
pub use calibrate::{Deployed, Observations, QueryEngine, calibrate, experiment, query};
pub use calibration::{Accuracy, BilledOtherwise, Calibration, FunctionSummary, SetApart};
pub use coefficient::{Coefficient, Distribution, PackageKind};
pub use compare::compare;
pub use error::EstimateError;
pub use function::{FunctionModel, PackageSizes, Tails};
pub use inputs::{Inputs, ZippedSize};
pub use interval::{EvidenceGrade, Interval};
pub use memory::{MEMORY_SIZES, MemoryAdvice, MemoryRow};
pub use model::{DataSource, Model, Platform, Shared, Tail};
pub use predict::{Question, predict, predict_with};
pub use prediction::{Against, Change, Estimate, Provenance, Term};
pub use price::{Cost, MonthlyCost, PriceList, Prices};
pub use traffic::{
    Arrival, CloudWatch, Concurrency, Demand, Latency, Method, Plan, Policy, Simulation, TimeoutRisk, Traffic, simulate,
};
pub use worth::{CrateWorth, PerMegabyte};
