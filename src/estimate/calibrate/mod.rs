//! Learning from a function's own records: what they say outranks what public data say of other functions.
//!
//! [`Observations`] takes the samples of any number of logs, in one pass and in memory that grows with functions, versions and
//! days, not with invocations. [`calibrate`] turns them into a [`Model`](super::Model) with a date, and says how much better it
//! is on days that it did not see. Starts by provisioned concurrency and from snapshots are set apart, and so are the second
//! tries of an init that failed.

mod accuracy;
mod environments;
mod experiment;
mod fit;
mod function;
mod group;
mod learn;
mod observations;
mod query;
mod solve;

pub use experiment::experiment;
pub use learn::{Deployed, calibrate};
pub use observations::Observations;
pub use query::{QueryEngine, query};

pub(super) use function::a_month_ahead;
