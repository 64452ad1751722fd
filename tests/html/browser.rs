//! Chromium opens the pages: it zooms, searches, switches, turns dark, and has nothing to complain about.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lambda_slim::policy::diff_with_functions;
use lambda_slim::render::{Options, html};
use serde_json::Value;

use super::data::{HELLO, report};
use super::laws::{HOSTILE, changed, named};
use crate::support::program::Run;
use crate::support::skip::skip;

/// A Chromium that starts here.
fn chromium() -> Option<PathBuf> {
    let starts = |name: &&str| {
        let mut version = Command::new(name);
        version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(starts).map(PathBuf::from);
    if found.is_none() {
        skip("the page in a browser", "no chromium here");
    }
    found
}

/// Runs the browser's script on pages; `None` where a tool is missing.
pub(crate) fn drive(script: &str, pages: &[(&str, String)]) -> Option<Value> {
    let chromium = chromium()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("html-{script}"));
    fs::create_dir_all(&folder).expect("the build's folder is ours");
    let paths = pages.iter().map(|(name, page)| {
        let path = folder.join(name);
        fs::write(&path, page).expect("the folder is ours");
        path
    });
    let paths: Vec<PathBuf> = paths.collect();
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        skip("the page in a browser", "no python3 here");
        return None;
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/browser.py");
    let run = Run::of(Command::new("python3").arg(program).arg(script).arg(chromium).args(paths).stdin(Stdio::null()));
    Some(run.exits(0).json())
}

#[test]
fn a_browser_zooms_searches_and_switches_without_an_error() {
    let (old, new) = (report(&HELLO), report(&changed()));
    let comparison = html::diff(&diff_with_functions(&old, &new), &Options::default());
    let pages = [("report.html", html::report(&old, &Options::default())), ("diff.html", comparison)];
    if let Some(result) = drive("use", &pages) {
        assert!(result["ready_ms"].as_u64().expect("a time") < 10_000, "{result}");
    }
}

#[test]
fn a_browser_shows_hostile_names_and_runs_none() {
    let page = html::report(&report(&named(HOSTILE)), &Options::default());
    if let Some(result) = drive("hostile", &[("hostile.html", page)]) {
        assert!(result["shown"].as_str().expect("a name").contains("</script><script>"), "{result}");
    }
}
