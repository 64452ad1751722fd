//! One run of experiments: what is known, what is built next, and when the budget is over.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::host::{self, Project};
use crate::report::{Report, TuneChoice, TuneFigures, TuneRow, TuneStatus};
use crate::tune::{Experiment, Known, Measured, choose, next};
use crate::units::{ByteSize, Millis};

use super::error::CliError;
use super::report_file::load_report;
use super::slim::ZIP_MODE;
use super::subject::Loaded;
use super::tune_bench::{Bench, Tried};
use super::tune_results::Results;
use super::tune_steps::Steps;

/// Name in `--only` for other dependencies.
pub(super) const DEPENDENCIES: &str = "dependencies";

/// What builds are chosen by, as `--apply` names it.
pub(super) const RULES: [&str; 3] = ["smallest", "balanced", "same-behaviour"];

/// Name of the project's own build.
pub(super) const BASELINE: &str = "baseline";

/// Share of the budget that is kept for other dependencies where everything is to be tried.
const FOR_DEPENDENCIES: f64 = 0.25;

/// One run of experiments.
pub(super) struct Session<'a> {
    pub(super) bench: Bench<'a>,
    pub(super) results: Results<'a>,
    pub(super) project: &'a Project,
    pub(super) began: Instant,
    pub(super) budget_seconds: f64,
    /// Of them, for what comes after the search.
    pub(super) reserved_seconds: f64,
    /// What was found, in the order of the search.
    pub(super) rows: Vec<TuneRow>,
    /// The package of the project's own build.
    pub(super) baseline_zip: Option<Loaded>,
    /// How long each experiment of this run took.
    pub(super) seconds: Vec<f64>,
    pub(super) ran_out: bool,
    /// What a change of dependencies must pass.
    pub(super) test_command: Option<String>,
}

impl Session<'_> {
    /// All steps, and combinations of the best, as long as the budget lasts. Returns what cannot be tried here.
    pub(super) fn search(&mut self) -> Result<Vec<TuneRow>, CliError> {
        self.baseline()?;
        let report = self.baseline_report();
        let steps = Steps::of(self.project, self.bench.options, report.as_ref())?;
        let total = steps.here.len() + 1;
        self.reserved_seconds = self.budget_seconds * FOR_DEPENDENCIES;
        while let Some(experiment) = next(&steps.here, &|name| known(&self.rows, name)) {
            if !self.carry_out(&experiment, &format!("{}/{}", self.rows.len() + 1, total.max(self.rows.len() + 1)))? {
                break;
            }
        }
        self.reserved_seconds = 0.0;
        Ok(steps.not_here())
    }

    /// The experiments of these names.
    pub(super) fn only(&mut self, names: &[String]) -> Result<Vec<TuneRow>, CliError> {
        // A name that does not exist is told before anything is built.
        let all = Steps::of(self.project, self.bench.options, None)?.all();
        for name in names.iter().filter(|name| **name != DEPENDENCIES) {
            Experiment::named(name, &all)?;
        }
        self.baseline()?;
        let report = self.baseline_report();
        let steps = Steps::of(self.project, self.bench.options, report.as_ref())?;
        let all_not_here = steps.not_here();
        let is_not_here = |name: &String| all_not_here.iter().find(|row| row.name == *name);
        let not_here: Vec<TuneRow> = names.iter().filter_map(is_not_here).cloned().collect();
        let wanted = names.iter().filter(|name| is_not_here(name).is_none() && **name != DEPENDENCIES);
        let wanted: Vec<Experiment> =
            wanted.map(|name| Experiment::named(name, &steps.here)).collect::<Result<_, _>>()?;
        let total = wanted.len() + 1;
        for experiment in wanted {
            if known(&self.rows, &experiment.name()).is_some() {
                continue;
            }
            if !self.carry_out(&experiment, &format!("{}/{total}", self.rows.len() + 1))? {
                break;
            }
        }
        Ok(not_here)
    }

    /// The project's own build, measured now or before.
    fn baseline(&mut self) -> Result<(), CliError> {
        let baseline = Experiment::baseline();
        let zip_path = self.bench.experiments.baseline_path();
        if let Some(row) = self.results.known(&baseline)
            && let Some(figures) = &row.figures
            && host::size_of(&zip_path) == figures.zip_bytes
            && host::size_of(&self.report_path()) > ByteSize::ZERO
        {
            self.say(&row, "1");
            self.rows.push(row);
        } else {
            let began = Instant::now();
            self.bench.terminal.note("tune: baseline: building the project as it is");
            let tried = match self.bench.carry_out(&baseline, None) {
                Ok(tried) => tried,
                Err(failed) => {
                    self.bench.terminal.cargo_says(failed.said.as_bytes());
                    return Err(CliError::BaselineFailed { reason: failed.reason });
                }
            };
            let Tried { figures, report, zip, answered } = tried;
            host::replace(&zip_path, &zip, Some(ZIP_MODE))?;
            if let Some(reason) = self.bench.error_answered(&Loaded::named(&zip_path)?)? {
                return Err(CliError::BaselineFailed { reason });
            }
            let report = serde_json::to_vec(&answered.unwrap_or(report)).expect("a report has text keys");
            host::replace(&self.report_path(), &report, None)?;
            let row = self.results.keep(&baseline, &Ok(figures));
            self.took(began.elapsed());
            self.say(&row, "1");
            self.rows.push(row);
        }
        self.baseline_zip = Some(Loaded::named(&zip_path)?);
        Ok(())
    }

    /// False where the budget does not allow it.
    fn carry_out(&mut self, experiment: &Experiment, number: &str) -> Result<bool, CliError> {
        if let Some(row) = self.results.known(experiment) {
            self.say(&row, number);
            self.rows.push(row);
            return Ok(true);
        }
        if self.is_out_of_time() {
            return Ok(false);
        }
        let began = Instant::now();
        let spinner = self.bench.terminal.spinner_over(format!("{number} {}", experiment.name()));
        let found = self.bench.carry_out(experiment, self.baseline_zip.as_ref()).map(|tried| tried.figures);
        spinner.finish_and_clear();
        let row = self.results.keep(experiment, &found);
        self.took(began.elapsed());
        self.say(&row, number);
        self.rows.push(row);
        Ok(true)
    }

    /// True where another experiment, as long as those of this run were on average, would end after the budget.
    fn is_over_budget(&self) -> bool {
        let count = u32::try_from(self.seconds.len()).unwrap_or(u32::MAX);
        let average = if count == 0 { 0.0 } else { self.seconds.iter().sum::<f64>() / f64::from(count) };
        self.began.elapsed().as_secs_f64() + average > self.budget_seconds - self.reserved_seconds
    }

    /// The same, and remembered: the run then says that there is more.
    pub(super) fn is_out_of_time(&mut self) -> bool {
        let over = self.is_over_budget();
        self.ran_out |= over;
        over
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.seconds.push(time.as_secs_f64());
    }

    /// What was measured of an experiment in this run or before.
    pub(super) fn figures(&self, name: &str) -> Option<TuneFigures> {
        self.rows.iter().find(|row| row.name == name)?.figures.clone()
    }

    /// The package of the project's own build.
    pub(super) const fn baseline_package(&self) -> Option<&Loaded> {
        self.baseline_zip.as_ref()
    }

    fn say(&self, row: &TuneRow, number: &str) {
        let earlier = if row.from_earlier_run { " (known from before)" } else { "" };
        let what = match (&row.figures, &row.reason) {
            (Some(figures), _) => {
                let change = self.figures(BASELINE).map(|baseline| change(&baseline, figures)).unwrap_or_default();
                format!("zip {} bytes{change}, built in {} s", figures.zip_bytes.get(), figures.build_seconds)
            }
            (None, reason) => format!("failed: {}", reason.as_deref().unwrap_or_default()),
        };
        self.bench.terminal.note(&format!("tune: [{number}] {}: {what}{earlier}", row.name));
    }

    /// The report of the project's own build, with what was in memory once it had answered.
    pub(super) fn baseline_report(&self) -> Option<Report> {
        load_report(&self.report_path()).ok()
    }

    fn report_path(&self) -> PathBuf {
        self.bench.experiments.baseline_path().with_extension("json")
    }
}

/// How a build differs from the baseline, for a line of progress.
fn change(baseline: &TuneFigures, figures: &TuneFigures) -> String {
    if figures.zip_sha256 == baseline.zip_sha256 {
        return " (the same program)".to_owned();
    }
    let percent = figures.zip_bytes.since(baseline.zip_bytes).magnitude().percent_of(baseline.zip_bytes);
    let sign = if figures.zip_bytes < baseline.zip_bytes { "-" } else { "+" };
    percent.map(|percent| format!(", {sign}{percent:.1} %")).unwrap_or_default()
}

fn known(rows: &[TuneRow], name: &str) -> Option<Known> {
    let row = rows.iter().find(|row| row.name == name)?;
    Some(match (&row.figures, row.status) {
        (Some(figures), TuneStatus::Measured) => Known::Zip(figures.zip_bytes),
        _ => Known::Failed,
    })
}

/// The builds to take, each by its rule.
pub(super) fn choices(rows: &[TuneRow]) -> Vec<TuneChoice> {
    let measured: Vec<Measured> = rows.iter().filter_map(measured).collect();
    let chosen = choose(&measured);
    let Some(baseline) = measured.first() else { return Vec::new() };
    let rules = [
        (RULES[0], "the smallest zip", chosen.smallest),
        (
            RULES[1],
            "the smallest zip of those that take at most 5 % (and what the baseline's own runs differ by) more processor time, with a predicted init that is no longer",
            chosen.balanced,
        ),
        (RULES[2], "the smallest balanced one that changes nothing but size and speed", chosen.same_behaviour),
    ];
    let choice = |(rule, means, name): (&str, &str, Option<String>)| {
        let one = measured.iter().find(|one| Some(&one.name) == name.as_ref())?;
        Some(TuneChoice {
            rule: rule.to_owned(),
            means: means.to_owned(),
            experiment: one.name.clone(),
            zip_delta_bytes: one.zip.since(baseline.zip),
        })
    };
    rules.into_iter().filter_map(choice).collect()
}

fn measured(row: &TuneRow) -> Option<Measured> {
    let figures = row.figures.as_ref()?;
    let start = figures.start.as_ref();
    let cpu = start.map(|start| start.event_cpu_ms.unwrap_or(start.init_cpu_ms));
    Some(Measured {
        name: row.name.clone(),
        zip: figures.zip_bytes,
        cpu: cpu.map(|cpu| [cpu.median, cpu.min, cpu.max]),
        init: start.and_then(|start| start.init_ms).map(|init| Millis::new(init.p50)),
        same_behaviour: row.changes.is_empty(),
        is_reference: row.reference,
    })
}
