//! The arguments of `trend`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `trend`.
#[derive(Debug, Args)]
pub(super) struct Trend {
    /// The history that `check --record FILE` wrote
    #[arg(value_name = "FILE")]
    pub(super) history: PathBuf,
    /// How many of the last records to show (0 for all)
    #[arg(short = 'n', value_name = "N", default_value_t = 0)]
    pub(super) records: usize,
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: TrendFormat,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What a trend looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TrendFormat {
    /// Lines of bars and tables for people.
    Text,
    /// For programs.
    Json,
    /// Tables for pull requests.
    Markdown,
    /// One drawing, light or dark as the screen is.
    Svg,
    /// One page to open in a browser: charts to walk through, and every record in a table.
    Html,
}
