//! `tune --apply`: an experiment's settings go into the profile in Cargo.toml.

use crate::cargo::{LineChange, line_changes, with_profile};
use crate::host;
use crate::tune::Experiment;

use super::error::CliError;
use super::exit_code::ExitCode;
use super::terminal::Terminal;
use super::tune_args::Tune;
use super::tune_session::{RULES, Session};
use super::tune_steps::Steps;

/// Lines that are shown around a change.
const AROUND: usize = 3;

pub(super) fn apply(name: &str, flags: &Tune, session: &Session<'_>, terminal: Terminal) -> Result<ExitCode, CliError> {
    let experiment = find(name, session)?;
    let path = session.project.graph.workspace_root().join("Cargo.toml");
    let manifest = host::read_text(&path)?;
    let profile = session.bench.options.profile_name();
    let changed = with_profile(&manifest, profile, &experiment.profile());
    let changed = changed.map_err(|source| CliError::Manifest { path: path.clone(), source })?;
    let elsewhere = elsewhere(&experiment);
    if changed == manifest {
        terminal.note(&format!("note: {}: nothing of {} is missing in it", path.display(), experiment.name()));
        elsewhere.iter().for_each(|line| terminal.note(line));
        return Ok(ExitCode::Done);
    }
    terminal.result(&shown(&path.display().to_string(), &manifest, &changed), None)?;
    for sentence in experiment.behaviour() {
        terminal.note(&format!("note: {sentence}"));
    }
    if !flags.yes && !terminal.ask(&format!("Write this to {}?", path.display())) {
        terminal.note("note: nothing was written");
        return Ok(ExitCode::Done);
    }
    host::replace(&path, changed.as_bytes(), None)?;
    terminal.note(&format!("note: wrote {}", path.display()));
    elsewhere.iter().for_each(|line| terminal.note(line));
    Ok(ExitCode::Done)
}

/// An experiment by its name, or by the rule that chose it for the project as it is now.
fn find(name: &str, session: &Session<'_>) -> Result<Experiment, CliError> {
    let report = session.baseline_report().filter(|_| session.results.knows_sources());
    let steps = Steps::of(session.project, session.bench.options, report.as_ref())?.that_can_be_set();
    if !RULES.contains(&name) {
        return Ok(Experiment::named(name, &steps)?);
    }
    let chosen = session.results.chosen(name).ok_or_else(|| CliError::NothingChosen { name: name.to_owned() })?;
    Ok(Experiment::named(&chosen, &steps)?)
}

/// What has no place in a profile, and where it goes.
fn elsewhere(experiment: &Experiment) -> Vec<String> {
    let mut lines = Vec::new();
    let rustflags = experiment.rustflags();
    if !rustflags.is_empty() {
        lines.push(format!(
            "note: not of a profile, and not written: rustflags = {rustflags:?} in [build] of .cargo/config.toml (or RUSTFLAGS)"
        ));
    }
    let link: Vec<String> = experiment.link_flags();
    if !link.is_empty() {
        lines.push(format!(
            "note: for the link of the program alone, and not written: rustflags = {link:?} in [target.<triple>] of .cargo/config.toml, or behind `--` of `cargo lambda-slim slim`{}",
            build_script(&link)
        ));
    }
    if experiment.orders_for_compression() {
        lines.push("note: the order of functions is no setting: `cargo lambda-slim layout` writes lambda-slim.order, which later builds follow".to_owned());
    }
    if experiment.is_whole_workspace() {
        lines.push(
            "note: with-workspace is what a build of the whole workspace does: there is nothing to write".to_owned(),
        );
    }
    lines
}

/// Arguments of the linker can also come from a build script.
fn build_script(flags: &[String]) -> String {
    let args = flags.iter().filter_map(|flag| flag.strip_prefix("-Clink-arg="));
    let lines: Vec<String> = args.map(|arg| format!("println!(\"cargo::rustc-link-arg-bins={arg}\")")).collect();
    if lines.is_empty() { String::new() } else { format!("; or in build.rs: {}", lines.join("; ")) }
}

/// The change as `diff -u` shows it.
fn shown(path: &str, old: &str, new: &str) -> String {
    let changes = line_changes(old, new);
    let is_kept = |change: &LineChange<'_>| matches!(change, LineChange::Kept(_));
    let near = |at: usize| {
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(changes.len()));
        changes[from..to].iter().any(|change| !is_kept(change))
    };
    let mut text = format!("--- {path}\n+++ {path}\n");
    let (mut old_line, mut new_line) = (1, 1);
    let mut at = 0;
    while at < changes.len() {
        let end = (at..changes.len()).find(|&at| !near(at)).unwrap_or(changes.len());
        if end > at {
            let hunk = &changes[at..end];
            let count = |skipped: fn(&LineChange<'_>) -> bool| hunk.iter().filter(|change| !skipped(change)).count();
            let of_old = count(|change| matches!(change, LineChange::Added(_)));
            let of_new = count(|change| matches!(change, LineChange::Removed(_)));
            text.push_str(&format!("@@ -{old_line},{of_old} +{new_line},{of_new} @@\n"));
            for change in hunk {
                let (mark, line) = match change {
                    LineChange::Kept(line) => (' ', line),
                    LineChange::Removed(line) => ('-', line),
                    LineChange::Added(line) => ('+', line),
                };
                text.push(mark);
                text.push_str(line.trim_end_matches(['\n', '\r']));
                text.push('\n');
            }
            (old_line, new_line) = (old_line + of_old, new_line + of_new);
            at = end;
        } else {
            (old_line, new_line, at) = (old_line + 1, new_line + 1, at + 1);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_its_lines_and_numbers() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n";
        let diff = "--- Cargo.toml\n+++ Cargo.toml\n@@ -2,8 +2,9 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n+10\n";
        assert_eq!(shown("Cargo.toml", old, new), diff);
    }
}
