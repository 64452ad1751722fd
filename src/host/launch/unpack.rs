//! The files of a package, put into a folder.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::super::HostError;
use super::super::tree::stays_inside;

/// One file of a package that is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchFile<'a> {
    /// Path from the package's root, with `/`.
    pub path: &'a str,
    /// Unix permission bits. Those above 0777 are left out.
    pub unix_mode: u32,
    /// What it is.
    pub kind: LaunchFileKind<'a>,
}

/// What a file of a package that is to be started is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaunchFileKind<'a> {
    /// A regular file's bytes.
    File(&'a [u8]),
    /// A symbolic link, with the path that it holds.
    Symlink(&'a str),
    /// A folder that may hold nothing.
    Folder,
}

/// Puts `files` below `root`, which is empty and private.
///
/// # Errors
/// [`HostError::PathLeavesPackage`] and [`HostError::LinkLeavesPackage`] for what would not stay below, before anything is written through it;
/// [`HostError::Unwritable`] where the disk refuses, and where two files want one path.
pub(super) fn unpack(files: &[LaunchFile<'_>], root: &Path) -> Result<(), HostError> {
    let is_link = |file: &&LaunchFile<'_>| matches!(file.kind, LaunchFileKind::Symlink(_));
    // Links last: so no path leads through one.
    let (links, others): (Vec<&LaunchFile<'_>>, Vec<&LaunchFile<'_>>) = files.iter().partition(is_link);
    for file in others.iter().chain(&links) {
        let path = below(root, file.path)?;
        put(file, &path).map_err(|error| match error {
            Put::Io(cause) => HostError::Unwritable { path: path.clone(), cause },
            Put::Leaves { target } => HostError::LinkLeavesPackage { path: PathBuf::from(file.path), target },
        })?;
    }
    // By its text each link stays; on the disk, other links may be on its way.
    let real_root = root.canonicalize().map_err(|cause| HostError::Unreadable { path: root.to_owned(), cause })?;
    for link in links {
        let leaves = root.join(link.path).canonicalize().is_ok_and(|real| !real.starts_with(&real_root));
        if let LaunchFileKind::Symlink(target) = link.kind
            && leaves
        {
            return Err(HostError::LinkLeavesPackage { path: PathBuf::from(link.path), target: target.to_owned() });
        }
    }
    Ok(())
}

/// Files are written page by page: from larger writes newer kernels make larger folios, and map a whole one (up to 2 MiB) where a
/// program that is linked for a fixed address asks for a page of it. Memory in use would then be this kernel's, and not that of Lambda's.
const PAGE: usize = 4096;

enum Put {
    Io(io::Error),
    Leaves { target: String },
}

impl From<io::Error> for Put {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

fn put(file: &LaunchFile<'_>, path: &Path) -> Result<(), Put> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match file.kind {
        LaunchFileKind::Folder => fs::create_dir_all(path)?,
        LaunchFileKind::File(bytes) => {
            let mut new = fs::File::create_new(path)?;
            for page in bytes.chunks(PAGE) {
                io::Write::write_all(&mut new, page)?;
            }
            set_mode(&new, file.unix_mode)?;
        }
        LaunchFileKind::Symlink(target) => {
            if !stays_inside(file.path, Path::new(target)) {
                return Err(Put::Leaves { target: target.to_owned() });
            }
            symlink(target, path)?;
        }
    }
    Ok(())
}

/// The path below `root`.
fn below(root: &Path, path: &str) -> Result<PathBuf, HostError> {
    let relative = Path::new(path.trim_end_matches('/'));
    let mut parts = relative.components();
    let stays = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if stays && relative.file_name().is_some() {
        Ok(root.join(relative))
    } else {
        Err(HostError::PathLeavesPackage { path: path.to_owned() })
    }
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn symlink(_target: &str, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(path: &str, unix_mode: u32) -> LaunchFile<'_> {
        LaunchFile { path, unix_mode, kind: LaunchFileKind::File(path.as_bytes()) }
    }

    fn link<'a>(path: &'a str, target: &'a str) -> LaunchFile<'a> {
        LaunchFile { path, unix_mode: 0o777, kind: LaunchFileKind::Symlink(target) }
    }

    #[test]
    fn files_links_folders_and_modes_are_as_in_the_package() {
        let root = tempfile::tempdir().unwrap();
        let folder = LaunchFile { path: "empty/", unix_mode: 0o755, kind: LaunchFileKind::Folder };
        let files = [link("lib/a.so", "a.so.1"), file("bootstrap", 0o755), file("lib/a.so.1", 0o4640), folder];
        unpack(&files, root.path()).unwrap();
        let mode = |path: &str| fs::metadata(root.path().join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("bootstrap"), mode("lib/a.so.1")), (0o755, 0o640));
        assert_eq!(fs::read(root.path().join("lib/a.so")).unwrap(), b"lib/a.so.1");
        assert!(root.path().join("empty").is_dir());
    }

    #[test]
    fn a_path_that_leaves_the_package_is_refused() {
        for path in ["../x", "/x", "a/../../x", "", "/", ".."] {
            let root = tempfile::tempdir().unwrap();
            let error = unpack(&[file(path, 0o644)], root.path()).unwrap_err();
            assert!(matches!(error, HostError::PathLeavesPackage { .. }), "{path:?}: {error}");
        }
    }

    #[test]
    fn a_link_that_leaves_the_package_is_refused_also_through_other_links() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("x"), "x").unwrap();
        let root = outside.path().join("root");
        let up = [link("down", "a/b"), file("a/b/file", 0o644), link("out", "down/../../x")];
        for files in [&[link("l", "/etc/passwd")][..], &[link("l", "../x")], &up] {
            fs::create_dir(&root).unwrap();
            let result = unpack(files, &root);
            let inside = matches!(result, Err(HostError::LinkLeavesPackage { .. }))
                || root.join("out").canonicalize().map_or(true, |real| real.starts_with(&root));
            assert!(inside, "{files:?}: {result:?}");
            fs::remove_dir_all(&root).unwrap();
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        fs::create_dir(&root).unwrap();
        let files = [link("lib", "other"), file("lib/x", 0o644)];
        assert!(matches!(unpack(&files, &root), Err(HostError::Unwritable { .. })));
    }
}
