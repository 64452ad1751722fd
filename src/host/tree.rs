//! Reading an unpacked package: its files by relative path, with modes and links.
//!
//! Empty folders are left out, as Lambda's packages hold files. Links stay links, and may not lead out.

use std::fs;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::HostError;
use super::bytes::{Bytes, file_bytes};
use super::file::unreadable;
use crate::units::ByteSize;

/// The most bytes that are read from one folder. Lambda's limit is 250 MB (AWS Lambda quotas page); debug information
/// that has not been stripped yet is the reason to read more.
pub const TREE_LIMIT: ByteSize = ByteSize::new(512 << 20);

/// The most files that are read from one folder: what a zip without the zip64 extension can hold.
pub const COUNT_LIMIT: usize = 65_535;

/// One file of an unpacked package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Path from the package's root, with `/`.
    pub path: String,
    /// Unix permission bits. Where the system has none (Windows): 755 for ELF files and scripts, 644 for others.
    pub unix_mode: u32,
    /// What it is.
    pub kind: TreeFileKind,
}

/// What a file of an unpacked package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeFileKind {
    /// A regular file's bytes.
    File(Bytes),
    /// A symbolic link, with the relative path that it holds, with `/`.
    Symlink(String),
}

/// Reads every file below `root`, sorted by path.
///
/// # Errors
/// [`HostError`] if there is no file, more than [`TREE_LIMIT`] or [`COUNT_LIMIT`], something unreadable, a name that is
/// not UTF-8, a link that leads out, or a file that is no regular file.
pub fn read_tree(root: &Path) -> Result<Vec<TreeFile>, HostError> {
    read_at_most(COUNT_LIMIT, root)
}

/// The regular files below a folder, links to files included, sorted by path.
pub(super) fn files_below(root: &Path) -> Result<Vec<PathBuf>, HostError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(root).min_depth(1).sort_by_file_name().follow_links(true) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            unreadable(&path, error.into())
        })?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn read_at_most(count: usize, root: &Path) -> Result<Vec<TreeFile>, HostError> {
    let real_root = root.canonicalize().map_err(|cause| unreadable(root, cause))?;
    let mut files = Vec::new();
    let mut total = ByteSize::ZERO;
    for entry in WalkDir::new(root).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            unreadable(&path, error.into())
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        if files.len() == count {
            return Err(HostError::TooManyFiles { path: root.to_owned(), limit: count });
        }
        let path = relative_path(root, entry.path())?;
        let file = if entry.file_type().is_symlink() {
            link(&real_root, entry.path(), path)?
        } else if entry.file_type().is_file() {
            let left = TREE_LIMIT.saturating_sub(total);
            let bytes = file_bytes(entry.path(), left).map_err(|error| whole_tree(root, total, error))?;
            total += ByteSize::of(&bytes);
            let metadata = entry.metadata().map_err(|error| unreadable(entry.path(), error.into()))?;
            TreeFile { path, unix_mode: mode(&metadata, &bytes), kind: TreeFileKind::File(bytes) }
        } else {
            return Err(HostError::NotARegularFile { path: entry.path().to_owned() });
        };
        files.push(file);
    }
    if files.is_empty() {
        return Err(HostError::EmptyFolder { path: root.to_owned() });
    }
    // walkdir sorts folder by folder; the order of whole paths differs where a name goes on after the folder's.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// A file that is too large for what is left of the limit is a folder that is too large.
fn whole_tree(root: &Path, read: ByteSize, error: HostError) -> HostError {
    match error {
        HostError::TooLarge { size, .. } => {
            HostError::TooLarge { path: root.to_owned(), size: read + size, limit: TREE_LIMIT }
        }
        other => other,
    }
}

fn relative_path(root: &Path, path: &Path) -> Result<String, HostError> {
    let relative = path.strip_prefix(root).expect("walkdir stays below its root");
    slashed(relative).ok_or_else(|| HostError::NameNotUtf8 { path: path.to_owned() })
}

fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

fn link(real_root: &Path, path: &Path, relative: String) -> Result<TreeFile, HostError> {
    let target = fs::read_link(path).map_err(|cause| unreadable(path, cause))?;
    let text = slashed(&target).ok_or_else(|| HostError::NameNotUtf8 { path: path.to_owned() })?;
    // By the text, so that it holds wherever the package is unpacked; and by the disk, where other links are on the way.
    let stays_by_text = stays_inside(&relative, &target);
    let stays_on_disk = path.canonicalize().map_or(true, |real| real.starts_with(real_root));
    if !(stays_by_text && stays_on_disk) {
        return Err(HostError::LinkLeavesPackage { path: path.to_owned(), target: text });
    }
    Ok(TreeFile { path: relative, unix_mode: 0o777, kind: TreeFileKind::Symlink(text) })
}

/// Permission bits of one file.
pub(super) fn mode_of(path: &Path, bytes: &[u8]) -> Result<u32, HostError> {
    let metadata = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    Ok(mode(&metadata, bytes))
}

/// True where the text of a link leads nowhere outside of the package, wherever that is.
pub(super) fn stays_inside(link: &str, target: &Path) -> bool {
    let mut depth = link.matches('/').count();
    for component in target.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return false,
            },
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata, _bytes: &[u8]) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_metadata: &fs::Metadata, bytes: &[u8]) -> u32 {
    let runs = crate::elf::is_elf(bytes) || bytes.starts_with(b"#!");
    if runs { 0o755 } else { 0o644 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    #[test]
    fn paths_are_relative_slashed_and_sorted_as_text() {
        let folder = folder(&["lib/a.so", "lib-x", "bootstrap", "lib/sub/b", "lib.txt"]);
        let files = read_tree(folder.path()).unwrap();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["bootstrap", "lib-x", "lib.txt", "lib/a.so", "lib/sub/b"]);
        assert_eq!(files[3].kind, TreeFileKind::File(b"lib/a.so".to_vec().into()));
    }

    #[test]
    fn a_folder_without_files_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        assert!(matches!(read_tree(folder.path()), Err(HostError::EmptyFolder { .. })));
    }

    #[test]
    fn one_file_too_many_is_refused() {
        let folder = folder(&["a", "b", "sub/c"]);
        assert_eq!(read_at_most(3, folder.path()).unwrap().len(), 3);
        let error = read_at_most(2, folder.path()).unwrap_err();
        assert!(matches!(error, HostError::TooManyFiles { limit: 2, .. }), "{error}");
    }

    #[test]
    fn all_files_together_are_limited() {
        let folder = folder(&["a"]);
        let sparse = fs::File::create(folder.path().join("b")).unwrap();
        sparse.set_len(TREE_LIMIT.get()).unwrap();
        let error = read_tree(folder.path()).unwrap_err();
        let expected = TREE_LIMIT + ByteSize::new(1);
        assert!(matches!(error, HostError::TooLarge { size, .. } if size == expected), "{error}");
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::{PermissionsExt, symlink};

        use super::*;

        #[test]
        fn modes_are_the_real_ones() {
            let folder = folder(&["bootstrap", "data"]);
            fs::set_permissions(folder.path().join("bootstrap"), fs::Permissions::from_mode(0o750)).unwrap();
            fs::set_permissions(folder.path().join("data"), fs::Permissions::from_mode(0o604)).unwrap();
            let modes: Vec<u32> = read_tree(folder.path()).unwrap().iter().map(|file| file.unix_mode).collect();
            assert_eq!(modes, [0o750, 0o604]);
        }

        #[test]
        fn links_that_stay_are_kept_as_links() {
            let folder = folder(&["lib/libz.so.1.3"]);
            symlink("libz.so.1.3", folder.path().join("lib/libz.so")).unwrap();
            symlink("lib", folder.path().join("current")).unwrap();
            symlink("../lib/gone", folder.path().join("lib/dangling")).unwrap();
            let files = read_tree(folder.path()).unwrap();
            let links: Vec<(&str, &TreeFileKind)> = files.iter().map(|file| (file.path.as_str(), &file.kind)).collect();
            assert_eq!(links.len(), 4, "a link to a folder is not entered");
            assert_eq!(links[0], ("current", &TreeFileKind::Symlink("lib".to_owned())));
            assert_eq!(links[1], ("lib/dangling", &TreeFileKind::Symlink("../lib/gone".to_owned())));
            assert_eq!(links[2], ("lib/libz.so", &TreeFileKind::Symlink("libz.so.1.3".to_owned())));
        }

        #[test]
        fn links_that_lead_out_are_refused() {
            for target in ["../secret", "/etc/passwd", "sub/../../x", "hop/../../.."] {
                let folder = folder(&["sub/deep/file"]);
                symlink("sub/deep", folder.path().join("hop")).unwrap();
                symlink(target, folder.path().join("link")).unwrap();
                let error = read_tree(folder.path()).unwrap_err();
                assert!(matches!(error, HostError::LinkLeavesPackage { .. }), "{target}: {error}");
            }
        }

        #[test]
        fn a_link_that_leads_out_through_another_link_is_refused() {
            let outside = tempfile::tempdir().unwrap();
            let root = outside.path().join("package/a/b");
            fs::create_dir_all(&root).unwrap();
            fs::write(outside.path().join("package/file"), "x").unwrap();
            // By its text it stays (deep/..), on disk `up` has already gone two folders up.
            symlink("a/b", outside.path().join("package/down")).unwrap();
            symlink("../..", root.join("up")).unwrap();
            symlink("a/b/up/../x", outside.path().join("package/link")).unwrap();
            fs::write(outside.path().join("x"), "x").unwrap();
            let error = read_tree(&outside.path().join("package")).unwrap_err();
            assert!(matches!(error, HostError::LinkLeavesPackage { .. }), "{error}");
        }

        #[test]
        fn names_that_are_not_utf8_are_refused() {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
            assert!(matches!(read_tree(folder.path()), Err(HostError::NameNotUtf8 { .. })));
        }
    }
}
