//! A copy of a project, to try other dependencies in: the project's own files stay as they are.
//!
//! All of the workspace's folder is copied but what cargo and version control keep there. Times stay, so that cargo finds fresh what it has built before; paths
//! that lead out of the workspace become absolute. The copy lies below the target folder and is made anew for each trial.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use walkdir::WalkDir;

use super::file::{copy_with_time, unreadable};
use super::inputs::is_left_out;
use super::process::Tool;
use super::text::read_text;
use super::toolchain::cargo;
use super::{BuildOptions, HostError, Project};
use crate::cargo::for_a_copy;
use crate::units::ByteSize;

/// The most that is copied. A project with more holds data that belongs elsewhere.
const COPY_LIMIT: ByteSize = ByteSize::new(2 << 30);

/// The last lines of what a command said that an error shows.
const LAST_LINES: usize = 5;

/// A copy of a project.
#[derive(Debug)]
pub struct ProjectCopy {
    /// The folder of the workspace that was copied, and the copy's.
    original: PathBuf,
    root: PathBuf,
}

impl ProjectCopy {
    /// Copies the project to `folder`; what was there goes.
    ///
    /// # Errors
    /// [`HostError`] where a file cannot be read or written, or there is more than 2 GiB.
    pub fn make(project: &Project, folder: &Path) -> Result<Self, HostError> {
        let unwritable = |path: &Path, cause| HostError::Unwritable { path: path.to_owned(), cause };
        match fs::remove_dir_all(folder) {
            Err(cause) if folder.exists() => return Err(unwritable(folder, cause)),
            _ => {}
        }
        let original = project.graph.workspace_root().to_owned();
        let target = project.graph.target_directory().to_owned();
        let copy = Self { original: original.clone(), root: folder.to_owned() };
        let is_copied = |entry: &walkdir::DirEntry| {
            let is_folder = entry.file_type().is_dir();
            entry.depth() == 0
                || !(is_folder && (entry.path() == target || is_left_out(&entry.file_name().to_string_lossy())))
        };
        let mut copied = ByteSize::ZERO;
        for entry in WalkDir::new(&original).sort_by_file_name().into_iter().filter_entry(is_copied) {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(&original).to_owned();
                unreadable(&path, error.into())
            })?;
            let (from, to) = (entry.path(), copy.path_of(entry.path()));
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to).map_err(|cause| unwritable(&to, cause))?;
            } else if from.is_file() {
                copied += super::size_of(from);
                if copied > COPY_LIMIT {
                    return Err(HostError::TooLarge { path: original, size: copied, limit: COPY_LIMIT });
                }
                if from.file_name().is_some_and(|name| name == "Cargo.toml") {
                    copy.copy_manifest(from, &to)?;
                } else {
                    copy_file(from, &to)?;
                }
            }
        }
        Ok(copy)
    }

    /// Where a file or folder of the project is in the copy.
    #[must_use]
    pub fn path_of(&self, original: &Path) -> PathBuf {
        original.strip_prefix(&self.original).map_or_else(|_| original.to_owned(), |below| self.root.join(below))
    }

    /// True where the package lies in the workspace's folder, and so in the copy.
    #[must_use]
    pub fn holds(&self, original: &Path) -> bool {
        original.starts_with(&self.original)
    }

    /// The folder of its workspace.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A manifest that cargo cannot read is copied as it is: a template, or what a test is about.
    fn copy_manifest(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        let folder = from.parent().unwrap_or(&self.original);
        let text = read_text(from).ok();
        match text.and_then(|text| for_a_copy(&text, folder, &self.original, folder == self.original).ok()) {
            Some(text) => fs::write(to, text).map_err(|cause| HostError::Unwritable { path: to.to_owned(), cause }),
            None => copy_file(from, to),
        }
    }

    /// Moves a package of the copy's lock file to a version, or as far as its dependents allow where `version` is `None`. Returns nothing: the lock file tells.
    ///
    /// # Errors
    /// [`HostError::CommandFailed`] where cargo does not find or allow it.
    pub fn update(&self, options: &BuildOptions, package: &str, version: Option<&str>) -> Result<(), HostError> {
        let mut args: Vec<OsString> = ["update", "--package", package, "--manifest-path"].map(OsString::from).into();
        args.push(self.root.join("Cargo.toml").into());
        if let Some(version) = version {
            args.extend(["--precise".into(), version.into()]);
        }
        if options.offline || options.frozen {
            args.push("--offline".into());
        }
        Tool::new(cargo(), &args, options.directory.as_deref()).answer().map(drop)
    }

    /// Runs the project's tests in the copy, as the shell takes them.
    ///
    /// # Errors
    /// [`HostError::CommandFailed`] with its last lines where it does not end with 0.
    pub fn test(&self, command: &str, target_dir: &Path) -> Result<(), HostError> {
        let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
        shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command);
        shell.current_dir(&self.root).env("CARGO_TARGET_DIR", target_dir).stdin(std::process::Stdio::null());
        let output = shell.output().map_err(|cause| HostError::NotStarted { program: "sh".into(), cause })?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Err(HostError::CommandFailed {
            command: command.to_owned(),
            status: output.status.to_string(),
            stderr: last.join("\n"),
        })
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), HostError> {
    copy_with_time(from, to).map_err(|cause| HostError::Unwritable { path: to.to_owned(), cause })
}
