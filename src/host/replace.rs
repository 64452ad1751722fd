//! Writing a file whole or not at all.
//!
//! The bytes go to a new file `.lambda-slim-*.tmp` in the same folder, to the disk, and then take the name of the old
//! file in one step. An error removes the new file. Ctrl-C or a crash in between cannot remove it, but the
//! old file is untouched, and the next write in that folder removes what was left behind: the writer holds a
//! lock on its file, which ends with its process, so a file that can be locked has no writer any more.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::HostError;

const PREFIX: &str = ".lambda-slim-";
const SUFFIX: &str = ".tmp";

/// Between making its file and locking it, a writer has no lock. Far longer than that takes.
const YOUNG: Duration = Duration::from_secs(10);

/// Puts `bytes` at `path`, in one step. `unix_mode` are the permission bits; without them the old file's stay, and a
/// new file gets what the system gives new files. A symbolic link is followed; a device or pipe is written to directly,
/// because it has no content to protect.
///
/// # Errors
/// [`HostError::Unwritable`]; the old file is then as it was, and no other file is left behind.
pub fn replace(path: &Path, bytes: &[u8], unix_mode: Option<u32>) -> Result<(), HostError> {
    let unwritable = |cause| HostError::Unwritable { path: path.to_owned(), cause };
    let old = fs::metadata(path).ok();
    if let Some(old) = &old
        && !old.is_file()
        && !old.is_dir()
    {
        let write = || File::options().write(true).open(path)?.write_all(bytes);
        return write().map_err(unwritable);
    }
    if old.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(unwritable(io::ErrorKind::IsADirectory.into()));
    }
    let real_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&real_path);
    remove_left_behind(&folder);

    let new = write_beside(&folder, bytes, old.as_ref(), unix_mode).map_err(unwritable)?;
    new.persist(&real_path).map_err(|error| unwritable(error.error))?;
    sync_folder(&folder);
    Ok(())
}

/// Makes the folder that `path` will be in, and those above it.
///
/// # Errors
/// [`HostError::Unwritable`] with the folder.
pub fn create_parent(path: &Path) -> Result<(), HostError> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder).map_err(|cause| HostError::Unwritable { path: folder, cause })
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The file is removed again when the value is dropped before it took its name.
fn write_beside(
    folder: &Path,
    bytes: &[u8],
    old: Option<&fs::Metadata>,
    unix_mode: Option<u32>,
) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    with_usual_mode(&mut builder);
    let mut new = builder.tempfile_in(folder)?;
    // Some file systems have no locks: then nothing is ever removed there, which is safe.
    let _ = new.as_file().try_lock();
    new.write_all(bytes)?;
    set_mode(new.as_file(), old, unix_mode)?;
    new.as_file().sync_all()?;
    Ok(new)
}

/// Removes files of writers that are gone. Whatever cannot be removed stays: that is no reason not to write.
fn remove_left_behind(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if is_ours && has_no_writer(&entry) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn has_no_writer(entry: &fs::DirEntry) -> bool {
    let age = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|metadata| {
        let modified = metadata.modified().ok()?;
        modified.elapsed().ok()
    });
    if age.is_none_or(|age| age < YOUNG) {
        return false;
    }
    match File::open(entry.path()).map(|file| file.try_lock()) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock | TryLockError::Error(_))) | Err(_) => false,
    }
}

#[cfg(unix)]
fn with_usual_mode(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    // The system takes the umask off, as for every new file.
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn with_usual_mode(_builder: &mut tempfile::Builder<'_, '_>) {}

#[cfg(unix)]
fn set_mode(new: &File, old: Option<&fs::Metadata>, unix_mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let old_mode = old.map(|old| old.permissions().mode());
    match unix_mode.or(old_mode) {
        Some(mode) => new.set_permissions(fs::Permissions::from_mode(mode & 0o7777)),
        None => Ok(()),
    }
}

/// Other systems have no permission bits: a zip carries its own, and nothing else is written there.
#[cfg(not(unix))]
fn set_mode(_new: &File, _old: Option<&fs::Metadata>, _unix_mode: Option<u32>) -> io::Result<()> {
    Ok(())
}

/// The new name itself reaches the disk. The file has its name already, so a refusal (some file systems) is no error.
#[cfg(unix)]
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Other systems cannot open a folder as a file.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) {}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_and_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/out.zip");
        create_parent(&path).unwrap();
        for bytes in [b"first".as_slice(), b"second, longer"] {
            replace(&path, bytes, None).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(names(path.parent().unwrap()), ["out.zip"]);
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(folder.path(), b"x", None).unwrap_err();
        assert!(matches!(error, HostError::Unwritable { .. }), "{error}");
        assert!(folder.path().is_dir());
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let error = replace(Path::new("/no/such/folder/out.zip"), b"x", None).unwrap_err().to_string();
        assert!(error.starts_with("/no/such/folder/out.zip: cannot write: "), "{error}");
    }

    #[test]
    fn only_files_without_a_writer_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        let make = |name: &str| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(long_ago).unwrap();
            file
        };
        drop(make(".lambda-slim-abandoned.tmp"));
        drop(make(".lambda-slim-notes.txt"));
        let written = make(".lambda-slim-written.tmp");
        written.lock().unwrap();
        File::create(folder.path().join(".lambda-slim-young.tmp")).unwrap();

        replace(&folder.path().join("out"), b"x", None).unwrap();
        let left = [".lambda-slim-notes.txt", ".lambda-slim-written.tmp", ".lambda-slim-young.tmp", "out"];
        assert_eq!(names(folder.path()), left);
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{PermissionsExt, symlink};
        use std::os::unix::process::ExitStatusExt;
        use std::process::{Command, ExitStatus};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        #[test]
        fn the_mode_is_the_given_one_or_the_old_one_or_the_usual_one() {
            let folder = tempfile::tempdir().unwrap();
            let usual = folder.path().join("usual");
            fs::write(&usual, "x").unwrap();
            let path = folder.path().join("out");
            replace(&path, b"x", None).unwrap();
            assert_eq!(mode(&path), mode(&usual));
            replace(&path, b"x", Some(0o750)).unwrap();
            assert_eq!(mode(&path), 0o750);
            replace(&path, b"y", None).unwrap();
            assert_eq!(mode(&path), 0o750);
        }

        #[test]
        fn a_link_stays_a_link() {
            let folder = tempfile::tempdir().unwrap();
            let real = folder.path().join("real");
            fs::write(&real, "old").unwrap();
            symlink("real", folder.path().join("link")).unwrap();
            replace(&folder.path().join("link"), b"new", None).unwrap();
            assert_eq!(fs::read(&real).unwrap(), b"new");
            assert!(fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
        }

        #[test]
        fn a_device_is_written_to_and_stays_a_device() {
            replace(Path::new("/dev/null"), b"x", Some(0o644)).unwrap();
            assert!(!fs::metadata("/dev/null").unwrap().is_file());
        }

        const CHILD: &str = "LAMBDA_SLIM_TEST_REPLACE_IN";

        /// Runs a test again in a process that may write 1 KiB at most to a file; the folder as it is afterwards, and
        /// how the process ended.
        fn run_again_without_space(test: &str, shell: &str) -> (tempfile::TempDir, ExitStatus) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("out"), "old").unwrap();
            let script = format!("{shell} ulimit -f 1; exec \"$0\" --exact host::replace::tests::unix::{test}");
            let output = Command::new("sh")
                .args(["-c", &script])
                .arg(std::env::current_exe().unwrap())
                .env(CHILD, folder.path())
                .output()
                .unwrap();
            (folder, output.status)
        }

        /// Whether this is that process; its write has then failed as it should.
        fn is_process_without_space() -> bool {
            let Some(folder) = std::env::var_os(CHILD) else {
                return false;
            };
            match replace(&Path::new(&folder).join("out"), &[7; 100_000], None) {
                Err(HostError::Unwritable { cause, .. }) => assert_eq!(cause.kind(), io::ErrorKind::FileTooLarge),
                other => panic!("{other:?}"),
            }
            true
        }

        #[test]
        fn a_write_that_fails_half_way_leaves_the_old_file_alone() {
            if is_process_without_space() {
                return;
            }
            let test = "a_write_that_fails_half_way_leaves_the_old_file_alone";
            let (folder, status) = run_again_without_space(test, "trap '' XFSZ;");
            assert!(status.success(), "{status}");
            assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"old");
            assert_eq!(names(folder.path()), ["out"]);
        }

        #[test]
        fn a_killed_writer_leaves_the_old_file_and_the_next_write_tidies_up() {
            if is_process_without_space() {
                return;
            }
            let test = "a_killed_writer_leaves_the_old_file_and_the_next_write_tidies_up";
            let (folder, status) = run_again_without_space(test, "");
            assert!(status.signal().is_some(), "{status}");
            assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"old");
            let left = names(folder.path());
            assert_eq!(left.len(), 2, "{left:?}");
            assert!(left[0].starts_with(PREFIX), "{left:?}");

            let abandoned = File::options().write(true).open(folder.path().join(&left[0])).unwrap();
            abandoned.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
            drop(abandoned);
            replace(&folder.path().join("out"), b"new", None).unwrap();
            assert_eq!(names(folder.path()), ["out"]);
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_full_device_is_an_error() {
            let error = replace(Path::new("/dev/full"), b"x", None).unwrap_err();
            assert!(
                matches!(&error, HostError::Unwritable { cause, .. } if cause.kind() == io::ErrorKind::StorageFull),
                "{error}"
            );
        }
    }
}
