//! `analyze`.

use crate::attribution::{Detail, WhyQuery};

use super::args::{Analyze, By, Global, TableFormat};
use super::configuration::slim_options_of;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::subject::Loaded;
use super::terminal::Terminal;

pub(super) fn run(flags: &Analyze, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let options = output::analyze_options(flags, terminal)?;
    if flags.why.is_some() && matches!(flags.output.format, TableFormat::Folded | TableFormat::Html) {
        return Err(output::WHY_IS_NO_TREE);
    }
    if flags.filter.is_some() && flags.output.format == TableFormat::Html {
        return Err(output::PAGE_IS_WHOLE);
    }
    let mut loaded = Loaded::new(&flags.subject, global, terminal)?;
    let query = |krate: &String| WhyQuery { krate: krate.clone(), most_paths: flags.rows };
    loaded.why = flags.why.as_ref().map(query);
    let functions = matches!(flags.by, By::Function | By::Generic)
        || matches!(flags.output.format, TableFormat::Folded | TableFormat::Html);
    let detail = if functions { Detail::Functions } else { Detail::Crates };
    let spinner = terminal.spinner("attributing");
    let slim_options = slim_options_of(&loaded)?;
    let report = if flags.slimmed && !loaded.is_built() {
        loaded.report_as_slimmed(detail, &slim_options, terminal)?
    } else {
        loaded.report(detail, &slim_options, terminal)?
    };
    spinner.finish_and_clear();
    let printed = terminal.timed("render", || match &flags.why {
        Some(_) => output::why(&report, flags.output.format, &options),
        None => Ok(output::report(&report, flags.output.format, &options)),
    })?;
    terminal.result(&printed, flags.output.output.as_deref())?;
    Ok(ExitCode::Done)
}
