//! `measure`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::attribution::Detail;
use crate::elf::{Image, relocation_entries, relr_entries};
use crate::host::{
    self, BootLimits, BootOutcome, Emulator, Isolated, LaunchFile, LaunchFileKind, LaunchOptions, Network, PageCache,
    Seen, Waits,
};
use crate::measure::{Summary, summarize};
use crate::package::{DeploymentPackage, PackageSource, Role};
use crate::procfs::{FilePages, Start};
use crate::render::By;
use crate::report::Report;
use crate::slim::Slimmed;

use super::args::Global;
use super::boot_check::{launch_options, limits, quoted};
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::launch_files::{original, rewritten};
use super::measure_args::{Measure, StartFlags, TouchedBy};
use super::measure_findings::{INIT_FAILED, failed, findings};
use super::measure_waits::{findings as waits_findings, rows, watch};
use super::output;
use super::predictor::Predictor;
use super::subject::Loaded;
use super::terminal::Terminal;

pub(super) fn run(flags: &Measure, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let mut asked = Asked { cold_cache: flags.cold_cache, ..Asked::of(&flags.start, flags.event.as_deref())? };
    asked.launch.emulator = flags.emulator.as_deref().map(Emulator::find).transpose()?;
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let configured = Configuration::find(&flags.subject, loaded.project.as_ref(), global, terminal)?;
    let predictor = Predictor::of(flags.start.memory, Some(&configured))?;
    let detail = if flags.by == TouchedBy::Function { Detail::Functions } else { Detail::Crates };
    let measured = measure(&loaded, &asked, detail, terminal)?;
    let Measured { mut report, failure, .. } = measured;
    if failure.is_none() {
        report.estimate = terminal.timed("predict", || predictor.predict(&report))?;
    }
    let mut options = output::options(terminal, flags.output.as_deref(), flags.rows);
    options.by = match flags.by {
        TouchedBy::Crate => By::Crate,
        TouchedBy::Section => By::Section,
        TouchedBy::Function => By::Function,
    };
    let printed = terminal.timed("render", || output::measure(&report, flags.format, &options));
    terminal.result(&printed, flags.output.as_deref())?;
    match failure {
        None => Ok(ExitCode::Done),
        Some(log) => {
            terminal.warn(&format!("error: init failed: see the finding 'init-failed'{log}"));
            Ok(ExitCode::Trouble)
        }
    }
}

/// How to start a package, as flags ask for it.
pub(super) struct Asked {
    pub(super) runs: u16,
    pub(super) event: Option<Vec<u8>>,
    pub(super) cold_cache: bool,
    pub(super) limits: BootLimits,
    pub(super) launch: LaunchOptions,
}

impl Asked {
    /// Reads the event, before anything is built. The page cache is left as it is.
    pub(super) fn of(flags: &StartFlags, event: Option<&Path>) -> Result<Self, CliError> {
        let mut launch = launch_options();
        if flags.network {
            launch.network = Network::Host;
        }
        let event = event.map(host::read_event).transpose()?;
        Ok(Self { runs: flags.runs, event, cold_cache: false, limits: limits(flags.boot_limit), launch })
    }
}

/// A package measured.
pub(super) struct Measured {
    pub(super) report: Report,
    /// The last lines of what a program wrote, where init failed; the report then has a finding and no measurement.
    pub(super) failure: Option<String>,
    /// The package's pages in memory once the event was answered; `None` without an event.
    pub(super) answered: Option<BTreeMap<String, FilePages>>,
}

impl Measured {
    /// What its finding says where init failed; empty where it did not.
    pub(super) fn why_failed(&self) -> String {
        let finding = self.report.findings.iter().find(|finding| finding.code == INIT_FAILED);
        finding.map(|finding| finding.message.clone()).unwrap_or_default()
    }
}

/// Measures the artifact; of a fresh build, the package that `slim` would write of it.
pub(super) fn measure(
    loaded: &Loaded,
    asked: &Asked,
    detail: Detail,
    terminal: Terminal,
) -> Result<Measured, CliError> {
    if loaded.is_built() {
        terminal.note("note: no artifact is named: this is the package that `slim` would write of the fresh build");
        let options = slim_options_of(loaded)?;
        let package = loaded.package()?;
        let slimmed = loaded.slim(&package, &options, terminal)?;
        return measure_slimmed(loaded, &package, &slimmed, asked, detail, terminal);
    }
    let package = loaded.package()?;
    let starts = {
        let files = original(&package)?;
        terminal.timed("start and measure", || Starts::of(&files, asked, terminal))?
    };
    let bare = match package.source {
        PackageSource::Elf => package.files.iter().find(|file| file.role == Role::Bootstrap).map(|file| &*file.path),
        _ => None,
    };
    let outcome = starts.outcome(bare);
    let touched = outcome.as_ref().ok().map(|summary| &summary.pages);
    let report = loaded.report_as_started(&package, detail, touched)?;
    Ok(finish(report, outcome, &package_relocations(&package), &starts))
}

/// Measures a package just slimmed.
pub(super) fn measure_slimmed(
    loaded: &Loaded,
    package: &DeploymentPackage<'_>,
    slimmed: &Slimmed<'_>,
    asked: &Asked,
    detail: Detail,
    terminal: Terminal,
) -> Result<Measured, CliError> {
    let files = rewritten(slimmed)?;
    let starts = terminal.timed("start and measure", || Starts::of(&files, asked, terminal))?;
    let outcome = starts.outcome(None);
    let touched = outcome.as_ref().ok().map(|summary| &summary.pages);
    let report = loaded.report_slimmed_and_started(package, slimmed, detail, touched)?;
    let relocations = relocations(files.iter().filter_map(|file| match file.kind {
        LaunchFileKind::File(bytes) => Some((file.path, bytes)),
        _ => None,
    }));
    Ok(finish(Report { slim: None, ..report }, outcome, &relocations, &starts))
}

fn finish(
    mut report: Report,
    outcome: Result<Summary, (BootOutcome, String)>,
    relocations: &BTreeMap<String, u64>,
    starts: &Starts,
) -> Measured {
    match outcome {
        Ok(Summary { mut measurement, at_rest, answered_pages, .. }) => {
            measurement.isolated = starts.isolated.is_yes();
            measurement.not_isolated_because = match &starts.isolated {
                Isolated::Yes => None,
                Isolated::No(why) => Some(why.clone()),
            };
            measurement.emulator.clone_from(&starts.emulator);
            let mapped = measurement.files.iter().filter_map(|file| relocations.get(&file.path));
            measurement.relocations = mapped.sum();
            report.add_findings(findings(&measurement, &report, at_rest));
            if let Some(waits) = &starts.waits {
                let program = measurement.files.first().map_or("bootstrap", |file| &file.path);
                report.add_findings(waits_findings(waits, program));
                measurement.waits = Some(rows(waits)).filter(|rows| !rows.is_empty());
            }
            report.measurement = Some(measurement);
            Measured { report, failure: None, answered: answered_pages }
        }
        Err((outcome, log)) => {
            report.add_findings([failed(&outcome, starts.isolated.is_yes())]);
            Measured { report, failure: Some(quoted(&log)), answered: None }
        }
    }
}

/// All starts of one package.
struct Starts {
    warm: Vec<Start>,
    cold: Vec<Start>,
    isolated: Isolated,
    /// What ran a program of it, where this machine does not.
    emulator: Option<String>,
    waits: Option<Waits>,
    failure: Option<(BootOutcome, String)>,
}

impl Starts {
    fn of(files: &[LaunchFile<'_>], asked: &Asked, terminal: Terminal) -> Result<Self, CliError> {
        let mut starts = Self {
            warm: Vec::new(),
            cold: Vec::new(),
            isolated: Isolated::No(String::new()),
            emulator: None,
            waits: None,
            failure: None,
        };
        let cold_runs = if asked.cold_cache { asked.runs } else { 0 };
        let bar = terminal.count("starting", u64::from(asked.runs) + u64::from(cold_runs) + 1);
        // The first one brings the system's own libraries into memory, and is not counted.
        for run in 0..=asked.runs + cold_runs {
            let cache = if run > asked.runs { PageCache::Cold } else { PageCache::Warm };
            let seen = host::see_start(files, asked.event.as_deref(), asked.limits, &asked.launch, cache)?;
            bar.inc(1);
            let Seen { outcome, log, isolated, emulated, start, .. } = seen;
            starts.emulator = asked.launch.emulator.as_ref().filter(|_| emulated).map(|one| one.asked().to_owned());
            starts.isolated = isolated;
            match start.filter(|_| outcome.is_success()) {
                Some(_) if run == 0 => {}
                Some(start) if cache == PageCache::Warm => starts.warm.push(start),
                Some(start) => starts.cold.push(start),
                None => {
                    starts.failure = Some((outcome, log));
                    break;
                }
            }
        }
        // Of an emulator, what it waits for itself would be seen as well.
        if starts.failure.is_none() && starts.emulator.is_none() {
            starts.waits = watch(files, asked.limits, &asked.launch, terminal);
        }
        bar.finish_and_clear();
        Ok(starts)
    }

    /// What they come to. A bare program is started as `bootstrap`, and known by its own name.
    fn outcome(&self, bare: Option<&str>) -> Result<Summary, (BootOutcome, String)> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let mut summary = summarize(&self.warm, &self.cold).expect("there is at least one start, and it was good");
        if let Some(name) = bare {
            for file in summary.measurement.files.iter_mut().filter(|file| file.path == "bootstrap") {
                name.clone_into(&mut file.path);
            }
            let pages: Option<FilePages> = summary.pages.remove("bootstrap");
            summary.pages.extend(pages.map(|pages| (name.to_owned(), pages)));
        }
        Ok(summary)
    }
}

fn package_relocations(package: &DeploymentPackage<'_>) -> BTreeMap<String, u64> {
    relocations(package.files.iter().map(|file| (&*file.path, &*file.contents)))
}

/// Entries of the relocation tables of each ELF file.
fn relocations<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> BTreeMap<String, u64> {
    let count = |(path, bytes): (&str, &[u8])| {
        let image = Image::parse(bytes).ok()?;
        let packed = relr_entries(&image).iter().map(|entry| entry.places().count() as u64).sum::<u64>();
        Some((path.to_owned(), relocation_entries(&image).len() as u64 + packed))
    };
    files.filter_map(count).collect()
}
