//! The flags of `layout`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::args::{Build, Format, rewrites};
use super::measure_args::StartFlags;
use crate::slim::Rewrite;

/// `layout`.
#[derive(Debug, Args)]
#[command(mut_arg("package", |arg| arg.action(ArgAction::Set)), mut_arg("bin", |arg| arg.action(ArgAction::Set)))]
pub(super) struct Layout {
    /// The zip to write; the default is target/lambda/<bin>/bootstrap.zip
    #[arg(short, long, value_name = "OUT.zip")]
    pub(super) output: Option<PathBuf>,
    /// Hand this event (a JSON file) to the function: what it calls comes behind what init calls, and its answer must stay the same
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,
    /// Trace nothing: apply the order file that is there; where there is none, order for compression alone
    #[arg(long)]
    pub(super) no_trace: bool,
    /// Link the program for a fixed address. Gives up the random address of the executable (libraries, heap and stack keep theirs);
    /// saves the copies of pages that are relocated at each start
    #[arg(long)]
    pub(super) static_relocations: bool,
    /// Let the linker (lld) merge functions of equal code. Gives up that two functions always have two addresses
    #[arg(long)]
    pub(super) icf: bool,
    /// How it is started, before and after.
    #[command(flatten)]
    pub(super) start: StartFlags,
    /// Add a rewrite that gives something up, as `slim` has them (repeatable)
    #[arg(long, value_name = "NAME", value_parser = rewrites(|rewrite| rewrite.level().is_none()))]
    pub(super) with: Vec<Rewrite>,
    /// What the result looks like on stdout
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LAMBDA_SLIM_FORMAT")]
    pub(super) format: Format,
    /// How to build the project.
    #[command(flatten)]
    pub(super) build: Build,
}
