//! `merge`: reports of several runs as those of one.

use crate::render::json;
use crate::report::Reports;

use super::error::CliError;
use super::exit_code::ExitCode;
use super::merge_args::Merge;
use super::report_file::load_reports;
use super::terminal::Terminal;

pub(super) fn run(flags: &Merge, terminal: Terminal) -> Result<ExitCode, CliError> {
    let (mut packages, mut failures) = (Vec::new(), Vec::new());
    for path in &flags.reports {
        let reports = load_reports(path)?;
        packages.extend(reports.packages);
        failures.extend(reports.failures);
    }
    let merged = Reports::new(packages, failures)?;
    terminal.result(&json::reports(&merged), flags.output.as_deref())?;
    if merged.failures.is_empty() {
        return Ok(ExitCode::Done);
    }
    for failure in &merged.failures {
        Terminal::failure(failure);
    }
    Ok(ExitCode::Trouble)
}
