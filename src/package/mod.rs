//! A deployment package: its files, their roles, Lambda's quotas, and what would keep it from starting.

mod finding;
mod role;

pub use finding::{Finding, Severity};
pub use role::Role;
