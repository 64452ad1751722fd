//! Questions about paths that are to be written: what is there already, and whether two are one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::units::ByteSize;

/// True where the path is a folder, or a link to one.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Size of the file; 0 where there is none, or a folder.
#[must_use]
pub fn size_of(path: &Path) -> ByteSize {
    let size = fs::metadata(path).ok().filter(fs::Metadata::is_file).map_or(0, |metadata| metadata.len());
    ByteSize::new(size)
}

/// True where both paths lead to one file, whether or not it exists yet.
///
/// Links in the folders on the way are followed; two names of one file (hard links) are two files, since replacing one leaves
/// the other.
#[must_use]
pub fn is_same_place(a: &Path, b: &Path) -> bool {
    resolve(a) == resolve(b)
}

/// True where the path leads to something inside the folder, whether or not either exists yet.
#[must_use]
pub fn is_inside(path: &Path, folder: &Path) -> bool {
    resolve(path).starts_with(resolve(folder))
}

/// The path as it is seen from the folder, where it is inside; links in the folders on the way are followed.
#[must_use]
pub fn path_below(path: &Path, folder: &Path) -> Option<PathBuf> {
    resolve(path).strip_prefix(resolve(folder)).ok().map(Path::to_owned)
}

/// The path as the system knows it, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let real = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match real {
        Some((above, real)) => match absolute.strip_prefix(above) {
            Ok(rest) if rest.as_os_str().is_empty() => real,
            Ok(rest) => real.join(rest),
            Err(_) => real,
        },
        None => absolute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_many_paths() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let (plain, winding) = (folder.path().join("new"), folder.path().join("sub/../new"));
        assert!(is_same_place(&plain, &folder.path().join("./new")));
        fs::write(&plain, "x").unwrap();
        assert!(is_same_place(&plain, &winding));
        assert!(!is_same_place(&plain, &folder.path().join("sub/new")));
        assert!(is_inside(&folder.path().join("sub/not/there"), &folder.path().join("sub")));
        assert!(!is_inside(&folder.path().join("subway"), &folder.path().join("sub")));
        assert_eq!(path_below(&winding, folder.path()), Some("new".into()));
        assert_eq!(path_below(&plain, &folder.path().join("sub")), None);
        assert!(is_folder(folder.path()) && !is_folder(&plain) && !is_folder(&folder.path().join("none")));
    }

    #[cfg(unix)]
    #[test]
    fn links_on_the_way_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        assert!(is_same_place(&folder.path().join("link/new"), &folder.path().join("real/new")));
        assert!(is_inside(&folder.path().join("link/new"), &folder.path().join("real")));
    }
}
