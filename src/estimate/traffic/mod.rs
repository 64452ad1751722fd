//! How often starts are cold, how many environments that takes, and what callers see of it.
//!
//! At a given rate of requests a closed form says how many find no environment; above the load where it was found to be wrong, and
//! for real timestamps, environments are simulated one by one. The result says which of the three it was.

mod closed_form;
mod latency;
mod outcome;
mod plan;
mod simulate;
mod timeouts;

pub use outcome::{CloudWatch, Concurrency, Latency, Method, Traffic};
pub use plan::{Demand, Plan};
pub use simulate::{Arrival, Policy, Simulation, simulate};
pub use timeouts::TimeoutRisk;

pub(super) use plan::traffic;
