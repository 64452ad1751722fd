//! `diff`.

use crate::attribution::CrateKind;
use crate::policy::diff;
use crate::report::Report;

use super::args::Diff;
use super::check::report_or_artifact;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::output;
use super::terminal::Terminal;

/// True where no crate of the package can be named.
fn is_unnamed(report: &Report) -> bool {
    let mut crates = report.binaries.iter().flat_map(|binary| &binary.crates);
    !report.binaries.is_empty() && crates.all(|row| matches!(row.kind, CrateKind::Unattributed | CrateKind::Linker))
}

pub(super) fn run(flags: &Diff, terminal: Terminal) -> Result<ExitCode, CliError> {
    let old = report_or_artifact(&flags.old)?;
    let new = report_or_artifact(&flags.new)?;
    for (report, other) in [(&old, &new), (&new, &old)] {
        if is_unnamed(report) && !is_unnamed(other) {
            let path = &report.artifact.path;
            terminal
                .note(&format!("note: {path} is stripped: a crate that it seems to lack may have lost only its name"));
        }
    }
    let file = flags.output.output.as_deref();
    let options = output::options(terminal, file, flags.rows);
    terminal.result(&output::diff(&diff(&old, &new), flags.output.format, &options), file)?;
    Ok(ExitCode::Done)
}
