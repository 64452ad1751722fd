//! `estimate`, and what slimming changes in the prediction.

use crate::attribution::Detail;
use crate::deflate::Effort;
use crate::estimate::{
    Against, CrateWorth, Estimate, Model, PackageKind, ZippedSize, backtest, compare, experiment, predict, predict_with,
};
use crate::host;
use crate::package::DeploymentPackage;
use crate::report::Report;
use crate::slim::{Rewrite, Slimmed};
use crate::units::ByteSize;

use super::args::{Global, PackageArg};
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::estimate_args;
use super::estimate_question::question;
use super::exit_code::ExitCode;
use super::output;
use super::predictor::{Predictor, load_model, started};
use super::report_file::load_report;
use super::report_file::report_or_artifact;
use super::subject::{Loaded, asked_architecture, slim_options};
use super::terminal::Terminal;

pub(super) fn run(
    mut flags: estimate_args::Estimate,
    global: &Global,
    terminal: Terminal,
) -> Result<ExitCode, CliError> {
    let file = flags.output.output.clone();
    let options = output::options(terminal, file.as_deref(), flags.crates);
    if flags.experiment {
        terminal.result(experiment(), file.as_deref())?;
        return Ok(ExitCode::Done);
    }
    if flags.backtest {
        let model = flags.model.model.as_deref().map_or_else(|| Ok(Model::prior()), load_model)?;
        let printed = output::backtest(&backtest(&model), flags.output.format, &options);
        terminal.result(&printed, file.as_deref())?;
        return Ok(ExitCode::Done);
    }
    let kind = package_kind(&mut flags);
    let flags = &flags;
    let report = match flags.subject.artifact.as_deref().filter(|path| host::looks_like_json(path)) {
        Some(path) => {
            let mut report = terminal.timed("read the report", || load_report(path))?;
            let predictor = predictor(flags, kind, None)?;
            let estimate = terminal.timed("predict", || predicted(flags, &predictor, &report, None, terminal))?;
            report.estimate = Some(estimate.ok_or_else(|| CliError::NoProgram { path: path.to_owned() })?);
            report
        }
        None => of_artifact(flags, kind, global, terminal)?,
    };
    let printed = terminal.timed("render", || output::estimate(&report, flags.output.format, &options));
    terminal.result(&printed, file.as_deref())?;
    Ok(ExitCode::Done)
}

/// `--package` is cargo's flag, and Lambda's word for how a function is packaged: `zip` and `image` are the latter, unless
/// `--package-kind` says that already.
fn package_kind(flags: &mut estimate_args::Estimate) -> PackageKind {
    let kind = flags.package_kind.or_else(|| {
        let named = flags.subject.build.package.pop_if(|package| package == "zip" || package == "image");
        named.map(|kind| if kind == "image" { PackageArg::Image } else { PackageArg::Zip })
    });
    kind.map_or(PackageKind::Zip, PackageArg::kind)
}

fn predictor(
    flags: &estimate_args::Estimate,
    kind: PackageKind,
    configured: Option<&Configuration>,
) -> Result<Predictor, CliError> {
    let model = flags.model.model.clone().or_else(|| configured?.model.clone());
    let function = flags.model.function.clone().or_else(|| configured?.function.clone());
    let predictor = Predictor::with_model(flags.memory, configured, model.as_deref(), function.as_deref())?;
    Ok(Predictor { kind, architecture: asked_architecture(&flags.subject), ..predictor })
}

/// The prediction with all that was asked beside it; `None` where the report holds no program.
fn predicted(
    flags: &estimate_args::Estimate,
    predictor: &Predictor,
    report: &Report,
    assumed: Option<ByteSize>,
    terminal: Terminal,
) -> Result<Option<Estimate>, CliError> {
    let Some(inputs) = predictor.inputs(report, assumed)? else { return Ok(None) };
    let question = question(flags, predictor, &inputs, terminal)?;
    let mut estimate = predict_with(&inputs, &predictor.model, &question)?;
    estimate.crates = crates(report, &estimate);
    if let Some(old) = &flags.against {
        let before = report_or_artifact(old, &[], Detail::Crates)?;
        let before = predictor.inputs(&before, None)?.ok_or_else(|| CliError::NoProgram { path: old.clone() })?;
        let path = old.display().to_string();
        estimate.against = Some(Against { path, change: compare(&before, &inputs, &predictor.model) });
    }
    Ok(Some(estimate))
}

/// What each crate of the started program is worth, the dearest first.
fn crates(report: &Report, estimate: &Estimate) -> Vec<CrateWorth> {
    let Some(program) = started(report) else { return Vec::new() };
    let worth = |row: &crate::attribution::CrateRow| CrateWorth {
        name: row.name.clone(),
        version: row.version.clone(),
        zip_bytes: row.compressed_bytes,
        retained_bytes: row.retained_bytes,
        touched_bytes: row.touched_bytes,
        before_init_ms: None,
        init_ms: None,
    };
    let named = program.crates.iter().filter(|row| !row.name.starts_with('['));
    let mut crates: Vec<CrateWorth> =
        named.map(|row| worth(row).in_ms(row.file_bytes, &estimate.per_megabyte)).collect();
    // What was not measured counts 0 in both, so that the zip decides.
    crates.sort_by(|one, other| {
        let key = |worth: &CrateWorth| (worth.touched_bytes.unwrap_or_default(), worth.zip_bytes.unwrap_or_default());
        key(other).cmp(&key(one)).then_with(|| (&one.name, &one.version).cmp(&(&other.name, &other.version)))
    });
    crates
}

fn of_artifact(
    flags: &estimate_args::Estimate,
    kind: PackageKind,
    global: &Global,
    terminal: Terminal,
) -> Result<Report, CliError> {
    let loaded = Loaded::new(&flags.subject, global, terminal)?;
    let configured = Configuration::find(&flags.subject, loaded.project.as_ref(), global, terminal)?;
    let predictor = predictor(flags, kind, Some(&configured))?;
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
    let no_program = || CliError::NoProgram { path: loaded.path.clone() };
    let before = predictor.inputs(&report, assumed)?.ok_or_else(no_program)?;
    let predict = || predicted(flags, &predictor, &report, assumed, terminal);
    let mut estimate = terminal.timed("predict", predict)?.ok_or_else(no_program)?;
    if !loaded.is_built() {
        // It loads the same bytes.
        let after = before
            .with_zip(ZippedSize::Known(ByteSize::of(&slimmed.zip)))
            .with_unzipped(slimmed.outcome.after.unzipped_bytes);
        estimate.slimming = Some(compare(&before, &after, &predictor.model));
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
    predictor: &Predictor,
) -> Result<Option<Estimate>, CliError> {
    let Some(after) = predictor.inputs(report, None)? else { return Ok(None) };
    let mut estimate = predict(&after, &predictor.model);
    if let Some(zip_before) = slimmed.outcome.before.zip_bytes.filter(|_| !loaded.is_built()) {
        let before = after.with_zip(ZippedSize::Known(zip_before)).with_unzipped(slimmed.outcome.before.unzipped_bytes);
        estimate.slimming = Some(compare(&before, &after, &predictor.model));
    }
    Ok(Some(estimate))
}
