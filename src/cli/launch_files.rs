//! The files of a package as they are unpacked to be started.

use crate::archive::EntryKind;
use crate::host::{HostError, LaunchFile, LaunchFileKind};
use crate::package::{DeploymentPackage, PackageFile, PackageSource, Role};
use crate::slim::Slimmed;

/// Modes for files of a zip that says none, as for zips made on Windows.
const PROGRAM_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// What came in, as Lambda would unpack it.
pub(super) fn original<'a>(package: &'a DeploymentPackage<'_>) -> Result<Vec<LaunchFile<'a>>, HostError> {
    let files = package.files.iter().map(|file| {
        // A bare program is the bootstrap of the package that is made of it.
        let is_bare = package.source == PackageSource::Elf && file.role == Role::Bootstrap;
        let path = if is_bare { "bootstrap" } else { &file.path };
        let kind = kind(path, file.is_symlink, &file.contents)?;
        Ok(LaunchFile { path, unix_mode: mode(file), kind })
    });
    let folder = |path: &'a String| LaunchFile { path, unix_mode: PROGRAM_MODE, kind: LaunchFileKind::Folder };
    files.chain(package.empty_folders.iter().map(folder).map(Ok)).collect()
}

/// What slimming made of it.
pub(super) fn rewritten<'a>(slimmed: &'a Slimmed<'_>) -> Result<Vec<LaunchFile<'a>>, HostError> {
    let files = slimmed.files.iter().map(|file| {
        let kind = match file.kind {
            EntryKind::Directory => LaunchFileKind::Folder,
            EntryKind::File => kind(&file.path, false, &file.contents)?,
            EntryKind::Symlink => kind(&file.path, true, &file.contents)?,
        };
        Ok(LaunchFile { path: &file.path, unix_mode: file.mode, kind })
    });
    files.collect()
}

fn kind<'a>(path: &str, is_symlink: bool, contents: &'a [u8]) -> Result<LaunchFileKind<'a>, HostError> {
    if !is_symlink {
        return Ok(LaunchFileKind::File(contents));
    }
    match std::str::from_utf8(contents) {
        Ok(target) => Ok(LaunchFileKind::Symlink(target)),
        Err(_) => Err(HostError::NameNotUtf8 { path: path.into() }),
    }
}

fn mode(file: &PackageFile<'_>) -> u32 {
    let unmarked = if file.is_elf() || file.is_script() { PROGRAM_MODE } else { FILE_MODE };
    file.mode.unwrap_or(unmarked)
}
