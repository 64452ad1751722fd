//! Reports from files.

use std::path::{Path, PathBuf};

use crate::attribution::Detail;
use crate::host;
use crate::report::{Report, Reports};

use super::error::CliError;
use super::subject::Loaded;

/// Reads a report of this program back.
pub(super) fn load_report(path: &Path) -> Result<Report, CliError> {
    Report::from_json(&host::read_text(path)?).map_err(|source| CliError::Report { path: path.to_owned(), source })
}

/// Reads a report of one or of several packages back.
pub(super) fn load_reports(path: &Path) -> Result<Reports, CliError> {
    Reports::from_json(&host::read_text(path)?).map_err(|source| CliError::Report { path: path.to_owned(), source })
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
