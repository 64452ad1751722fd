//! lambda-slim: makes AWS Lambda deployment packages smaller and faster to start.

pub mod archive;
pub mod attribution;
pub mod cargo;
#[cfg(feature = "cli")]
pub mod cli;
pub mod deflate;
pub mod elf;
pub mod estimate;
pub mod host;
pub mod package;
pub mod policy;
pub mod render;
pub mod report;
pub mod slim;
pub mod units;
