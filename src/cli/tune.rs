//! `tune`.

use std::time::Instant;

use crate::host::{Experiments, Project};
use crate::report::{TuneOutcome, TuneProposal, TuneRow};
use crate::tune::Experiment;

use super::args::Global;
use super::build_options::build_options;
use super::configuration::Configuration;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::measure::Asked;
use super::output;
use super::predictor::Predictor;
use super::project::load_project;
use super::terminal::Terminal;
use super::tune_apply;
use super::tune_args::Tune;
use super::tune_bench::Bench;
use super::tune_dependencies;
use super::tune_results::{Results, row};
use super::tune_session::{DEPENDENCIES, Session, choices};
use super::tune_steps::Steps;

pub(super) fn run(flags: &Tune, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let began = Instant::now();
    if flags.build.no_build {
        return Err(CliError::Usage("tune builds the project: leave out --no-build"));
    }
    if flags.apply.is_some() && !flags.yes {
        terminal.refuse_without_person("--apply asks before it writes, and stdin is no terminal: add --yes")?;
    }
    let asked = Asked::of(&flags.start, flags.event.as_deref())?;
    let options = build_options(&flags.build, global);
    let project = load_project(&options, terminal)?;
    let configured = Configuration::of(Some(&project))?;
    let predictor = Predictor::of(flags.start.memory, Some(&configured))?;
    if flags.list {
        let steps = Steps::of(&project, &options, None)?;
        let here = steps.here.iter().map(|step| row(&Experiment::single(step.clone())));
        let experiments = here.chain(steps.not_here()).collect();
        let listed = outcome(flags, &project, &predictor, experiments);
        return print(flags, &listed, terminal);
    }
    let experiments = Experiments::open(&project)?;
    let bench = Bench {
        build: &flags.build,
        options: &options,
        asked: &asked,
        predictor: &predictor,
        experiments: &experiments,
        terminal,
    };
    let mut session = Session {
        results: Results::open(flags, &project, &bench)?,
        bench,
        project: &project,
        began,
        budget_seconds: flags.budget * 60.0,
        reserved_seconds: 0.0,
        rows: Vec::new(),
        baseline_zip: None,
        seconds: Vec::new(),
        ran_out: false,
        test_command: flags.test_command.clone(),
    };
    if let Some(name) = &flags.apply {
        return tune_apply::apply(name, flags, &session, terminal);
    }
    let not_here = match flags.only.as_slice() {
        [] => session.search()?,
        names => session.only(names)?,
    };
    let wants_dependencies = flags.only.is_empty() || flags.only.iter().any(|name| name == DEPENDENCIES);
    let mut proposals: Vec<TuneProposal> = tune_dependencies::unification(&session)?.into_iter().collect();
    if wants_dependencies {
        proposals.extend(tune_dependencies::proposals(&mut session)?);
    }
    session.rows.extend(not_here);
    let mut outcome = outcome(flags, &project, &predictor, session.rows);
    outcome.proposals = proposals;
    outcome.choices = choices(&outcome.experiments);
    if let Some(why) = session.results.unsaved() {
        terminal.note(&format!("note: the next run starts anew, because results could not be kept: {why}"));
    }
    session.results.keep_choices(&outcome.choices)?;
    outcome.spent_seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    outcome.budget_ran_out = session.ran_out;
    print(flags, &outcome, terminal)
}

fn print(flags: &Tune, outcome: &TuneOutcome, terminal: Terminal) -> Result<ExitCode, CliError> {
    let options = output::options(terminal, flags.output.as_deref(), 0);
    terminal.result(&output::tune(outcome, flags.format, &options), flags.output.as_deref())?;
    Ok(ExitCode::Done)
}

fn outcome(flags: &Tune, project: &Project, predictor: &Predictor, experiments: Vec<TuneRow>) -> TuneOutcome {
    TuneOutcome {
        bin: project.bin.name.clone(),
        package: project.root_package().name.clone(),
        target: project.target.clone(),
        profile: flags.build.profile.clone().unwrap_or_else(|| "release".to_owned()),
        rustc: project.rustc_version.clone(),
        event: flags.event.as_ref().map(|path| path.display().to_string()),
        runs: u32::from(flags.start.runs),
        memory_mb: predictor.memory_mb,
        experiments,
        choices: Vec::new(),
        proposals: Vec::new(),
        spent_seconds: 0.0,
        budget_ran_out: false,
    }
}
