//! The flags of `tune`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::args::{Build, Format};
use super::measure_args::StartFlags;

/// `tune`.
#[derive(Debug, Args)]
#[command(mut_arg("package", |arg| arg.action(ArgAction::Set)), mut_arg("bin", |arg| arg.action(ArgAction::Set)))]
pub(super) struct Tune {
    /// Hand this event (a JSON file) to each build: its first answer is timed, and must be that of the project's own build
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,
    /// How long to go on, in minutes; the project's own build is always finished. The same command goes on where it stopped
    #[arg(long, value_name = "MINUTES", default_value_t = 60.0, value_parser = minutes)]
    pub(super) budget: f64,
    /// Build these experiments only, beside the project's own build; '+' joins several steps, ',' separates (repeatable). 'dependencies' tries other
    /// features and versions of what the program depends on
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Before a change of dependencies is proposed, run this in a copy of the project (by the shell, with CARGO_TARGET_DIR set), and propose it
    /// only where it ends with 0: 'cargo test'
    #[arg(long, value_name = "COMMAND")]
    pub(super) test_command: Option<String>,
    /// Show which experiments there are, and what each changes; build nothing
    #[arg(long, conflicts_with_all = ["only", "apply"])]
    pub(super) list: bool,
    /// Write an experiment's settings to the profile in Cargo.toml, after showing what changes: an experiment's name, or 'smallest', 'balanced',
    /// 'same-behaviour' as the last run chose
    #[arg(long, value_name = "NAME", conflicts_with = "only")]
    pub(super) apply: Option<String>,
    /// Write without asking
    #[arg(long, requires = "apply")]
    pub(super) yes: bool,
    /// How each build is started.
    #[command(flatten)]
    pub(super) start: StartFlags,
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT", help_heading = "Output")]
    pub(super) format: Format,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// How to build the project.
    #[command(flatten)]
    pub(super) build: Build,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes.is_finite() && minutes >= 0.0 => Ok(minutes),
        _ => Err("expected a number of minutes".to_owned()),
    }
}
