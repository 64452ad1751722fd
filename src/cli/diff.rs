//! `diff`.

use crate::policy::diff;

use super::args::Diff;
use super::check::report_or_artifact;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::terminal::Terminal;

pub(super) fn run(flags: &Diff, terminal: Terminal) -> Result<ExitCode, CliError> {
    output::refuse_rows(flags.output.format)?;
    let old = report_or_artifact(&flags.old, terminal)?;
    let new = report_or_artifact(&flags.new, terminal)?;
    let file = flags.output.output.as_deref();
    let options = output::options(terminal, file, flags.rows);
    terminal.result(&output::diff(&diff(&old, &new), flags.output.format, &options)?, file)?;
    Ok(ExitCode::Done)
}
