//! `check`: the gate.

use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::host;
use crate::policy::{Budget, check};
use crate::render::json;
use crate::report::Report;

use super::args::{Check, Global};
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::predictor::Predictor;
use super::subject::{Loaded, load_report};
use super::terminal::Terminal;

/// Mode of a baseline: `rw-r--r--`.
const BASELINE_MODE: u32 = 0o644;

pub(super) fn run(flags: &Check, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let (mut report, configuration) = report(flags, global, terminal)?;
    let asked = Budget {
        max_zip: flags.max_zip,
        max_unzipped: flags.max_unzipped,
        max_growth: flags.max_growth,
        max_init_ms: flags.max_init_ms,
    };
    let budget = asked.or(configuration.budget);
    if budget.max_init_ms.is_some() {
        report.estimate = Predictor::of(None, Some(&configuration))?.predict(&report)?;
    }
    let baseline_path = flags.baseline.clone().or(configuration.baseline);
    if flags.update_baseline {
        let path = baseline_path.as_deref();
        let path =
            path.ok_or(CliError::Usage("--update-baseline needs --baseline FILE, or 'baseline' in Cargo.toml"))?;
        host::replace(path, json::report(&report).as_bytes(), Some(BASELINE_MODE))?;
        terminal.note(&format!("note: wrote {}", path.display()));
    }
    let baseline = match baseline_path.as_deref() {
        // Growth is growth over what was just written: none. Absolute limits hold all the same.
        Some(_) if flags.update_baseline => Some(report.clone()),
        Some(path) if !path.exists() => return Err(CliError::NoBaseline { path: path.to_owned() }),
        Some(path) => Some(report_or_artifact(path, &[], Detail::Crates)?),
        None => None,
    };
    let verdict = check(&report, baseline.as_ref(), &budget)?;
    let file = flags.output.output.as_deref();
    let printed = output::verdict(&verdict, flags.output.format, &output::options(terminal, file, flags.rows));
    terminal.result(&printed, file)?;
    Ok(if verdict.passed() || flags.warn_only { ExitCode::Done } else { ExitCode::Violation })
}

fn report(flags: &Check, global: &Global, terminal: Terminal) -> Result<(Report, Configuration), CliError> {
    if let Some(path) = flags.subject.artifact.as_deref().filter(|path| host::looks_like_json(path)) {
        let configuration = Configuration::find(&flags.subject, None, global, terminal)?;
        return Ok((load_report(path)?, configuration));
    }
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let configuration = Configuration::find(&flags.subject, loaded.project.as_ref(), global, terminal)?;
    Ok((loaded.report(Detail::Crates, &slim_options_of(&loaded)?, terminal)?, configuration))
}

/// A report, or an artifact that becomes one with the help of these symbols.
pub(super) fn report_or_artifact(path: &Path, symbols: &[PathBuf], detail: Detail) -> Result<Report, CliError> {
    if host::looks_like_json(path) {
        if !symbols.is_empty() {
            return Err(CliError::Usage("symbols are for an artifact: a report has its names already"));
        }
        return load_report(path);
    }
    let loaded = Loaded::named(path)?.with_symbols(symbols)?;
    loaded.report_as_it_is(&loaded.package()?, detail)
}
