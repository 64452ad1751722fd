//! What is known of experiments from this run and earlier ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::host::{self, Experiments, HostError, Project, TreeFileKind};
use crate::report::{TuneChoice, TuneFigures, TuneRow, TuneStatus};
use crate::tune::Experiment;

use super::error::CliError;
use super::predictor::Predictor;
use super::tune_args::Tune;
use super::tune_bench::{Bench, Failed};

/// More than any project has under way at one time.
const MOST_KEPT: usize = 2_000;

/// How an experiment ended, for the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    status: TuneStatus,
    reason: Option<String>,
    figures: Option<TuneFigures>,
}

/// What the last run chose, for `--apply`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Chosen {
    sources: String,
    by_rule: BTreeMap<String, String>,
}

/// Results by what they depend on.
pub(super) struct Results<'a> {
    experiments: &'a Experiments,
    /// What is built.
    sources: String,
    /// The same, and how it is measured.
    inputs: String,
    records: BTreeMap<String, Record>,
    unsaved: Option<HostError>,
}

impl<'a> Results<'a> {
    pub(super) fn open(flags: &Tune, project: &Project, bench: &Bench<'a>) -> Result<Self, CliError> {
        let asked = how_it_is_measured(flags, bench.predictor)?;
        let event = bench.asked.event.as_deref().unwrap_or_default();
        let inputs = host::hash_inputs(project, bench.options, &[asked.as_slice(), event])?;
        let sources = host::hash_inputs(project, bench.options, &[])?;
        Ok(Self {
            experiments: bench.experiments,
            sources,
            inputs,
            records: bench.experiments.results(),
            unsaved: None,
        })
    }

    /// What was found of an experiment, where nothing that it depends on has changed.
    pub(super) fn known(&self, experiment: &Experiment) -> Option<TuneRow> {
        let Record { status, reason, figures } = self.records.get(&self.key(&known_as(experiment)))?.clone();
        Some(TuneRow { status, reason, figures, from_earlier_run: true, ..row(experiment) })
    }

    /// The experiment that the last run chose by a rule, where the sources are still the same: whatever it was measured with.
    pub(super) fn chosen(&self, rule: &str) -> Option<String> {
        let chosen: Chosen = self.experiments.choices();
        chosen.by_rule.get(rule).filter(|_| chosen.sources == self.sources).cloned()
    }

    pub(super) fn keep_choices(&self, choices: &[TuneChoice]) -> Result<(), CliError> {
        let by_rule = choices.iter().map(|choice| (choice.rule.clone(), choice.experiment.clone())).collect();
        Ok(self.experiments.keep_choices(&Chosen { sources: self.sources.clone(), by_rule })?)
    }

    /// True where the baseline that is kept is of these sources.
    pub(super) fn knows_sources(&self) -> bool {
        self.experiments.choices::<Chosen>().sources == self.sources
    }

    /// Keeps what was found; failures only where they would come again.
    pub(super) fn keep(&mut self, experiment: &Experiment, found: &Result<TuneFigures, Failed>) -> TuneRow {
        let (record, is_lasting) = match found {
            Ok(figures) => {
                (Record { status: TuneStatus::Measured, reason: None, figures: Some(figures.clone()) }, true)
            }
            Err(Failed { status, reason, for_good, .. }) => {
                (Record { status: *status, reason: Some(reason.clone()), figures: None }, *for_good)
            }
        };
        let Record { status, reason, figures } = record.clone();
        if is_lasting {
            self.insert(&known_as(experiment), record);
        }
        TuneRow { status, reason, figures, ..row(experiment) }
    }

    /// What was found of a change that is no experiment of the search, by a text that tells it apart.
    pub(super) fn known_trial(&self, trial: &str) -> Option<Result<TuneFigures, String>> {
        let record = self.records.get(&self.key(trial))?.clone();
        Some(record.figures.ok_or(record.reason.unwrap_or_default()))
    }

    pub(super) fn keep_trial(&mut self, trial: &str, found: &Result<TuneFigures, Failed>) {
        match found {
            Ok(figures) => {
                let figures = Some(figures.clone());
                self.insert(trial, Record { status: TuneStatus::Measured, reason: None, figures });
            }
            Err(Failed { status, reason, for_good: true, .. }) => {
                self.insert(trial, Record { status: *status, reason: Some(reason.clone()), figures: None });
            }
            Err(_) => {}
        }
    }

    fn insert(&mut self, what: &str, record: Record) {
        self.records.insert(self.key(what), record);
        if self.records.len() > MOST_KEPT {
            let inputs = &self.inputs;
            self.records.retain(|key, _| key.starts_with(inputs));
        }
        // A disk that is full now ends no run: what is found is shown at its end, and the next run builds it again.
        self.unsaved = self.experiments.keep(&self.records).err();
    }

    /// Why the last result was not kept.
    pub(super) const fn unsaved(&self) -> Option<&HostError> {
        self.unsaved.as_ref()
    }

    fn key(&self, what: &str) -> String {
        format!("{} {what}", self.inputs)
    }
}

/// The row of an experiment of which nothing is known.
pub(super) fn row(experiment: &Experiment) -> TuneRow {
    let mut settings: Vec<String> = experiment.profile().iter().map(crate::cargo::ProfileSetting::as_line).collect();
    settings.extend(experiment.rustflags().into_iter().map(|flag| format!("rustflags: {flag}")));
    settings.extend(experiment.link_flags().into_iter().map(|flag| format!("link: {flag}")));
    if experiment.orders_for_compression() {
        settings.push("link: functions in the order in which they compress best (`layout --no-trace`)".to_owned());
    }
    if experiment.is_whole_workspace() {
        settings.push("cargo build --workspace".to_owned());
    }
    TuneRow {
        name: experiment.name(),
        status: TuneStatus::NotHere,
        reason: None,
        settings,
        changes: experiment.behaviour(),
        reference: experiment.is_reference(),
        figures: None,
        from_earlier_run: false,
    }
}

/// A name may come to mean something else: with another compiler, other crates are hot.
fn known_as(experiment: &Experiment) -> String {
    let settings = serde_json::to_string(experiment).expect("an experiment has text keys and writes to memory");
    format!("{} {settings}", experiment.name())
}

/// Flags, and files that they name, on which figures depend.
fn how_it_is_measured(flags: &Tune, predictor: &Predictor) -> Result<Vec<u8>, CliError> {
    let start = &flags.start;
    let mut bytes = format!(
        "{} {} {} {:?} {:?} {} {:?}",
        env!("CARGO_PKG_VERSION"),
        start.runs,
        start.network,
        start.boot_limit,
        predictor,
        flags.build.no_order,
        flags.build.include
    )
    .into_bytes();
    if let Some(path) = &flags.build.order_file {
        bytes.extend(host::read_text(path)?.into_bytes());
    }
    for file in host::read_included(std::path::Path::new("."), &flags.build.include)? {
        bytes.extend(file.path.as_bytes());
        match &file.kind {
            TreeFileKind::File(contents) => bytes.extend_from_slice(contents),
            TreeFileKind::Symlink(target) => bytes.extend(target.as_bytes()),
        }
    }
    Ok(bytes)
}
