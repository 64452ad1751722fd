//! From results to the format that was asked for.

use crate::policy::{Diff, Verdict};
use crate::render::{self, By, Filter, Options, View, csv, folded, json, markdown, text};
use crate::report::Report;

use super::args;
use super::args::Format;
use super::error::CliError;
use super::terminal::Terminal;

/// How tables are drawn: width and colours only where a person looks at stdout.
pub(super) fn options(terminal: Terminal, output: Option<&std::path::Path>, rows: usize) -> Options {
    Options {
        width: terminal.width().filter(|_| output.is_none()),
        color: output.is_none() && terminal.colors_stdout(),
        rows,
        ..Options::default()
    }
}

/// The options of `analyze`.
pub(super) fn analyze_options(flags: &args::Analyze, terminal: Terminal) -> Result<Options, CliError> {
    let mut options = options(terminal, flags.output.output.as_deref(), flags.rows);
    options.by = match flags.by {
        args::By::Crate => By::Crate,
        args::By::Section => By::Section,
        args::By::Function => By::Function,
        args::By::File => By::File,
    };
    options.view = match flags.view {
        args::View::Owner => View::Owner,
        args::View::Definition => View::Definition,
        args::View::Instantiation => View::Instantiation,
    };
    if let Some(pattern) = &flags.filter {
        let filter = |error: regex_lite::Error| CliError::Filter { pattern: pattern.clone(), why: error.to_string() };
        let regex = regex_lite::Regex::new(pattern).map_err(filter)?;
        options.filter = Some(Filter::new(move |name| regex.is_match(name)));
    }
    Ok(options)
}

/// A report in any format.
pub(super) fn report(report: &Report, format: Format, options: &Options) -> String {
    match format {
        Format::Text => text::report(report, options),
        Format::Json => json::report(report),
        Format::Markdown => markdown::report(report, options),
        Format::Csv => csv::report(report, options),
        Format::Folded => folded::report(report, options),
    }
}

/// What `--why` tells.
pub(super) fn why(report: &Report, krate: &str, format: Format, options: &Options) -> Result<String, CliError> {
    let told = match format {
        Format::Text => text::why(report, krate, options),
        Format::Markdown => markdown::why(report, krate),
        Format::Json | Format::Csv | Format::Folded => return Err(WHY_IS_PROSE),
    };
    told.ok_or_else(|| CliError::WhyUnknown { krate: krate.to_owned() })
}

const WHY_IS_PROSE: CliError =
    CliError::Usage("--why is told in text or markdown; without it, json and csv hold the path of every crate");

/// Formats that only tables of sizes have.
const NO_ROWS: CliError = CliError::Usage("csv and folded are formats of 'analyze': use text, json or markdown here");

/// Refuses formats that only `analyze` has, before any work is done.
pub(super) fn refuse_rows(format: Format) -> Result<(), CliError> {
    if matches!(format, Format::Csv | Format::Folded) { Err(NO_ROWS) } else { Ok(()) }
}

/// Picks among the formats of everything but `analyze`.
fn pick(
    format: Format,
    text: impl FnOnce() -> String,
    json: impl FnOnce() -> String,
    markdown: impl FnOnce() -> String,
) -> Result<String, CliError> {
    match format {
        Format::Text => Ok(text()),
        Format::Json => Ok(json()),
        Format::Markdown => Ok(markdown()),
        Format::Csv | Format::Folded => Err(NO_ROWS),
    }
}

/// What slimming did.
pub(super) fn slim(report: &Report, format: Format, options: &Options) -> Result<String, CliError> {
    let (outcome, estimate) = (report.slim.as_ref(), report.estimate.as_ref());
    let outcome = outcome.expect("the command slims before it prints");
    let change = estimate.and_then(|estimate| estimate.slimming.as_ref());
    let verdict = change.map(|change| format!("Cold start: {}", change.conclusion));
    let in_text = || verdict.as_ref().map(|verdict| format!("\n{}", text::paragraph(verdict, options)));
    let in_markdown = || verdict.as_ref().map(|verdict| format!("\n{verdict}\n"));
    pick(
        format,
        || text::slim(outcome, options) + &in_text().unwrap_or_default(),
        || json::report(report),
        || markdown::slim(outcome) + &in_markdown().unwrap_or_default(),
    )
}

/// A prediction.
pub(super) fn estimate(report: &Report, format: Format, options: &Options) -> Result<String, CliError> {
    let estimate = report.estimate.as_ref().expect("the command predicts before it prints");
    pick(format, || text::estimate(estimate, options), || json::report(report), || markdown::estimate(estimate))
}

/// The gate's verdict.
pub(super) fn verdict(verdict: &Verdict, format: Format, options: &Options) -> Result<String, CliError> {
    pick(format, || text::verdict(verdict, options), || json::verdict(verdict), || markdown::verdict(verdict, options))
}

/// What changed between two artifacts.
pub(super) fn diff(diff: &Diff, format: Format, options: &Options) -> Result<String, CliError> {
    pick(format, || text::diff(diff, options), || json::diff(diff), || render::markdown::diff(diff, options))
}
