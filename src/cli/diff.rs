//! `diff`.

use crate::attribution::{CrateKind, Detail};
use crate::policy::{diff, diff_with_functions};
use crate::render::{By, Options};
use crate::report::Report;

use super::args::{Diff, DiffBy, DiffFormat};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::report_file::report_or_artifact;
use super::terminal::Terminal;

/// True where no crate of the package can be named.
fn is_unnamed(report: &Report) -> bool {
    let mut crates = report.binaries.iter().flat_map(|binary| &binary.crates);
    !report.binaries.is_empty() && crates.all(|row| matches!(row.kind, CrateKind::Unattributed | CrateKind::Linker))
}

pub(super) fn run(flags: &Diff, terminal: Terminal) -> Result<ExitCode, CliError> {
    let by = match flags.by {
        DiffBy::Crate => By::Crate,
        DiffBy::Section => By::Section,
        DiffBy::Function => By::Function,
    };
    // The page goes down to functions where both sides list them.
    let in_functions = flags.by == DiffBy::Function || flags.output.format == DiffFormat::Html;
    let detail = if in_functions { Detail::Functions } else { Detail::Crates };
    let old = terminal.timed("read OLD", || report_or_artifact(&flags.old, &flags.symbols_old, detail))?;
    let new = terminal.timed("read NEW", || report_or_artifact(&flags.new, &flags.symbols_new, detail))?;
    for (report, other) in [(&old, &new), (&new, &old)] {
        if is_unnamed(report) && !is_unnamed(other) {
            let path = &report.artifact.path;
            terminal
                .note(&format!("note: {path} is stripped: a crate that it seems to lack may have lost only its name"));
        }
    }
    let file = flags.output.output.as_deref();
    let options = Options { by, ..output::options(terminal, file, flags.rows) };
    let compare = || if in_functions { diff_with_functions(&old, &new) } else { diff(&old, &new) };
    let changes = terminal.timed("compare", compare);
    let printed = terminal.timed("render", || output::diff(&changes, flags.output.format, &options));
    terminal.result(&printed, file)?;
    Ok(ExitCode::Done)
}
