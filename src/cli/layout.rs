//! `layout`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::attribution::{Detail, SectionKind};
use crate::estimate::Change;
use crate::host::{self, BootVerdict, BuildOptions, Compared, HostError};
use crate::layout::Order;
use crate::report::{LayoutOutcome, LayoutSide, Report, TouchedKind};
use crate::slim::{Options, Slimmed};
use crate::units::ByteSize;

use super::args::Global;
use super::boot_check::{quoted, shown};
use super::build_options::build_options;
use super::configuration::{Configuration, slim_options_of};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::launch_files::rewritten;
use super::layout_args;
use super::layout_trace::trace;
use super::measure::{Asked, measure_slimmed};
use super::order::{Layout, order_path, read_order};
use super::output;
use super::predictor::Predictor;
use super::project::load_project;
use super::slim::ZIP_MODE;
use super::subject::Loaded;
use super::terminal::Terminal;

pub(super) fn run(flags: &layout_args::Layout, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    let asked = Asked { cold_cache: true, ..Asked::of(&flags.start, flags.event.as_deref())? };
    let options = build_options(&flags.build, global);
    let project = load_project(&options, terminal)?;
    let path = order_path(&flags.build, &project);
    let kept = match flags.no_trace && path.is_file() {
        true => Some(read_order(&path)?),
        false => None,
    };
    let predictor = Predictor::of(flags.start.memory, Some(&Configuration::of(Some(&project))?))?;

    terminal.note("note: building as the linker lays it out");
    let before = Loaded::laid_out(&flags.build, project.clone(), &options, Layout::Plain, terminal)?.loaded;
    let before_package = before.package()?;
    let plain_slim = slim_options_of(&before)?;
    let before_slimmed = before.slim(&before_package, &plain_slim, terminal)?;
    let before_report = side_report(&before, &before_package, &before_slimmed, &asked, terminal)?;

    let order = match (kept, flags.no_trace) {
        (Some(order), _) => order,
        (None, true) => Order::default(),
        (None, false) => {
            let order = terminal.timed("trace starts", || trace(&before, &asked, terminal))?;
            host::replace(&path, order.to_text().as_bytes(), None)?;
            terminal.note(&format!("note: wrote {}", path.display()));
            order
        }
    };

    let after_options = BuildOptions { rustc_args: rustc_args(flags, &options), ..options };
    terminal.note("note: linking again, in order");
    let laid_out = Loaded::laid_out(&flags.build, project, &after_options, Layout::Ordered(&order), terminal)?;
    let after = laid_out.loaded;
    let after_package = after.package()?;
    let after_slim = Options { with: flags.with.iter().copied().collect(), ..plain_slim };
    let after_slimmed = after.slim(&after_package, &after_slim, terminal)?;
    let mut report = side_report(&after, &after_package, &after_slimmed, &asked, terminal)?;
    let compare = || answers(&asked, &before_slimmed, &after_slimmed, terminal);
    let answers = terminal.timed("compare answers", compare)?;

    let placement = laid_out.placement.unwrap_or_default();
    let link = laid_out.link_order;
    report.estimate = predictor.predict(&report)?;
    report.slim = Some(after_slimmed.outcome.clone());
    report.layout = Some(LayoutOutcome {
        order_file: (!order.is_empty()).then(|| path.display().to_string()),
        told_by: link.as_ref().map_or("nothing", |link| link.told_by).to_owned(),
        for_compression: link.is_some_and(|link| link.for_compression),
        init_functions: order.init.len() as u64,
        first_event_functions: order.first_event.len() as u64,
        matched: placement.placed.matched as u64,
        guessed: placement.placed.guessed as u64,
        gone: placement.placed.gone as u64,
        placed_bytes: placement.code_bytes,
        gives_up: gives_up(flags),
        answers,
        change: change_between(&before_report, &report, &predictor)?,
        before: side(&before_report, &predictor)?,
        after: side(&report, &predictor)?,
    });
    let out = flags.output.as_ref().unwrap_or(&after.path);
    host::create_parent(out)?;
    host::replace(out, &after_slimmed.zip, Some(ZIP_MODE))?;
    let options = output::options(terminal, None, 0);
    let printed = terminal.timed("render", || output::layout(&report, flags.format, &options));
    terminal.result(&printed, None)?;
    terminal.note(&format!("note: wrote {}", out.display()));
    Ok(ExitCode::Done)
}

fn rustc_args(flags: &layout_args::Layout, options: &BuildOptions) -> Vec<OsString> {
    let mut args: Vec<OsString> = Vec::new();
    if flags.static_relocations {
        args.extend(["-C".into(), "relocation-model=static".into()]);
    }
    if flags.icf {
        args.extend(["-C".into(), "link-arg=-Wl,--icf=all".into()]);
    }
    // What the user says comes last, and wins.
    args.extend(options.rustc_args.iter().cloned());
    args
}

fn gives_up(flags: &layout_args::Layout) -> Vec<String> {
    let mut gives_up = Vec::new();
    if flags.static_relocations {
        gives_up.push(
            "--static-relocations gives up the random address of the executable: an attacker who can make the program jump knows where its \
             code is. Libraries, heap and stack keep theirs."
                .to_owned(),
        );
    }
    if flags.icf {
        gives_up.push(
            "--icf gives up that two functions always have two addresses: code that tells functions apart by comparing pointers may take one \
             for the other, and a backtrace may name an equal function."
                .to_owned(),
        );
    }
    gives_up
}

/// The report of one side; without a measurement where this machine cannot run it.
fn side_report(
    loaded: &Loaded,
    package: &crate::package::DeploymentPackage<'_>,
    slimmed: &Slimmed<'_>,
    asked: &Asked,
    terminal: Terminal,
) -> Result<Report, CliError> {
    match measure_slimmed(loaded, package, slimmed, asked, Detail::Crates, terminal) {
        Ok(measured) => match measured.failure {
            None => Ok(measured.report),
            Some(ref log) => Err(CliError::InitFailed { message: measured.why_failed(), log: log.clone() }),
        },
        Err(CliError::Host(error @ (HostError::BootNeedsLinux { .. } | HostError::OtherArchitecture { .. }))) => {
            terminal.note(&format!("note: not measured: {error}"));
            loaded.report_slimmed(package, slimmed, Detail::Crates)
        }
        Err(error) => Err(error),
    }
}

/// With an event, both packages must answer it alike.
fn answers(
    asked: &Asked,
    before: &Slimmed<'_>,
    after: &Slimmed<'_>,
    terminal: Terminal,
) -> Result<Option<String>, CliError> {
    let Some(event) = &asked.event else { return Ok(None) };
    let spinner = terminal.spinner("comparing answers");
    let checked = host::boot_check(&rewritten(before)?, &rewritten(after)?, event, asked.limits, &asked.launch);
    spinner.finish_and_clear();
    let checked = checked?;
    match (checked.verdict, &checked.after) {
        (BootVerdict::Alike(Compared::Everything), _) => Ok(Some("everything".to_owned())),
        (BootVerdict::Alike(Compared::StableValues), _) => Ok(Some("stable-values".to_owned())),
        (BootVerdict::Alike(Compared::KindOnly), _) => Ok(Some("kind-only".to_owned())),
        (_, Some(other)) => {
            let message =
                format!("laid out it does not answer as before: {}, {}", shown(&checked.before), shown(other));
            Err(CliError::InitFailed { message, log: quoted(&checked.after_log) })
        }
        (_, None) => Err(CliError::InitFailed { message: shown(&checked.before), log: quoted(&checked.before_log) }),
    }
}

fn side(report: &Report, predictor: &Predictor) -> Result<LayoutSide, CliError> {
    let mut kinds: BTreeMap<SectionKind, ByteSize> = BTreeMap::new();
    let program = report.binaries.iter().find(|binary| binary.path == "bootstrap");
    for section in program.iter().flat_map(|program| &program.sections) {
        if let Some(touched) = section.touched_bytes.filter(|touched| *touched > ByteSize::ZERO) {
            *kinds.entry(section.kind).or_default() += touched;
        }
    }
    let mut touched: Vec<TouchedKind> =
        kinds.into_iter().map(|(kind, touched_bytes)| TouchedKind { kind, touched_bytes }).collect();
    touched.sort_by(|a, b| b.touched_bytes.cmp(&a.touched_bytes).then_with(|| a.kind.cmp(&b.kind)));
    let measured = report.measurement.is_some();
    let init = if measured { predictor.predict(report)?.map(|estimate| estimate.init_ms) } else { None };
    Ok(LayoutSide {
        zip_bytes: report.artifact.zip_bytes.unwrap_or_default(),
        unzipped_bytes: report.artifact.unzipped_bytes,
        measurement: report.measurement.clone(),
        touched,
        init_ms: init,
    })
}

fn change_between(before: &Report, after: &Report, predictor: &Predictor) -> Result<Option<Change>, CliError> {
    if before.measurement.is_none() || after.measurement.is_none() {
        return Ok(None);
    }
    predictor.change(before, after)
}
