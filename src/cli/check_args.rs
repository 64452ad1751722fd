//! The flags of `check`, and the budget that they make.

use std::path::PathBuf;

use clap::Args;

use crate::policy::{Budget, Growth, Level, Limit, PartLimit, Rules, TimeLimit};

use super::args::{CheckOutput, Several, Subject};
use super::error::CliError;

/// `check`.
#[derive(Debug, Args)]
#[command(mut_arg("artifact", |arg| arg.index(1)), mut_arg("rustc_args", |arg| arg.index(3)))]
pub(super) struct Check {
    /// What a package must keep.
    #[command(flatten)]
    pub(super) limits: Limits,
    /// What it is compared with.
    #[command(flatten)]
    pub(super) baseline: Baseline,
    /// How it is started where memory is limited.
    #[command(flatten)]
    pub(super) start: StartToMeasure,
    /// Report violations, but exit with 0
    #[arg(long, help_heading = "Budget")]
    pub(super) warn_only: bool,
    /// Append today's sizes, commit and largest crates to this history (JSON lines), whatever the verdict; `trend` draws it
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// How many rows to show (0 for all)
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    pub(super) rows: usize,
    /// What to check; a report of this program will do.
    #[command(flatten)]
    pub(super) subject: Subject,
    /// Several packages.
    #[command(flatten)]
    pub(super) several: Several,
    /// Where the result goes.
    #[command(flatten)]
    pub(super) output: CheckOutput,
}

/// What a package must keep. A LIMIT is a size (50MB, 1.5MiB, 600000), growth over the baseline with a plus sign (+2%, +10KiB), or both
/// with a comma between.
#[derive(Debug, Args)]
#[command(next_help_heading = "Budget")]
pub(super) struct Limits {
    /// Largest zip: a size (50MB, 1.5MiB, 600000), growth over the baseline (+2%, +10KiB, "+2% or 10KiB"), or both with a comma
    #[arg(long, value_name = "LIMIT", env = "LAMBDA_SLIM_MAX_ZIP")]
    max_zip: Option<Limit>,
    /// Largest sum of the files' sizes
    #[arg(long, value_name = "LIMIT", env = "LAMBDA_SLIM_MAX_UNZIPPED")]
    max_unzipped: Option<Limit>,
    /// Largest program that Lambda starts, as a file
    #[arg(long, value_name = "LIMIT", env = "LAMBDA_SLIM_MAX_FILE")]
    max_file: Option<Limit>,
    /// Most memory that init may touch. An artifact is started to measure it, as `measure` does; a report has to be measured
    #[arg(long, value_name = "LIMIT", env = "LAMBDA_SLIM_MAX_TOUCHED")]
    max_touched: Option<Limit>,
    /// Longest predicted init in ms (its median, by the model of LAMBDA_SLIM_MODEL or 'model' in Cargo.toml, else the prior): 120,
    /// +10% or "120, +5ms"
    #[arg(long, value_name = "LIMIT", env = "LAMBDA_SLIM_MAX_INIT_MS")]
    max_init_ms: Option<TimeLimit>,
    /// Largest growth over the baseline of the zip and of the files: "2%", "10KiB", "2% and 10KiB", "2% or 10KiB"
    #[arg(long, value_name = "GROWTH", env = "LAMBDA_SLIM_MAX_GROWTH")]
    max_growth: Option<Growth>,
    /// Largest share of a crate in the files, all its versions together, as hyper=300KiB or "hyper=+5%"; '*' is each other crate
    #[arg(long, value_name = "CRATE=LIMIT", value_parser = part)]
    max_crate: Vec<(String, PartLimit)>,
    /// Largest section in the files, as .text=2MB; '*' is each other section
    #[arg(long, value_name = "SECTION=LIMIT", value_parser = part)]
    max_section: Vec<(String, PartLimit)>,
    /// Growth up to which nothing has grown: "256B", "0.1%"
    #[arg(long, value_name = "GROWTH", env = "LAMBDA_SLIM_NOISE")]
    noise: Option<Growth>,
    /// Fail on a finding or rule: new-dependency, second-version, duplicate-crate, debug-information-shipped, quota-share,
    /// baseline-toolchain-differs... (repeatable)
    #[arg(long, value_name = "CODE")]
    deny: Vec<String>,
    /// Only warn of a finding or rule (repeatable)
    #[arg(long, value_name = "CODE")]
    warn: Vec<String>,
    /// Do not speak of a finding or rule (repeatable)
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
    /// What to say when the check fails: whom to ask, where the rules are
    #[arg(long, value_name = "TEXT", env = "LAMBDA_SLIM_MESSAGE")]
    message: Option<String>,
}

impl Limits {
    /// The budget that the flags and the environment ask for.
    pub(super) fn budget(&self) -> Result<Budget, CliError> {
        let mut rules = Rules::default();
        for (codes, level) in [(&self.allow, Level::Allow), (&self.warn, Level::Warn), (&self.deny, Level::Deny)] {
            codes.iter().try_for_each(|code| rules.set(code, level))?;
        }
        Ok(Budget {
            max_zip: self.max_zip.unwrap_or_default(),
            max_unzipped: self.max_unzipped.unwrap_or_default(),
            max_file: self.max_file.unwrap_or_default(),
            max_touched: self.max_touched.unwrap_or_default(),
            max_growth: self.max_growth,
            max_init_ms: self.max_init_ms.unwrap_or_default(),
            noise: self.noise,
            crates: self.max_crate.iter().cloned().collect(),
            sections: self.max_section.iter().cloned().collect(),
            rules,
            message: self.message.clone(),
        })
    }
}

/// `hyper=300KiB`.
fn part(text: &str) -> Result<(String, PartLimit), String> {
    let (name, limit) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("expected NAME=LIMIT")?;
    let file = limit.parse().map_err(|error: crate::policy::Error| error.to_string())?;
    Ok((name.to_owned(), PartLimit { file, ..PartLimit::default() }))
}

/// What a package is compared with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Baseline")]
pub(super) struct Baseline {
    /// A report, or an artifact
    #[arg(long = "baseline", value_name = "FILE", env = "LAMBDA_SLIM_BASELINE", conflicts_with = "git_ref")]
    pub(super) file: Option<PathBuf>,
    /// The project as this commit, branch or tag has it ('main...' for where HEAD left main): built in a temporary git worktree with
    /// the same flags, and kept by commit and lock file
    #[arg(long = "baseline-ref", value_name = "GITREF", env = "LAMBDA_SLIM_BASELINE_REF")]
    #[arg(conflicts_with_all = ["artifact", "no_build", "update"])]
    pub(super) git_ref: Option<String>,
    /// Write today's report to the baseline file
    #[arg(long = "update-baseline")]
    pub(super) update: bool,
}

/// How a package is started where its memory has a limit.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring memory (with --max-touched)")]
pub(super) struct StartToMeasure {
    /// How many starts are counted
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) runs: u16,
    /// Hand this event (a JSON file) to the function once it is ready
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,
}
