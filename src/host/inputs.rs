//! What a build depends on, as a hash: where it is the same, so is what was measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::file::unreadable;
use super::linker::build_settings;
use super::{BuildOptions, HostError, Project};
use crate::cargo::SourceKind;

/// Files up to this size count by their bytes, larger ones by size and time.
const BY_BYTES: u64 = 4 << 20;

/// SHA-256 in hex over the lock file, the sources of all packages that lie in folders (manifests and assets included), the compiler, cargo's configuration and flags, and `more`.
/// What a build script or a macro reads elsewhere is not seen.
///
/// # Errors
/// [`HostError`] where a source cannot be read.
pub fn hash_inputs(project: &Project, options: &BuildOptions, more: &[&[u8]]) -> Result<String, HostError> {
    let mut hash = Sha256::new();
    let mut add = |name: &str, bytes: &[u8]| {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add("rustc", project.rustc_version.as_bytes());
    add("settings", build_settings(options).as_bytes());
    let flags = (&options.features, options.all_features, options.no_default_features, options.profile_name());
    add("flags", format!("{flags:?} {:?} {:?}", project.target, project.bin).as_bytes());
    let root = project.graph.workspace_root();
    for name in ["Cargo.lock", "Cargo.toml"] {
        add(name, &fs::read(root.join(name)).unwrap_or_default());
    }
    let target = project.graph.target_directory();
    let in_folders = project.graph.packages().iter().filter(|package| package.source == SourceKind::Path);
    for package in in_folders {
        for path in sources(&package.source_root, target)? {
            let name = path.strip_prefix(&package.source_root).unwrap_or(&path).to_string_lossy().into_owned();
            let name = format!("{} {name}", package.id);
            let metadata = fs::metadata(&path).map_err(|cause| unreadable(&path, cause))?;
            if metadata.len() <= BY_BYTES {
                add(&name, &fs::read(&path).map_err(|cause| unreadable(&path, cause))?);
            } else {
                let time = metadata.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
                add(&name, format!("{} {:?}", metadata.len(), time).as_bytes());
            }
        }
    }
    for bytes in more {
        add("more", bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The files of a package, sorted: not what cargo or version control keeps there, and not packages inside of it.
fn sources(root: &Path, target: &Path) -> Result<Vec<PathBuf>, HostError> {
    let is_source = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0
            || !(entry.path() == target
                || (entry.file_type().is_dir() && is_left_out(&name))
                || (entry.file_type().is_dir() && entry.path().join("Cargo.toml").is_file()))
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(is_source) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            unreadable(&path, error.into())
        })?;
        // A link counts as what it leads to; one that leads nowhere is no source.
        if entry.file_type().is_file() || (entry.file_type().is_symlink() && entry.path().is_file()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Folders that hold no sources, wherever they are.
pub(super) fn is_left_out(name: &str) -> bool {
    ["target", ".git", ".hg", ".svn", "node_modules"].contains(&name)
}
