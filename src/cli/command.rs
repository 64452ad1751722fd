//! The commands, as clap reads them.

use clap::{Parser, Subcommand};

use super::args::{Analyze, Diff, Global, Slim};
use super::check_args::Check;
use super::estimate_args::{Calibrate, Estimate};
use super::examples;
use super::layout_args::Layout;
use super::measure_args::Measure;
use super::merge_args::Merge;
use super::trend_args::Trend;
use super::tune_args::Tune;

/// Makes AWS Lambda deployment packages smaller and faster to start.
///
/// Shows which dependency costs which bytes, rewrites the package without changing the program, predicts its cold start,
/// and stops a build that makes it grow.
#[derive(Debug, Parser)]
#[command(name = "lambda-slim", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done and within budget; 1 the gate found a regression; 2 trouble (usage, input, build, proof)."
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub(super) global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Shows where the bytes of a package go: by crate, section, function, generic function or file
    #[command(after_help = examples::ANALYZE)]
    Analyze(Analyze),
    /// Writes a smaller package of the same program, proven to load alike
    #[command(after_help = examples::SLIM)]
    Slim(Slim),
    /// Predicts the cold start, with intervals and sources
    #[command(after_help = examples::ESTIMATE)]
    Estimate(Estimate),
    /// Learns from logs, traces and metrics of your own functions, and writes a model for `estimate`
    #[command(after_help = examples::CALIBRATE)]
    Calibrate(Calibrate),
    /// Starts a package against a local Lambda Runtime API: memory that init touches, page faults, time, by crate
    #[command(after_help = examples::MEASURE)]
    Measure(Measure),
    /// Links the project's program anew: functions of a start first, the rest in the order in which it compresses best
    #[command(after_help = examples::LAYOUT)]
    Layout(Layout),
    /// Builds the project's program otherwise, in target folders of its own: zip, memory and time of each experiment beside what it changes
    #[command(after_help = examples::TUNE)]
    Tune(Tune),
    /// Fails when a package is over its budget or grew too much
    #[command(after_help = examples::CHECK)]
    Check(Box<Check>),
    /// Joins reports of several runs, as `--partition` makes them, into one
    #[command(after_help = examples::MERGE)]
    Merge(Merge),
    /// Draws the history that `check --record` writes
    #[command(after_help = examples::TREND)]
    Trend(Trend),
    /// Compares two artifacts or reports, by crate, section or function
    #[command(after_help = examples::DIFF)]
    Diff(Diff),
    /// Prints the JSON Schema of the report (`--format json`)
    #[command(after_help = examples::SCHEMA)]
    Schema,
    /// Prints a shell's completion script
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page
    #[command(after_help = examples::MAN)]
    Man,
}
