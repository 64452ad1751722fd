//! `slim --debug-file`: the symbols that slimming takes away, kept in files of their own.
//!
//! Everything that can be wrong is found before anything is written, and the symbols are written before the package is: whatever
//! fails in between, they are not lost.

use std::path::{Path, PathBuf};

use crate::elf::{Image, NoDebugFile, check_twin, debug_file};
use crate::host;
use crate::package::{DeploymentPackage, Finding, PackageFile, build_id_missing};

use super::error::CliError;
use super::subject::Loaded;

/// Mode of a debug file: `rw-r--r--`. It is not to be started.
const DEBUG_FILE_MODE: u32 = 0o644;
/// Folder in which gdb, lldb, perf and debuginfod look for debug files by build id.
const BUILD_ID_FOLDER: &str = ".build-id";

/// Debug files, made and not written yet.
#[derive(Debug)]
pub(super) struct DebugFiles {
    files: Vec<DebugFile>,
    /// Programs of which debuggers will not find the debug file.
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug)]
struct DebugFile {
    place: PathBuf,
    bytes: Vec<u8>,
}

/// A program that has something to keep.
struct Kept {
    path: String,
    build_id: Option<String>,
    bytes: Vec<u8>,
}

impl DebugFiles {
    /// Makes the debug files of all programs of the package that have symbols, or whose symbols are in a file of `--symbols`. None
    /// may replace a file of `spared`.
    pub(super) fn of(
        to: &Path,
        package: &DeploymentPackage<'_>,
        loaded: &Loaded,
        spared: &[PathBuf],
    ) -> Result<Self, CliError> {
        let twins: Vec<Image<'_>> = loaded.symbol_files().filter_map(|data| Image::parse(data).ok()).collect();
        let mut kept = Vec::new();
        for file in package.files.iter().filter(|file| file.is_elf()) {
            kept.extend(keep(file, &twins, loaded)?);
        }
        let findings = kept.iter().filter(|kept| kept.build_id.is_none()).map(|kept| build_id_missing(&kept.path));
        let findings = findings.collect();
        let files = placed(to, kept, loaded)?;
        for file in &files {
            if spared.iter().any(|spared| host::is_same_place(spared, &file.place)) {
                return Err(CliError::DebugFileReplaces { path: file.place.clone() });
            }
            if host::is_folder(&loaded.path) && host::is_inside(&file.place, &loaded.path) {
                return Err(CliError::DebugFileInPackage { path: file.place.clone() });
            }
        }
        Ok(Self { files, findings })
    }

    /// Writes them, each whole, with the folders that they go into, and says where.
    pub(super) fn write(&self) -> Result<Vec<PathBuf>, CliError> {
        let mut written = Vec::new();
        for file in &self.files {
            host::create_parent(&file.place)?;
            host::replace(&file.place, &file.bytes, Some(DEBUG_FILE_MODE))?;
            written.push(file.place.clone());
        }
        Ok(written)
    }
}

/// The symbols of a program, its own or those of its unstripped twin; `None` where there are none.
fn keep(file: &PackageFile<'_>, twins: &[Image<'_>], loaded: &Loaded) -> Result<Option<Kept>, CliError> {
    // What cannot be read is no program of ours, or the rewriter says so.
    let Ok(image) = Image::parse(&file.contents) else { return Ok(None) };
    let twin = twins.iter().find(|twin| image.is_stripped() && check_twin(&image, twin).is_ok());
    match debug_file(twin.unwrap_or(&image)) {
        Ok(bytes) => Ok(Some(Kept { path: file.path.clone(), build_id: image.build_id(), bytes })),
        Err(NoDebugFile::Stripped) => Ok(None),
        Err(source) => Err(CliError::DebugFile { path: loaded.path.clone(), program: file.path.clone(), source }),
    }
}

/// Where each goes: one file, `<folder>/<path in the package>.debug`, or `.build-id/xx/yyyy.debug`.
fn placed(to: &Path, kept: Vec<Kept>, loaded: &Loaded) -> Result<Vec<DebugFile>, CliError> {
    if kept.is_empty() {
        return Err(CliError::NothingToKeep { path: loaded.path.clone() });
    }
    if to.file_name().is_some_and(|name| name == BUILD_ID_FOLDER) {
        return by_build_id(to, kept);
    }
    if host::is_folder(to) || to.as_os_str().to_string_lossy().ends_with(std::path::is_separator) {
        let place = |kept: Kept| DebugFile { place: to.join(format!("{}.debug", kept.path)), bytes: kept.bytes };
        return Ok(kept.into_iter().map(place).collect());
    }
    match <[Kept; 1]>::try_from(kept) {
        Ok([only]) => Ok(vec![DebugFile { place: to.to_owned(), bytes: only.bytes }]),
        Err(several) => Err(CliError::OneDebugFileForMany {
            path: to.to_owned(),
            programs: several.into_iter().map(|kept| kept.path).collect::<Vec<_>>().join(", "),
        }),
    }
}

fn by_build_id(folder: &Path, kept: Vec<Kept>) -> Result<Vec<DebugFile>, CliError> {
    let mut files: Vec<DebugFile> = Vec::new();
    for Kept { path, build_id, bytes } in kept {
        // The first byte names the folder, the others the file.
        let Some((first, rest)) = build_id.as_deref().and_then(|id| id.split_at_checked(2)) else {
            return Err(CliError::NoBuildId { program: path });
        };
        let place = folder.join(first).join(format!("{rest}.debug"));
        match files.iter().find(|file| file.place == place) {
            None => files.push(DebugFile { place, bytes }),
            // A program that is in the package twice.
            Some(same) if same.bytes == bytes => {}
            Some(_) => return Err(CliError::OneBuildIdForMany { program: path, place }),
        }
    }
    Ok(files)
}
