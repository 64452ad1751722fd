//! `estimate`, and what slimming changes in the prediction.

use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::elf::Architecture;
use crate::estimate::{Change, Estimate, Inputs, Model, PackageKind, ZippedSize, compare, predict};
use crate::host;
use crate::package::{DeploymentPackage, Role};
use crate::report::Report;
use crate::slim::{Rewrite, Slimmed};
use crate::units::ByteSize;

use super::args;
use super::args::{Global, PackageArg};
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::subject::{Loaded, load_report, slim_options};
use super::terminal::Terminal;

/// Memory setting where none is said. Source: Lambda API reference, `MemorySize`, "The default value is 128 MB"; read 2026-11-23.
const DEFAULT_MEMORY_MB: u32 = 128;

pub(super) fn run(mut flags: args::Estimate, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let kind = package_kind(&mut flags);
    let flags = &flags;
    let report = match flags.subject.artifact.as_deref().filter(|path| host::looks_like_json(path)) {
        Some(path) => {
            let mut report = load_report(path)?;
            let inputs = inputs(&report, report.artifact.zip_bytes, None, kind, memory(flags.memory, None))?;
            let inputs = inputs.ok_or_else(|| CliError::NoProgram { path: path.to_owned() })?;
            report.estimate = Some(predict(&inputs, &Model::prior()));
            report
        }
        None => of_artifact(flags, kind, global, terminal)?,
    };
    let file = flags.output.output.as_deref();
    let printed = output::estimate(&report, flags.output.format, &output::options(terminal, file, 0));
    terminal.result(&printed, file)?;
    Ok(ExitCode::Done)
}

/// `--package` is cargo's flag, and Lambda's word for how a function is packaged: `zip` and `image` are the latter, unless
/// `--package-kind` says that already.
fn package_kind(flags: &mut args::Estimate) -> PackageKind {
    let kind = flags.package_kind.or_else(|| {
        let named = flags.subject.build.package.take_if(|package| package == "zip" || package == "image");
        named.map(|kind| if kind == "image" { PackageArg::Image } else { PackageArg::Zip })
    });
    match kind {
        Some(PackageArg::Image) => PackageKind::Image,
        Some(PackageArg::Zip) | None => PackageKind::Zip,
    }
}

fn of_artifact(
    flags: &args::Estimate,
    kind: PackageKind,
    global: &Global,
    terminal: Terminal,
) -> Result<Report, CliError> {
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let configured = match flags.memory {
        Some(_) => None,
        None => Configuration::find(&flags.subject, loaded.project.as_ref(), global, terminal)?.memory_mb,
    };
    let memory = memory(flags.memory, configured);
    let package = loaded.package()?;
    let slimmed = loaded.slim(&package, &slim_options_of(&loaded)?, terminal)?;
    let mut report = if loaded.is_built() {
        loaded.report_slimmed(&package, &slimmed, Detail::Crates)?
    } else {
        loaded.report_as_it_is(&package, Detail::Crates)?
    };
    let assumed = match report.artifact.zip_bytes {
        Some(_) => None,
        None => Some(zipped_as_it_is(&loaded, &package, terminal)?),
    };
    let before = inputs(&report, report.artifact.zip_bytes, assumed, kind, memory)?;
    let before = before.ok_or_else(|| CliError::NoProgram { path: loaded.path.clone() })?;
    let mut estimate = predict(&before, &Model::prior());
    if !loaded.is_built() {
        estimate.slimming = Some(compare(&before, &after(before, &slimmed), &Model::prior()));
    }
    report.estimate = Some(estimate);
    Ok(report)
}

/// Size of the zip that a packaging tool would make of an ELF file or a folder: every file as it is, at a usual Deflate level.
fn zipped_as_it_is(loaded: &Loaded, package: &DeploymentPackage<'_>, terminal: Terminal) -> Result<ByteSize, CliError> {
    let mut options = slim_options()?;
    options.effort = Effort::Fast;
    options.without = Rewrite::ALL.into_iter().filter(|rewrite| *rewrite != Rewrite::Recompress).collect();
    Ok(ByteSize::of(&loaded.slim(package, &options, terminal)?.zip))
}

/// The prediction for a package just slimmed, with what slimming changed where a zip came in.
pub(super) fn slimming(
    loaded: &Loaded,
    slimmed: &Slimmed<'_>,
    report: &Report,
    memory: Option<u32>,
) -> Result<Option<Estimate>, CliError> {
    let zip = report.artifact.zip_bytes;
    let Some(after) = inputs(report, zip, None, PackageKind::Zip, memory.unwrap_or(DEFAULT_MEMORY_MB))? else {
        return Ok(None);
    };
    let mut estimate = predict(&after, &Model::prior());
    if let Some(zip_before) = slimmed.outcome.before.zip_bytes.filter(|_| !loaded.is_built()) {
        let before = after.with_zip(ZippedSize::Known(zip_before)).with_unzipped(slimmed.outcome.before.unzipped_bytes);
        estimate.slimming = Some(compare(&before, &after, &Model::prior()));
    }
    Ok(Some(estimate))
}

/// The same package, slimmed: it loads the same bytes.
fn after(before: Inputs, slimmed: &Slimmed<'_>) -> Inputs {
    before.with_zip(ZippedSize::Known(ByteSize::of(&slimmed.zip))).with_unzipped(slimmed.outcome.after.unzipped_bytes)
}

/// The prediction for a package whose start was measured; `None` where it holds no program.
pub(super) fn prediction(report: &Report, memory: Option<u32>) -> Result<Option<Estimate>, CliError> {
    let memory = memory.unwrap_or(DEFAULT_MEMORY_MB);
    let inputs = inputs(report, report.artifact.zip_bytes, None, PackageKind::Zip, memory)?;
    Ok(inputs.map(|inputs| predict(&inputs, &Model::prior())))
}

/// What a change of a measured package is worth; `None` where either holds no program.
pub(super) fn change(before: &Report, after: &Report, memory: Option<u32>) -> Result<Option<Change>, CliError> {
    let memory = memory.unwrap_or(DEFAULT_MEMORY_MB);
    let of = |report: &Report| inputs(report, report.artifact.zip_bytes, None, PackageKind::Zip, memory);
    let (Some(before), Some(after)) = (of(before)?, of(after)?) else { return Ok(None) };
    Ok(Some(compare(&before, &after, &Model::prior())))
}

fn memory(flag: Option<u32>, configured: Option<u32>) -> u32 {
    flag.or(configured).unwrap_or(DEFAULT_MEMORY_MB)
}

/// What the model asks about a report; `None` where it holds no program. `assumed` stands for a zip that does not exist yet.
fn inputs(
    report: &Report,
    zip: Option<ByteSize>,
    assumed: Option<ByteSize>,
    kind: PackageKind,
    memory_mb: u32,
) -> Result<Option<Inputs>, CliError> {
    let role = |path: &str| report.artifact.entries.iter().find(|entry| entry.path == path).map(|entry| entry.role);
    let programs = || report.binaries.iter().filter(|b| role(&b.path) == Some(Role::Bootstrap));
    let started = programs().next().or_else(|| report.binaries.iter().find(|b| role(&b.path) == Some(Role::Extension)));
    let Some(program) = started else { return Ok(None) };
    let libraries = report.binaries.iter().filter(|b| role(&b.path) == Some(Role::Library));
    let architecture: Architecture = program.architecture;
    let zip = match (zip, assumed) {
        (Some(zip), _) => ZippedSize::Known(zip),
        // A report of an ELF file or folder, without the file: its bytes as they are bound the zip from above.
        (None, assumed) => ZippedSize::Assumed(assumed.unwrap_or(report.artifact.unzipped_bytes)),
    };
    let inputs = Inputs::new(kind, architecture, memory_mb)?
        .with_zip(zip)
        .with_unzipped(report.artifact.unzipped_bytes)
        .with_loaded(program.loaded_bytes)
        .with_bundled_libraries(libraries.map(|library| library.file_bytes).sum());
    // What was measured is not guessed; what an emulator has in memory, and the time that it takes, are not the program's.
    let measured = report.measurement.as_ref().filter(|measurement| measurement.emulator.is_none());
    let Some(measurement) = measured else { return Ok(Some(inputs)) };
    let inputs = inputs.with_touched(measurement.touched_bytes);
    Ok(Some(match &measurement.first_event {
        Some(event) => inputs.with_first_call_cpu(event.cpu_ms)?,
        None => inputs,
    }))
}
