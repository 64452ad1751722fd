//! `analyze`.

use crate::attribution::Detail;

use super::args::{Analyze, By, Global, TableFormat};
use super::configuration::slim_options_of;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::subject::Loaded;
use super::terminal::Terminal;

pub(super) fn run(flags: &Analyze, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let options = output::analyze_options(flags, terminal)?;
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let functions = matches!(flags.by, By::Function | By::Generic) || flags.output.format == TableFormat::Folded;
    let detail = if functions { Detail::Functions } else { Detail::Crates };
    let spinner = terminal.spinner("attributing");
    let report = loaded.report(detail, &slim_options_of(&loaded)?, terminal)?;
    spinner.finish_and_clear();
    let printed = match &flags.why {
        Some(krate) => output::why(&report, krate, flags.output.format, &options)?,
        None => output::report(&report, flags.output.format, &options),
    };
    terminal.result(&printed, flags.output.output.as_deref())?;
    Ok(ExitCode::Done)
}
