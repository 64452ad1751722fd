//! The flags of `merge`.

use std::path::PathBuf;

use clap::Args;

/// `merge`.
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// Reports in JSON, each of one or of several packages
    #[arg(value_name = "REPORT", required = true)]
    pub(super) reports: Vec<PathBuf>,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
}
