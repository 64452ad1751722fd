//! `analyze`.

use crate::attribution::{Detail, WhyQuery};
use crate::report::{Report, Reports};

use super::args::{Analyze, By, Global, TableFormat};
use super::configuration::slim_options_of;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::packages::{Opened, Packages, sorted_out};
use super::subject::Loaded;
use super::terminal::Terminal;

pub(super) fn run(flags: &Analyze, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    if flags.why.is_some() && matches!(flags.output.format, TableFormat::Folded | TableFormat::Html) {
        return Err(output::WHY_IS_NO_TREE);
    }
    if flags.filter.is_some() && flags.output.format == TableFormat::Html {
        return Err(output::PAGE_IS_WHOLE);
    }
    if flags.several.chooses(&flags.subject.build) || !flags.several.more.is_empty() {
        return analyze_several(flags, global, terminal);
    }
    let options = output::analyze_options(flags, terminal)?;
    let mut loaded = Loaded::new(&flags.subject, global, terminal)?;
    let query = |krate: &String| WhyQuery { krate: krate.clone(), most_paths: flags.rows };
    loaded.why = flags.why.as_ref().map(query);
    let report = report(flags, &loaded, terminal)?;
    let printed = terminal.timed("render", || match &flags.why {
        Some(_) => output::why(&report, flags.output.format, &options),
        None => Ok(output::report(&report, flags.output.format, &options)),
    })?;
    terminal.result(&printed, flags.output.output.as_deref())?;
    Ok(ExitCode::Done)
}

fn report(flags: &Analyze, loaded: &Loaded, terminal: Terminal) -> Result<Report, CliError> {
    let functions = matches!(flags.by, By::Function | By::Generic)
        || matches!(flags.output.format, TableFormat::Folded | TableFormat::Html);
    let detail = if functions { Detail::Functions } else { Detail::Crates };
    let spinner = terminal.spinner("attributing");
    let slim_options = slim_options_of(loaded)?;
    let report = if flags.slimmed && !loaded.is_built() {
        loaded.report_as_slimmed(detail, &slim_options, terminal)?
    } else {
        loaded.report(detail, &slim_options, terminal)?
    };
    spinner.finish_and_clear();
    Ok(report)
}

/// Each package by itself, and a table of all. Ends with [`ExitCode::Trouble`] where one of them failed.
fn analyze_several(flags: &Analyze, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    if flags.why.is_some() {
        return Err(CliError::Usage("--why is of one package: analyze it by itself"));
    }
    if matches!(flags.output.format, TableFormat::Folded | TableFormat::Html | TableFormat::Csv) {
        return Err(output::ONE_PACKAGE);
    }
    let options = output::analyze_options(flags, terminal)?;
    let packages = Packages::of(&flags.subject, &flags.several, global, terminal)?;
    let results = packages.each(&flags.subject, global, terminal, |opened, _, terminal| match opened {
        Opened::Report(report) => Ok(*report),
        Opened::Artifact(loaded) => report(flags, &loaded, terminal),
    });
    let (reports, failures) = sorted_out(results);
    let code = if failures.is_empty() { ExitCode::Done } else { ExitCode::Trouble };
    let reports = Reports::new(reports, failures)?;
    terminal.result(&output::reports(&reports, flags.output.format, &options), flags.output.output.as_deref())?;
    Ok(code)
}
