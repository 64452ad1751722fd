//! From results to the format that was asked for.

use crate::estimate::{Backtest, Model};
use crate::logs::Tally;
use crate::policy::{Diff, Manifest, Trend, Verdict, annotations};
use crate::render::{By, Filter, Options, View, csv, folded, github, html, json, junit, markdown, sarif, svg, text};
use crate::report::{PackageFailure, Report, Reports, SCHEMA_VERSION, TuneOutcome};

use super::args;
use super::args::{CheckFormat, DiffFormat, Format, TableFormat};
use super::error::CliError;
use super::terminal::Terminal;
use super::trend_args::TrendFormat;

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
        args::By::Generic => By::Generic,
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
pub(super) fn report(report: &Report, format: TableFormat, options: &Options) -> String {
    match format {
        TableFormat::Text => text::report(report, options),
        TableFormat::Json => json::report(report),
        TableFormat::Markdown => markdown::report(report, options),
        TableFormat::Html => html::report(report, options),
        TableFormat::Csv => csv::report(report, options),
        TableFormat::Folded => folded::report(report, options),
    }
}

/// What `--why` tells.
pub(super) fn why(report: &Report, format: TableFormat, options: &Options) -> Result<String, CliError> {
    let why = report.why.as_ref().expect("the command explains before it prints");
    if why.crates.is_empty() {
        return Err(CliError::why_unknown(why));
    }
    let told = match format {
        TableFormat::Text => text::why(report, options),
        TableFormat::Markdown => markdown::why(report, options),
        TableFormat::Json => Some(json::report(report)),
        TableFormat::Csv => Some(csv::why(report)),
        TableFormat::Folded | TableFormat::Html => return Err(WHY_IS_NO_TREE),
    };
    Ok(told.expect("there is a crate to tell of"))
}

pub(super) const WHY_IS_NO_TREE: CliError = CliError::Usage(
    "--why is told as text, json, markdown or csv: folded stacks and the page show sizes, and paths have none",
);

pub(super) const PAGE_IS_WHOLE: CliError =
    CliError::Usage("the page holds every row and has a search of its own: leave out --filter with --format html");

/// Picks among the formats of everything but `analyze`.
fn pick(
    format: Format,
    text: impl FnOnce() -> String,
    json: impl FnOnce() -> String,
    markdown: impl FnOnce() -> String,
) -> String {
    match format {
        Format::Text => text(),
        Format::Json => json(),
        Format::Markdown => markdown(),
    }
}

/// What slimming did.
pub(super) fn slim(report: &Report, format: Format, options: &Options) -> String {
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

/// What slimming made of several packages: each result, and a table of all; in JSON one document.
pub(super) fn slim_several(done: &[&Report], failures: &[PackageFailure], format: Format, options: &Options) -> String {
    let rows: Vec<_> =
        done.iter().filter_map(|report| Some((report.artifact.path.as_str(), report.slim.as_ref()?))).collect();
    let each = |title: &dyn Fn(&str) -> String| -> String {
        done.iter()
            .map(|report| format!("{}{}\n", title(&report.artifact.path), slim(report, format, options)))
            .collect()
    };
    pick(
        format,
        || each(&|path| text::paragraph(&format!("{path}:"), options)) + &text::slim_summary(&rows, options),
        || {
            let packages = done.iter().map(|&report| report.clone()).collect();
            json::reports(&Reports { schema_version: SCHEMA_VERSION, packages, failures: failures.to_vec() })
        },
        || each(&markdown::title) + &markdown::slim_summary(&rows),
    )
}

/// A prediction.
pub(super) fn estimate(report: &Report, format: Format, options: &Options) -> String {
    let estimate = report.estimate.as_ref().expect("the command predicts before it prints");
    pick(
        format,
        || text::estimate(estimate, options),
        || json::report(report),
        || markdown::estimate(estimate, options),
    )
}

/// How far a model is off.
pub(super) fn backtest(test: &Backtest, format: Format, options: &Options) -> String {
    pick(format, || text::backtest(test, options), || json::backtest(test), || markdown::backtest(test))
}

/// A model, for its file.
pub(super) fn model(model: &Model) -> String {
    json::model(model)
}

/// What a calibration learnt.
pub(super) fn calibration(model: &Model, read: &[(String, &Tally)], format: Format, options: &Options) -> String {
    pick(
        format,
        || text::calibration(model, read, options),
        || json::model(model),
        || markdown::calibration(model, read),
    )
}

/// A measured start.
pub(super) fn measure(report: &Report, format: Format, options: &Options) -> String {
    pick(format, || text::measure(report, options), || json::report(report), || markdown::measure(report, options))
}

/// A program laid out.
pub(super) fn layout(report: &Report, format: Format, options: &Options) -> String {
    let outcome = report.layout.as_ref().expect("the command lays out before it prints");
    pick(format, || text::layout(outcome, options), || json::report(report), || markdown::layout(outcome))
}

/// Build experiments.
pub(super) fn tune(outcome: &TuneOutcome, format: Format, options: &Options) -> String {
    pick(format, || text::tune(outcome, options), || json::tune(outcome), || markdown::tune(outcome))
}

/// The gate's verdict.
pub(super) fn verdict(verdict: &Verdict, manifests: &[Manifest], format: CheckFormat, options: &Options) -> String {
    match format {
        CheckFormat::Text => text::verdict(verdict, options),
        CheckFormat::Json => json::verdict(verdict),
        CheckFormat::Markdown => markdown::verdict(verdict, options),
        CheckFormat::Github => github::verdict(verdict, &annotations(verdict, manifests)),
        CheckFormat::Sarif => sarif::verdict(verdict, &annotations(verdict, manifests)),
        CheckFormat::Junit => junit::verdict(verdict),
    }
}

/// The gate's verdicts over several packages.
pub(super) fn verdicts(
    verdicts: &[&Verdict],
    failures: &[PackageFailure],
    manifests: &[Manifest],
    format: CheckFormat,
    options: &Options,
) -> String {
    let each = |print: &dyn Fn(&Verdict) -> String| verdicts.iter().map(|verdict| print(verdict)).collect::<Vec<_>>();
    match format {
        CheckFormat::Text => {
            let told = each(&|verdict| text::verdict(verdict, options) + "\n").concat();
            told + &text::verdict_summary(verdicts, failures, options)
        }
        CheckFormat::Markdown => {
            let told = each(&|verdict| markdown::verdict(verdict, options) + "\n").concat();
            markdown::verdict_summary(verdicts, failures) + "\n" + &told
        }
        CheckFormat::Json => json::verdicts(verdicts, failures),
        CheckFormat::Github => each(&|verdict| github::verdict(verdict, &annotations(verdict, manifests))).concat(),
        CheckFormat::Sarif => {
            let with_remarks: Vec<_> =
                verdicts.iter().map(|&verdict| (verdict, annotations(verdict, manifests))).collect();
            sarif::verdicts(&with_remarks)
        }
        CheckFormat::Junit => junit::verdicts(verdicts, failures),
    }
}

/// Reports of several packages, each as a report alone, and a table of all.
pub(super) fn reports(reports: &Reports, format: TableFormat, options: &Options) -> String {
    let each = |print: &dyn Fn(&Report) -> String| {
        reports.packages.iter().map(|report| print(report) + "\n").collect::<String>()
    };
    match format {
        TableFormat::Markdown => {
            markdown::report_summary(reports) + "\n" + &each(&|report| markdown::report(report, options))
        }
        TableFormat::Json => json::reports(reports),
        _ => each(&|report| text::report(report, options)) + &text::report_summary(reports, options),
    }
}

pub(super) const ONE_PACKAGE: CliError = CliError::Usage(
    "a page, folded stacks and csv are of one package: analyze it by itself, or take text, markdown or json",
);

/// A history.
pub(super) fn trend(trend: &Trend, format: TrendFormat, options: &Options) -> String {
    match format {
        TrendFormat::Text => text::trend(trend, options),
        TrendFormat::Json => json::trend(trend),
        TrendFormat::Markdown => markdown::trend(trend),
        TrendFormat::Svg => svg::trend(trend),
        TrendFormat::Html => html::trend(trend),
    }
}

/// What changed between two artifacts.
pub(super) fn diff(diff: &Diff, format: DiffFormat, options: &Options) -> String {
    match format {
        DiffFormat::Text => text::diff(diff, options),
        DiffFormat::Json => json::diff(diff),
        DiffFormat::Markdown => markdown::diff(diff, options),
        DiffFormat::Html => html::diff(diff, options),
    }
}
