//! Files that go into the package beside the program: `--include`, and cargo-lambda's `include`.

use std::path::{Component, Path, PathBuf};

use super::bytes::file_bytes;
use super::error::HostError;
use super::tree::{TREE_LIMIT, TreeFile, TreeFileKind, mode_of, read_tree};

/// Reads files and folders below `root`, under the paths by which they were named. A folder is read with all that is in it.
///
/// # Errors
/// [`HostError`], where a path is absolute or leads out of `root`, or as [`read_tree`].
pub fn read_included(root: &Path, paths: &[PathBuf]) -> Result<Vec<TreeFile>, HostError> {
    let mut files = Vec::new();
    for path in paths {
        let name = name_in_package(path)?;
        let on_disk = root.join(path);
        if on_disk.is_dir() {
            files.extend(read_tree(&on_disk)?.into_iter().map(|file| TreeFile {
                path: if name.is_empty() { file.path } else { format!("{name}/{}", file.path) },
                ..file
            }));
        } else {
            let bytes = file_bytes(&on_disk, TREE_LIMIT)?;
            files.push(TreeFile { path: name, unix_mode: mode_of(&on_disk, &bytes)?, kind: TreeFileKind::File(bytes) });
        }
    }
    Ok(files)
}

fn name_in_package(path: &Path) -> Result<String, HostError> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => {
                parts.push(part.to_str().ok_or_else(|| HostError::NameNotUtf8 { path: path.to_owned() })?);
            }
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(HostError::IncludeLeavesProject { path: path.to_owned() });
            }
        }
    }
    Ok(parts.join("/"))
}
