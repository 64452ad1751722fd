//! The cold-start model: milliseconds from sizes, each with interval, evidence grade and source.

mod estimate;

pub use estimate::{Change, Estimate, EvidenceGrade, Interval, PerMegabyte, Term};
