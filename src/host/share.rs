//! Dependencies that are compiled already, for a build in another target folder.
//!
//! cargo tells workspace members apart by their path below the workspace, and finds them fresh by the times of their sources. So two checkouts of one
//! project must not share a target folder: the older sources would be taken for built where the others were. Packages from registries have no
//! such trouble. What cargo made of those is linked into the other folder, and cargo decides by itself what it can use there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::file::copy_with_time;
use super::{BuildOptions, HostError, Project};
use crate::cargo::SourceKind;

/// Folders of a profile in which cargo keeps what it compiled, and whether files in them are replaced, never written to.
const FOLDERS: [(&str, Written); 3] =
    [("deps", Written::ByReplacement), (".fingerprint", Written::InPlace), ("build", Written::InPlace)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// rustc puts a new file in the place of the old one: both folders may have the same one.
    ByReplacement,
    InPlace,
}

/// Puts into `target_dir` what was compiled of packages from registries and git, and is not there yet. What cannot be linked or
/// copied is left out: cargo compiles it.
///
/// # Errors
/// [`HostError::Unwritable`] where the folder cannot be made.
pub fn share_dependencies(project: &Project, options: &BuildOptions, target_dir: &Path) -> Result<(), HostError> {
    let from = project.graph.target_directory();
    let profile = options.profile_folder();
    let members = in_folders(project);
    let mut places = vec![Path::new(profile).to_owned()];
    places.extend(project.target.as_ref().map(|triple| Path::new(triple).join(profile)));
    for place in places {
        for (folder, written) in FOLDERS {
            let to = target_dir.join(&place).join(folder);
            fs::create_dir_all(&to).map_err(|cause| HostError::Unwritable { path: to.clone(), cause })?;
            for entry in fs::read_dir(from.join(&place).join(folder)).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if !is_of_member(&name, &members) {
                    let _ = share(&entry.path(), &to.join(&name), written);
                }
            }
        }
    }
    Ok(())
}

/// Names by which files of packages in folders begin, the workspace's and others: packages, libraries and programs, with `_` for `-`.
fn in_folders(project: &Project) -> BTreeSet<String> {
    let packages = project.graph.packages().iter().filter(|package| package.source == SourceKind::Path);
    let names = packages.flat_map(|package| {
        let bins = package.bins.iter().map(|bin| bin.name.clone());
        bins.chain([package.name.clone()]).chain(package.lib_name.clone())
    });
    names.map(|name| name.replace('-', "_")).collect()
}

/// `libgreeting-6b006692bc54a6ce.rlib`, `app-8d522a0cdfe183b0.d`, `greeting-6b006692bc54a6ce`: what stands before the last dash.
fn is_of_member(file: &OsStr, members: &BTreeSet<String>) -> bool {
    let name = file.to_string_lossy();
    let name = name.split('.').next().unwrap_or_default();
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name).replace('-', "_");
    members.contains(&name) || name.strip_prefix("lib").is_some_and(|name| members.contains(name))
}

/// The same file, or a copy with the same times, by which cargo compares; folders with all that is in them. What is there stays.
fn share(from: &Path, to: &Path, written: Written) -> io::Result<()> {
    if to.exists() {
        return Ok(());
    }
    if from.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            share(&entry.path(), &to.join(entry.file_name()), written)?;
        }
        return Ok(());
    }
    if written == Written::ByReplacement && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    copy_with_time(from, to)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use super::*;

    #[test]
    fn what_members_made_is_known_by_its_name() {
        let members: BTreeSet<String> = ["my_app", "greeting"].map(str::to_owned).into();
        for name in [
            "libgreeting-6b00.rlib",
            "my_app-8d52.d",
            "my-app-8d52",
            "greeting-6b00",
            "libgreeting-6b00.rmeta",
            "my_app-8d52.my_app.1-cgu.0.rcgu.o",
        ] {
            assert!(is_of_member(OsStr::new(name), &members), "{name}");
        }
        for name in ["libgreetings-6b00.rlib", "serde-1234", "libserde_json-77.rmeta", "app-1", "invoked.timestamp"] {
            assert!(!is_of_member(OsStr::new(name), &members), "{name}");
        }
    }

    #[test]
    fn a_copy_has_the_time_of_what_it_copies() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("a"), "a").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        File::options()
            .write(true)
            .open(from.join("a"))
            .unwrap()
            .set_times(FileTimes::new().set_modified(long_ago))
            .unwrap();
        share(&from, &to, Written::InPlace).unwrap();
        assert_eq!(fs::metadata(to.join("a")).unwrap().modified().unwrap(), long_ago);
        fs::write(to.join("a"), "b").unwrap();
        share(&from, &to, Written::InPlace).unwrap();
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "b", "what is there stays");
    }
}
