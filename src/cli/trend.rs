//! `trend`, and the line that `check --record` adds to a history.

use std::path::Path;

use crate::host;
use crate::policy::{History, Record, trend};
use crate::report::Report;

use super::configuration::Configuration;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::predictor::Predictor;
use super::subject::source_date;
use super::terminal::Terminal;
use super::trend_args::Trend;

pub(super) fn run(flags: &Trend, terminal: Terminal) -> Result<ExitCode, CliError> {
    if !flags.history.exists() {
        return Err(CliError::NoHistory { path: flags.history.clone() });
    }
    let history = terminal.timed("read the history", || host::read_text(&flags.history))?;
    let history = History::parse(&history);
    let file = flags.output.as_deref();
    let options = output::options(terminal, file, 0);
    let printed = terminal.timed("render", || output::trend(&trend(&history, flags.records), flags.format, &options));
    terminal.result(&printed, file)?;
    Ok(ExitCode::Done)
}

/// Adds what the report has to remember.
pub(super) fn record(file: &Path, report: &Report, configuration: &Configuration) -> Result<(), CliError> {
    let init = match &report.estimate {
        Some(estimate) => Some(estimate.init_ms.p50),
        None => {
            let estimate = Predictor::of(None, Some(configuration))?.predict(report)?;
            estimate.map(|estimate| estimate.init_ms.p50)
        }
    };
    let seconds = source_date()?.unwrap_or_else(host::seconds_since_1970);
    Ok(host::append(file, Record::of(report, init, host::commit(), seconds).line().as_bytes())?)
}
