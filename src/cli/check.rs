//! `check`: the gate.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::cargo::LockedPackages;
use crate::host;
use crate::policy::{Budget, LockChange, LockHistory, Manifest, Verdict, Violation, check};
use crate::render::Options;
use crate::report::Report;

use super::args::{CheckFormat, Global};
use super::baselines::{self, Base, Baselines, report_of};
use super::check_args::Check;
use super::configuration::Configuration;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::packages::{Opened, Packages, sorted_out};
use super::path::with_slashes;
use super::predictor::Predictor;
use super::terminal::Terminal;
use super::trend;

/// A package that was held against its budget.
struct Checked {
    report: Report,
    configuration: Configuration,
    verdict: Verdict,
    /// The file that its baseline is written to, where that is asked for.
    baseline_file: Option<PathBuf>,
}

pub(super) fn run(flags: &Check, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    if flags.baseline.update && flags.several.partition.is_some() {
        return Err(CliError::Usage(
            "--update-baseline with --partition would leave out the others: write the parts with `analyze --format json`, join them \
             with `merge`, and check the result",
        ));
    }
    let asked = flags.limits.budget()?;
    let packages = Packages::of(&flags.subject, &flags.several, global, terminal)?;
    let is_one = packages.is_one;
    let baselines = Baselines::new(&flags.baseline, &flags.start, &flags.subject, global);
    let mut results = packages.each(&flags.subject, global, terminal, |opened, configuration, terminal| {
        one(opened, configuration, &asked, flags, &baselines, terminal)
    });
    drop(baselines);
    if is_one && matches!(results.as_slice(), [(_, Err(_))]) {
        return Err(results.remove(0).1.err().expect("it is an error"));
    }
    let (checked, failures) = sorted_out(results);
    if flags.baseline.update && failures.is_empty() {
        let mut files: BTreeMap<PathBuf, Vec<Report>> = BTreeMap::new();
        for Checked { report, baseline_file, .. } in &checked {
            files.entry(baseline_file.clone().unwrap_or_default()).or_default().push(report.clone());
        }
        baselines::write(files, terminal)?;
    } else if flags.baseline.update {
        terminal.warn("warning: no baseline was written, because it would lack the packages that failed");
    }
    if let Some(history) = &flags.record {
        for checked in &checked {
            trend::record(history, &checked.report, &checked.configuration)?;
        }
    }
    let manifests = manifests(&checked);
    let file = flags.output.output.as_deref();
    let options = output::options(terminal, file, flags.rows);
    let verdicts: Vec<&Verdict> = checked.iter().map(|checked| &checked.verdict).collect();
    let print = |format, options: &Options| match verdicts.as_slice() {
        [verdict] if is_one => output::verdict(verdict, &manifests, format, options),
        verdicts => output::verdicts(verdicts, &failures, &manifests, format, options),
    };
    terminal.result(&terminal.timed("render", || print(flags.output.format, &options)), file)?;
    summarize(&|| print(CheckFormat::Markdown, &Options { rows: flags.rows, ..Options::default() }), terminal);
    let failed = verdicts.iter().any(|verdict| !verdict.passed());
    Ok(match (failures.is_empty(), failed) {
        (false, _) => ExitCode::Trouble,
        (true, true) => ExitCode::Violation,
        (true, false) => ExitCode::Done,
    })
}

/// Checks one package.
fn one(
    opened: Opened,
    configuration: Configuration,
    asked: &Budget,
    flags: &Check,
    baselines: &Baselines<'_>,
    terminal: Terminal,
) -> Result<Checked, CliError> {
    let budget = asked.clone().or(configuration.budget.clone());
    let path = opened.path();
    let baseline_file = baselines.file(&configuration);
    let (project, base) = match &opened {
        _ if flags.baseline.update => (None, None),
        Opened::Report(_) => (None, baselines.find(&path, None, &configuration, &budget, terminal)?),
        Opened::Artifact(loaded) => {
            let project = loaded.project.as_ref();
            (project, baselines.find(&path, project, &configuration, &budget, terminal)?)
        }
    };
    let lock = project.map(|project| project.graph.workspace_root().to_owned());
    // Functions are compared where the baseline has them, and not looked for where it has none.
    let lists_functions = |base: &Base| base.report.binaries.iter().all(|binary| !binary.functions.is_empty());
    let detail = if base.as_ref().is_some_and(lists_functions) { Detail::Functions } else { Detail::Crates };
    let mut report = match opened {
        Opened::Report(report) => *report,
        Opened::Artifact(loaded) => report_of(&loaded, &budget, &flags.start, detail, terminal)?,
    };
    if flags.baseline.update && baseline_file.is_none() {
        return Err(CliError::Usage("--update-baseline needs --baseline FILE, or 'baseline' in Cargo.toml"));
    }
    let commit = base.as_ref().and_then(|base| base.commit.clone());
    let mut before = match base {
        // Growth is growth over what is about to be written: none. Absolute limits hold all the same.
        None if flags.baseline.update => Some(report.clone()),
        base => base.map(|base| base.report),
    };
    if !budget.max_init_ms.is_empty() {
        let predictor = Predictor::of(None, Some(&configuration))?;
        report.estimate = predictor.predict(&report)?;
        if let Some(before) = &mut before {
            before.estimate = predictor.predict(before)?;
        }
    }
    let mut verdict = terminal.timed("judge", || check(&report, before.as_ref(), &budget))?;
    let root = lock.or_else(|| configuration.workspace_root.clone());
    if let Some(history) = lock_history(&verdict, commit.as_deref(), root.as_deref()) {
        verdict.find_lock_changes(&history);
    }
    let of_growth = |violation: &Violation| violation.gate.as_ref().is_some_and(|gate| gate.of_growth);
    if verdict.violations.iter().any(of_growth) {
        verdict.accept = Some(match &baseline_file {
            Some(file) if host::looks_like_json(file) => format!(
                "If this is wanted: the same command with --update-baseline writes {}; commit it with the change.",
                with_slashes(file)
            ),
            Some(file) => format!("If this is wanted: the new package is the next baseline, in the place of {}.", with_slashes(file)),
            None => "If this is wanted: raise the limit in Cargo.toml in the same change; once that is merged, it is what the next \
                one is compared with."
                .to_owned(),
        });
    }
    if flags.warn_only {
        verdict = verdict.as_warnings();
    }
    Ok(Checked { report, configuration, verdict, baseline_file })
}

/// What became of the lock file since the baseline, where there is somebody to blame.
fn lock_history(verdict: &Verdict, commit: Option<&str>, root: Option<&Path>) -> Option<LockHistory> {
    let mut remarks = verdict.violations.iter().chain(&verdict.warnings);
    if remarks.all(|violation| violation.blamed.is_empty()) {
        return None;
    }
    let (before, changes) = host::changes_since(commit?, &root?.join("Cargo.lock"))?;
    let change = |change: host::FileChange| {
        let host::FileChange { commit, date, subject, text } = change;
        (LockChange { commit, date, subject }, LockedPackages::parse(&text))
    };
    Some(LockHistory { before: LockedPackages::parse(&before), changes: changes.into_iter().map(change).collect() })
}

/// The manifests of the packages with which a blamed crate's path begins, for the place of a remark. One that cannot be read is none.
fn manifests(checked: &[Checked]) -> Vec<Manifest> {
    let mut manifests: Vec<Manifest> = Vec::new();
    for Checked { verdict, configuration, .. } in checked {
        let remarks = || verdict.violations.iter().chain(&verdict.warnings);
        let is_root = |name: &str| {
            let mut blamed = remarks().flat_map(|violation| &violation.blamed);
            blamed.any(|blame| blame.why.first().is_some_and(|root| root == name))
        };
        for (name, path) in configuration.members.iter().filter(|(name, _)| is_root(name)) {
            if manifests.iter().any(|known| known.package == *name) {
                continue;
            }
            let text = host::read_text(path).ok();
            manifests.extend(text.map(|text| Manifest { package: name.clone(), path: shown(path), text }));
        }
    }
    manifests
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
fn summarize(markdown: &dyn Fn() -> String, terminal: Terminal) {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return };
    if let Err(error) = host::append(Path::new(&file), markdown().as_bytes()) {
        terminal.warn(&format!("warning: no summary: {error}"));
    }
}
