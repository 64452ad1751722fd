//! One build experiment: built in a target folder of its own, slimmed, started, and held against the project's own build.

use std::ffi::OsString;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::archive::usual_zip_size;
use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::host::{
    self, BootVerdict, BuildEvent, BuildOptions, CargoStderr, Compared, Experiments, HostError, Project, Selection,
};
use crate::layout::Order;
use crate::render::clean;
use crate::report::{Report, TuneFigures, TuneStart, TuneStatus};
use crate::slim::{Level, Slimmed};
use crate::tune::Experiment;
use crate::units::ByteSize;

use super::args::Build;
use super::boot_check::shown;
use super::configuration::slim_options_of;
use super::error::CliError;
use super::launch_files::{original, rewritten};
use super::measure::{Asked, Measured, measure_slimmed};
use super::order::{self, Layout};
use super::predictor::Predictor;
use super::subject::{Loaded, Touched};
use super::terminal::Terminal;

/// What all experiments of one run have in common.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) build: &'a Build,
    pub(super) options: &'a BuildOptions,
    pub(super) asked: &'a Asked,
    pub(super) predictor: &'a Predictor,
    pub(super) experiments: &'a Experiments,
    pub(super) terminal: Terminal,
}

/// An experiment that was measured.
pub(super) struct Tried {
    pub(super) figures: TuneFigures,
    /// Of its slimmed package.
    pub(super) report: Report,
    pub(super) zip: Vec<u8>,
    /// Pages in memory once the event was answered.
    pub(super) answered: Option<Report>,
}

/// An experiment that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) status: TuneStatus,
    pub(super) reason: String,
    /// True where the same sources would fail again: the result is kept.
    pub(super) for_good: bool,
    /// What cargo said.
    pub(super) said: String,
}

impl Failed {
    pub(super) const fn new(status: TuneStatus, reason: String, for_good: bool) -> Self {
        Self { status, reason, for_good, said: String::new() }
    }

    fn now(status: TuneStatus, error: &CliError) -> Self {
        Self { status, reason: clean(&error.to_string()).into_owned(), for_good: false, said: String::new() }
    }
}

impl Bench<'_> {
    /// Carries out an experiment. `baseline` is the package whose answer is the right one.
    pub(super) fn carry_out(&self, experiment: &Experiment, baseline: Option<&Loaded>) -> Result<Tried, Failed> {
        let options = self.options_of(experiment);
        let (loaded, build_seconds) = self.build(&options, experiment)?;
        let package_failed = |error: CliError| Failed::now(TuneStatus::PackageFailed, &error);
        let package = loaded.package().map_err(package_failed)?;
        let slim_options = slim_options_of(&loaded).map_err(package_failed)?;
        let slimmed = loaded.slim(&package, &slim_options, self.terminal.silent()).map_err(package_failed)?;
        let plain_zip_bytes = self.plain_zip(&loaded, &slim_options).map_err(package_failed)?;

        let Started { report, answered, start } = self.start(&loaded, &package, &slimmed)?;
        let answers = match (baseline, &self.asked.event) {
            (Some(baseline), Some(event)) if start.is_some() => Some(self.compare(baseline, &slimmed, event)?),
            _ => None,
        };
        let program = report.binaries.iter().find(|binary| binary.path == "bootstrap").or(report.binaries.first());
        let figures = TuneFigures {
            zip_bytes: ByteSize::of(&slimmed.zip),
            plain_zip_bytes,
            file_bytes: program.map_or(ByteSize::ZERO, |program| program.file_bytes),
            zip_sha256: Sha256::digest(&slimmed.zip).iter().map(|byte| format!("{byte:02x}")).collect(),
            build_seconds,
            start,
            answers,
        };
        Ok(Tried { figures, report, zip: slimmed.zip, answered })
    }

    /// The user's options with what the experiment sets.
    pub(super) fn options_of(&self, experiment: &Experiment) -> BuildOptions {
        let mut options = self.options.clone();
        let profile = options.profile_name().to_owned();
        let settings = experiment.profile().into_iter();
        options.config.extend(settings.map(|setting| format!("profile.{profile}.{}", setting.as_line())));
        let link_flags: Vec<OsString> = experiment.link_flags().into_iter().map(OsString::from).collect();
        // What the user says comes last, and wins.
        options.rustc_args = link_flags.into_iter().chain(self.options.rustc_args.iter().cloned()).collect();
        options.rustflags = experiment.rustflags();
        options.target_dir = Some(self.experiments.target_dir(&options.rustflags));
        if experiment.is_whole_workspace() {
            options.selection = Selection::Workspace;
        }
        if options.verbose == 0 {
            options.stderr = CargoStderr::Callback;
        }
        options
    }

    fn build(&self, options: &BuildOptions, experiment: &Experiment) -> Result<(Loaded, f64), Failed> {
        let mut said = Vec::new();
        let mut built = || -> Result<(Loaded, f64), CliError> {
            let mut listen = |event: BuildEvent<'_>| {
                if let BuildEvent::Stderr(bytes) = event {
                    said.extend_from_slice(bytes);
                }
            };
            let project = Project::load(options, &mut listen)?;
            let started = Instant::now();
            let empty = Order::default();
            let layout = if experiment.orders_for_compression() { Layout::Ordered(&empty) } else { Layout::AsFound };
            let silent = self.terminal.silent();
            let laid_out = order::build_heard(self.build, project, options, layout, silent, &mut listen)?;
            let seconds = started.elapsed().as_secs_f64();
            Ok((
                Loaded::built(self.build, laid_out.built, options.directory.as_deref())?,
                (seconds * 10.0).round() / 10.0,
            ))
        };
        built().map_err(|error| build_failure(&error, &String::from_utf8_lossy(&said)))
    }

    /// The zip without `slim`: no symbols, and Deflate as it usually is.
    fn plain_zip(&self, loaded: &Loaded, options: &crate::slim::Options) -> Result<ByteSize, CliError> {
        let package = loaded.package()?;
        let stripped = crate::slim::Options { level: Level::Strict, effort: Effort::Fast, ..options.clone() };
        let stripped = loaded.slim(&package, &stripped, self.terminal.silent())?;
        let files = stripped.files.iter().map(|file| (file.path.as_str(), file.mode, file.contents.as_ref()));
        usual_zip_size(files).map_err(|source| CliError::Archive { path: loaded.path.clone(), source })
    }

    fn start(
        &self,
        loaded: &Loaded,
        package: &crate::package::DeploymentPackage<'_>,
        slimmed: &Slimmed<'_>,
    ) -> Result<Started, Failed> {
        let start_failed = |error: CliError| Failed::now(TuneStatus::StartFailed, &error);
        let silent = self.terminal.silent();
        let measured = match measure_slimmed(loaded, package, slimmed, self.asked, Detail::Crates, silent) {
            Err(CliError::Host(HostError::BootNeedsLinux { .. } | HostError::OtherArchitecture { .. })) => {
                let report = loaded.report_slimmed(package, slimmed, Detail::Crates).map_err(start_failed)?;
                return Ok(Started { report, answered: None, start: None });
            }
            measured => measured.map_err(start_failed)?,
        };
        if let Some(log) = &measured.failure {
            let reason = format!("{}{}", measured.why_failed(), last_line(log));
            return Err(Failed { status: TuneStatus::StartFailed, reason, for_good: true, said: String::new() });
        }
        let Measured { report, answered, .. } = measured;
        let of_event = |pages: &Touched| {
            loaded.report_slimmed_and_started(package, slimmed, Detail::Crates, Some(pages)).map_err(start_failed)
        };
        let answered = answered.as_ref().map(of_event).transpose()?;
        let init_ms = self.predictor.predict(&report).map_err(start_failed)?.map(|estimate| estimate.init_ms);
        let start = report.measurement.as_ref().map(|measurement| TuneStart {
            touched_bytes: measurement.touched_bytes,
            minor_faults: measurement.minor_faults,
            init_cpu_ms: measurement.spread.cpu_ms,
            event_cpu_ms: measurement.first_event.as_ref().and_then(|event| event.cpu_ms_spread),
            init_ms,
        });
        Ok(Started { report, answered, start })
    }

    /// What is wrong with an event to which the project's own build answers with an error.
    pub(super) fn error_answered(&self, baseline: &Loaded) -> Result<Option<String>, CliError> {
        let Some(event) = &self.asked.event else { return Ok(None) };
        let package = baseline.package()?;
        let files = original(&package)?;
        let checked = match host::boot_check(&files, &files, event, self.asked.limits, &self.asked.launch) {
            Err(HostError::BootNeedsLinux { .. } | HostError::OtherArchitecture { .. }) => return Ok(None),
            checked => checked?,
        };
        let is_error = checked.before.code() == "function-error";
        Ok(is_error.then(|| {
            format!(
                "it answers the event with an error, {}: --event takes one that it can handle",
                shown(&checked.before)
            )
        }))
    }

    /// Whether it answers as the project's own build does.
    fn compare(&self, baseline: &Loaded, slimmed: &Slimmed<'_>, event: &[u8]) -> Result<String, Failed> {
        let checked = || -> Result<host::BootCheck, CliError> {
            let package = baseline.package()?;
            let (before, after) = (original(&package)?, rewritten(slimmed)?);
            Ok(host::boot_check(&before, &after, event, self.asked.limits, &self.asked.launch)?)
        };
        let checked = checked().map_err(|error| Failed::now(TuneStatus::StartFailed, &error))?;
        match (checked.verdict, &checked.after) {
            (BootVerdict::Alike(compared), _) => Ok(in_words(compared).to_owned()),
            (_, Some(after)) => Err(Failed {
                status: TuneStatus::AnswersDiffer,
                reason: format!("the project's own build: {}; this one: {}", shown(&checked.before), shown(after)),
                for_good: true,
                said: String::new(),
            }),
            (_, None) => Err(Failed {
                status: TuneStatus::StartFailed,
                reason: format!("the project's own build did not answer this time: {}", shown(&checked.before)),
                for_good: false,
                said: String::new(),
            }),
        }
    }
}

struct Started {
    report: Report,
    answered: Option<Report>,
    start: Option<TuneStart>,
}

const fn in_words(compared: Compared) -> &'static str {
    match compared {
        Compared::Everything => "everything",
        Compared::StableValues => "stable-values",
        Compared::KindOnly => "kind-only",
    }
}

/// The last thing that a program wrote, behind a message.
fn last_line(log: &str) -> String {
    let last = log.lines().rfind(|line| line.trim_start().starts_with('|'));
    last.map(|line| format!("; it wrote: {}", line.trim_start().trim_start_matches('|').trim())).unwrap_or_default()
}

/// Why a build failed: the first error that cargo showed.
fn build_failure(error: &CliError, said: &str) -> Failed {
    let said = anstream::adapter::strip_str(said).to_string();
    let mut lines = said.lines().skip_while(|line| !line.starts_with("error"));
    let first = lines.next().map(|line| line.trim_start_matches("error:").trim().to_owned());
    // What the linker says stands behind its command line.
    let linker = said.lines().map(str::trim).find(|line| {
        let line = line.trim_start_matches("= note:").trim_start();
        ["rust-lld: error", "ld.lld: error", "mold: ", "/usr/bin/ld", "collect2: "]
            .iter()
            .any(|start| line.starts_with(start))
    });
    let reason = match (error, first, linker) {
        (CliError::Host(HostError::BuildFailed { .. }), Some(first), Some(linker)) if first.starts_with("linking") => {
            format!("linking failed: {}", linker.trim_start_matches("= note:").trim())
        }
        (CliError::Host(HostError::BuildFailed { .. }), Some(first), _) => first,
        _ => error.to_string(),
    };
    let is_of_rustc = said.contains("could not compile") && !said.contains("No space left on device");
    let reason = clean(&reason).chars().take(300).collect();
    Failed { status: TuneStatus::BuildFailed, reason, for_good: is_of_rustc, said }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(said: &str) -> Failed {
        let error = HostError::BuildFailed { command: "cargo rustc".to_owned(), status: "exit status: 101".to_owned() };
        build_failure(&error.into(), said)
    }

    #[test]
    fn the_reason_is_the_compilers_and_only_what_it_says_lasts() {
        let compiler = "   Compiling app v0.1.0\nerror[E0425]: cannot find value `x`\n --> src/main.rs\n\nerror: could not compile `app`\n";
        let found = failed(compiler);
        assert_eq!((found.reason.as_str(), found.for_good), ("error[E0425]: cannot find value `x`", true));
        let linker = "error: linking with `cc` failed: exit status: 1\n  = note: \"cc\" \"-o\"\n  = note: rust-lld: error: unknown argument '--x'\n          collect2: error: ld returned 1 exit status\n\nerror: could not compile `app`\n";
        assert_eq!(failed(linker).reason, "linking failed: rust-lld: error: unknown argument '--x'");
        let network = "error: failed to download from `https://x`\n";
        let found = failed(network);
        assert_eq!((found.reason.as_str(), found.for_good), ("failed to download from `https://x`", false));
        assert!(!failed("error: could not compile `a`\nNo space left on device\n").for_good);
    }
}
