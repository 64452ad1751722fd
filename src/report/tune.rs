//! What a function becomes when it is built otherwise.

use serde::{Deserialize, Serialize};

use crate::estimate::Interval;
use crate::measure::Spread;
use crate::units::{ByteDelta, ByteSize, Millis};

/// Build experiments of one program, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneOutcome {
    /// The program.
    pub bin: String,
    /// The package that builds it.
    pub package: String,
    /// What it was built for; `None` where cargo chose.
    pub target: Option<String>,
    /// The profile that was changed.
    pub profile: String,
    /// What `rustc --version` says.
    pub rustc: String,
    /// The event that each build answered; `None` where each was started to the end of init only.
    pub event: Option<String>,
    /// How many starts of each build were counted.
    pub runs: u32,
    /// Memory setting of the predictions, in MB.
    pub memory_mb: u32,
    /// All experiments, the project's own build first; those that were built come in the order in which they were.
    pub experiments: Vec<TuneRow>,
    /// Which to take, by which rule.
    pub choices: Vec<TuneChoice>,
    /// What would become smaller with other dependencies.
    pub proposals: Vec<TuneProposal>,
    /// How long this run took.
    pub spent_seconds: f64,
    /// True where the budget ran out before everything was tried: the same command goes on.
    pub budget_ran_out: bool,
}

/// How an experiment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TuneStatus {
    /// It was built and, where this machine can start it, started.
    Measured,
    /// It does not compile or link.
    BuildFailed,
    /// It does not start, or does not answer.
    StartFailed,
    /// It answers the event otherwise than the project's own build.
    AnswersDiffer,
    /// It makes no package, or one that cannot be slimmed.
    PackageFailed,
    /// It cannot be tried here.
    NotHere,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneRow {
    /// `baseline`, or steps joined by `+`.
    pub name: String,
    /// How it ended.
    pub status: TuneStatus,
    /// Why it failed or was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it sets: lines as they stand in `[profile.<profile>]`, and flags for rustc.
    pub settings: Vec<String>,
    /// What becomes different for whoever runs or debugs the program.
    pub changes: Vec<String>,
    /// True where it only shows what somebody ships.
    #[serde(default)]
    pub reference: bool,
    /// Its figures; `None` unless it was measured.
    pub figures: Option<TuneFigures>,
    /// True where an earlier run measured it, and nothing has changed since.
    #[serde(default)]
    pub from_earlier_run: bool,
}

/// What was measured of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneFigures {
    /// Size of the zip that `slim` makes of it.
    pub zip_bytes: ByteSize,
    /// Size of a zip without `slim`: the program without its symbols, as zip tools compress it by default.
    pub plain_zip_bytes: ByteSize,
    /// Size of the program in the slimmed package.
    pub file_bytes: ByteSize,
    /// SHA-256 of the slimmed zip in hex: equal programs are known by it.
    pub zip_sha256: String,
    /// How long cargo took, with what the experiments before had built already.
    pub build_seconds: f64,
    /// Its start; `None` where this machine cannot run it.
    pub start: Option<TuneStart>,
    /// How its answer was compared with the baseline's; `None` without an event, and of the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// How a build starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneStart {
    /// Memory that is touched at the end of init: pages of the package's files, and memory of no file.
    pub touched_bytes: ByteSize,
    /// Page faults that read nothing from disk.
    pub minor_faults: u64,
    /// Processor time of init.
    pub init_cpu_ms: Spread<Millis>,
    /// Processor time of the first event.
    pub event_cpu_ms: Option<Spread<Millis>>,
    /// Predicted `Init Duration` on Lambda.
    pub init_ms: Option<Interval>,
}

/// A build to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneChoice {
    /// `smallest`, `balanced` or `same-behaviour`: `--apply` takes it as a name.
    pub rule: String,
    /// The rule in words.
    pub means: String,
    /// The experiment.
    pub experiment: String,
    /// Its zip less the baseline's.
    pub zip_delta_bytes: ByteDelta,
}

/// How sure a proposal's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    /// It was built, and compared with the baseline.
    Measured,
    /// From the bytes that the crate and what only it brings in take today.
    Estimated,
}

/// Other dependencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneProposal {
    /// `feature-unification`, `default-features`, `duplicate-crate` or `heavy-choice`.
    pub code: String,
    /// The crate that it is about.
    pub subject: String,
    /// What to do and why, in a sentence or two.
    pub message: String,
    /// The lines of a manifest, or the commands, that do it.
    pub lines: Vec<String>,
    /// How sure it is.
    pub sure: Sureness,
    /// What leaves the slimmed zip; `None` where only the file's bytes are known.
    pub saves_zip_bytes: Option<ByteDelta>,
    /// What leaves the program's file, at most where it is estimated.
    pub saves_file_bytes: Option<ByteDelta>,
    /// What the predicted init loses, in its median.
    pub saves_init_ms: Option<f64>,
    /// Where the advice comes from and the day it was read; `None` for what was measured here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl TuneOutcome {
    /// The experiment of that name.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<&TuneRow> {
        self.experiments.iter().find(|row| row.name == name)
    }
}
