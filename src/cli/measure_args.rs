//! The flags of `measure`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::args::{Format, Subject};

/// How a package is started to be measured.
#[derive(Debug, Args)]
pub(super) struct StartFlags {
    /// How many starts are counted; one more comes before them, uncounted
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) runs: u16,
    /// Let the program have this machine's network. Without it, it has loopback alone, where the system allows
    #[arg(long)]
    pub(super) network: bool,
    /// How long the program may take to start, and then to answer; without it 10 s, as Lambda has it, and 30 s
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=900))]
    pub(super) boot_limit: Option<u16>,
    /// Memory setting in MB for the predicted init, 128 to 10240
    #[arg(long, value_name = "MB", env = "LAMBDA_SLIM_MEMORY")]
    pub(super) memory: Option<u32>,
}

/// `measure`.
#[derive(Debug, Args)]
#[command(mut_arg("package", |arg| arg.action(ArgAction::Set)), mut_arg("bin", |arg| arg.action(ArgAction::Set)))]
pub(super) struct Measure {
    /// How it is started.
    #[command(flatten)]
    pub(super) start: StartFlags,
    /// Hand this event (a JSON file) to the function once it is ready, and time the first answer
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,
    /// Start it as often again with its files out of the page cache: what the disk adds
    #[arg(long)]
    pub(super) cold_cache: bool,
    /// Run programs for another processor with this one, as "qemu-aarch64 -L /usr/aarch64-linux-gnu"; without it they are not run
    #[arg(long, value_name = "COMMAND")]
    pub(super) emulator: Option<String>,
    /// What a row of touched memory is
    #[arg(long, value_name = "WHAT", default_value = "crate")]
    pub(super) by: TouchedBy,
    /// How many rows to show (0 for all)
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    pub(super) rows: usize,
    /// What to measure.
    #[command(flatten)]
    pub(super) subject: Subject,
    /// What the result looks like
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT", help_heading = "Output")]
    pub(super) format: Format,
    /// Write the result to this file instead of stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
}

/// What a row of touched memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TouchedBy {
    /// A crate of the crate graph.
    Crate,
    /// A section of the ELF file.
    Section,
    /// A function or data object.
    Function,
}
