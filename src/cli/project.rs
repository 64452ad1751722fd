//! The project that a command works in, with what cargo says passed on.

use crate::cargo::CrateGraph;
use crate::host::{self, BuildEvent, BuildOptions, Project};

use super::error::CliError;
use super::terminal::Terminal;

/// A project's crate graph, its program, its configuration.
pub(super) fn load_project(options: &BuildOptions, terminal: Terminal) -> Result<Project, CliError> {
    let outside = || {
        std::env::current_dir().is_ok_and(|here| !here.ancestors().any(|folder| folder.join("Cargo.toml").is_file()))
    };
    if options.manifest_path.is_none() && outside() {
        return Err(CliError::Usage(
            "no Cargo.toml in this folder or above it: name an artifact (a zip, a folder or an ELF file), or the project with --manifest-path",
        ));
    }
    terminal.timed("read the project", || Ok(Project::load(options, &mut |event| pass_on(event, terminal))?))
}

/// The members of the workspace around the current folder, or of `--manifest-path`; `None` outside of any.
pub(super) fn load_members(options: &BuildOptions, terminal: Terminal) -> Result<Option<CrateGraph>, CliError> {
    Ok(host::read_members(options, &mut |event| pass_on(event, terminal))?)
}

/// Passes on what a build says.
pub(super) fn pass_on(event: BuildEvent<'_>, terminal: Terminal) {
    match event {
        BuildEvent::Stderr(bytes) => terminal.cargo_says(bytes),
        BuildEvent::Text(line) => terminal.note(line),
        BuildEvent::Note(text) => terminal.note(&format!("note: {text}")),
        BuildEvent::Artifact(_) => {}
    }
}
