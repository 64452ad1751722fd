//! Paths as reports show them.

use std::path::Path;

/// The path as the report shows it, on any host.
pub(super) fn with_slashes(path: &Path) -> String {
    // A report does not say where on its maker's machine the project lies.
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).filter(|below| *below != Path::new(""));
    below.unwrap_or(path).to_string_lossy().replace('\\', "/")
}
