//! `calibrate`: a model from a function's own records.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use indicatif::ProgressBar;

use crate::elf::Architecture;
use crate::estimate::{Deployed, Model, Observations, PackageSizes, QueryEngine, calibrate, query};
use crate::host::{self, LogInput, log_inputs};
use crate::logs::{Place, Tally, read};
use crate::units::ByteSize;

use super::args::Arch;
use super::error::CliError;
use super::estimate_args::{Calibrate, Engine};
use super::exit_code::ExitCode;
use super::output;
use super::predictor::{Predictor, load_model, started};
use super::report_file::load_report;
use super::terminal::Terminal;

/// Mode of a model: `rw-r--r--`.
const MODEL_MODE: u32 = 0o644;

pub(super) fn run(flags: &Calibrate, terminal: Terminal) -> Result<ExitCode, CliError> {
    if let Some(engine) = flags.query {
        let engine = match engine {
            Engine::Insights => QueryEngine::Insights,
            Engine::Athena => QueryEngine::Athena,
        };
        terminal.result(query(engine), flags.output.as_deref())?;
        return Ok(ExitCode::Done);
    }
    let base = match &flags.from {
        Some(path) => load_model(path)?,
        None => Model::prior(),
    };
    let deployed = deployed(flags)?;
    let (observations, tallies) = observe(flags, terminal)?;
    let model = calibrate(&observations, &base, &deployed)?;
    for (path, tally) in &tallies {
        say_malformed(path, tally, terminal);
    }
    let model_text = output::model(&model);
    if let Some(path) = &flags.output {
        host::replace(path, model_text.as_bytes(), Some(MODEL_MODE))?;
        terminal.note(&format!("note: wrote {}", path.display()));
    }
    let read: Vec<(String, &Tally)> = tallies.iter().map(|(path, tally)| (path.display().to_string(), tally)).collect();
    let printed = output::calibration(&model, &read, flags.format, &output::options(terminal, None, 0));
    terminal.result(&printed, None)?;
    Ok(ExitCode::Done)
}

/// Packages that functions ran, and what they say of the platform.
fn deployed(flags: &Calibrate) -> Result<Deployed, CliError> {
    let mut packages = BTreeMap::new();
    let mut reported = None;
    for given in &flags.report {
        let (function, path) = match given.split_once('=') {
            Some((function, path)) => (function, path),
            None => (flags.function.as_deref().unwrap_or(Observations::UNNAMED), given.as_str()),
        };
        let path = Path::new(path);
        let report = load_report(path)?;
        let program = started(&report).ok_or_else(|| CliError::NoProgram { path: path.to_owned() })?;
        reported = reported.or(Some(program.architecture));
        // Sizes alone are asked for, so any model will do.
        let inputs = Predictor::with_model(None, None, None, None)?.inputs(&report, None)?;
        let inputs = inputs.ok_or_else(|| CliError::NoProgram { path: path.to_owned() })?;
        packages.insert(function.to_owned(), PackageSizes::of(&inputs));
    }
    let architecture = match flags.arch {
        Some(Arch::X86_64) => Architecture::X86_64,
        Some(Arch::Arm64) => Architecture::Arm64,
        None => reported.unwrap_or(Architecture::X86_64),
    };
    let mut deployed = Deployed::new(flags.package_kind.kind(), architecture);
    deployed.packages = packages;
    Ok(deployed)
}

fn observe(
    flags: &Calibrate,
    terminal: Terminal,
) -> Result<(Observations, Vec<(std::path::PathBuf, Tally)>), CliError> {
    let inputs = log_inputs(&flags.logs)?;
    let known = Place { function: flags.function.as_deref(), ..Place::default() };
    let total = inputs.iter().map(LogInput::size).sum::<Option<u64>>();
    let bar = total.map_or_else(
        || terminal.spinner("reading records"),
        |total| terminal.progress("reading records", ByteSize::new(total)),
    );
    let mut observations = Observations::default();
    let mut tallies = Vec::new();
    for input in &inputs {
        let mut watched = Watched { inner: input.open()?, bar: &bar };
        let tally = read(&mut watched, &known, &mut |sample| observations.add(sample))
            .map_err(|source| CliError::Log { path: input.path().to_owned(), source })?;
        tallies.push((input.path().to_owned(), tally));
    }
    bar.finish_and_clear();
    Ok((observations, tallies))
}

fn say_malformed(path: &Path, tally: &Tally, terminal: Terminal) {
    if tally.malformed == 0 {
        return;
    }
    terminal.warn(&format!(
        "warning: {}: {} of {} records cannot be read",
        path.display(),
        tally.malformed,
        tally.lines
    ));
    for malformed in &tally.first_malformed {
        terminal.warn(&format!("  line {}: {}: {}", malformed.line, malformed.what, malformed.text));
    }
}

/// Moves the bar as bytes are read.
struct Watched<'b> {
    inner: Box<dyn Read + Send>,
    bar: &'b ProgressBar,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}
