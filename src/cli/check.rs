//! `check`: the gate.

use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::host;
use crate::policy::{Budget, Manifest, Verdict, check};
use crate::render::{Options, json, markdown};
use crate::report::Report;

use super::args::{Check, Global};
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::predictor::Predictor;
use super::subject::{Loaded, load_report, with_slashes};
use super::terminal::Terminal;
use super::trend;

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
    let baseline_path = flags.baseline.clone().or(configuration.baseline.clone());
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
        Some(path) => Some(terminal.timed("read the baseline", || report_or_artifact(path, &[], Detail::Crates))?),
        None => None,
    };
    let verdict = terminal.timed("judge", || check(&report, baseline.as_ref(), &budget))?;
    let file = flags.output.output.as_deref();
    if let Some(history) = &flags.record {
        trend::record(history, &report, &configuration)?;
    }
    let manifests = manifests(&verdict, &configuration);
    let options = output::options(terminal, file, flags.rows);
    let printed = terminal.timed("render", || output::verdict(&verdict, &manifests, flags.output.format, &options));
    terminal.result(&printed, file)?;
    summarize(&verdict, flags.rows, terminal);
    Ok(if verdict.passed() || flags.warn_only { ExitCode::Done } else { ExitCode::Violation })
}

/// The manifests of the packages with which a blamed crate's path begins, for the place of a remark. One that cannot be read is none.
fn manifests(verdict: &Verdict, configuration: &Configuration) -> Vec<Manifest> {
    let is_root = |name: &str| {
        let mut blamed = verdict.violations.iter().flat_map(|violation| &violation.blamed);
        blamed.any(|blame| blame.why.first().is_some_and(|root| root == name))
    };
    let members = configuration.members.iter().filter(|(name, _)| is_root(name));
    let manifest = |(name, path): &(String, PathBuf)| {
        Some(Manifest { package: name.clone(), path: shown(path), text: host::read_text(path).ok()? })
    };
    members.filter_map(manifest).collect()
}

/// From the repository's root, as GitHub wants it, else from the current folder.
fn shown(path: &Path) -> String {
    let checkout = std::env::var_os("GITHUB_WORKSPACE").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let bases = checkout.into_iter().chain([PathBuf::from(".")]);
    let below = bases.filter_map(|base| host::path_below(path, &base)).next();
    with_slashes(&below.unwrap_or_else(|| path.to_owned()))
}

/// Appends the verdict to the summary of the step of GitHub Actions that this is. The verdict counts, not who reads it: what cannot
/// be written is said, and no more.
fn summarize(verdict: &Verdict, rows: usize, terminal: Terminal) {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return };
    let options = Options { rows, ..Options::default() };
    if let Err(error) = host::append(Path::new(&file), markdown::verdict(verdict, &options).as_bytes()) {
        terminal.warn(&format!("warning: no summary: {error}"));
    }
}

fn report(flags: &Check, global: &Global, terminal: Terminal) -> Result<(Report, Configuration), CliError> {
    if let Some(path) = flags.subject.artifact.as_deref().filter(|path| host::looks_like_json(path)) {
        let configuration = Configuration::find(&flags.subject, None, global, terminal)?;
        return Ok((terminal.timed("read the report", || load_report(path))?, configuration));
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
