//! Junk: what editors, operating systems and version control leave in a folder, and nothing reads at run time.
//!
//! Only what is known by its name, and where a name can mean something else, by its contents too. Byte code caches (`__pycache__`)
//! are no junk: Python starts faster with them. Nothing that Lambda starts is junk, nor anything that a link in the package leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::units::ByteSize;

use super::deployment::{DeploymentPackage, PackageFile};
use super::finding::{Finding, Severity};
use super::role::Role;

/// Folders that are junk with all that is in them, wherever they lie, and what makes them.
const FOLDERS: [(&str, &str); 7] = [
    (".git", "version control, whose history anyone with the package can read"),
    (".hg", "version control, whose history anyone with the package can read"),
    (".svn", "version control"),
    (".idea", "an editor's settings"),
    (".vscode", "an editor's settings"),
    ("__MACOSX", "macOS metadata"),
    (".pytest_cache", "a test run's cache"),
];
/// Files that are junk by their name.
const FILES: [(&str, &str); 6] = [
    (".DS_Store", "macOS folder settings"),
    ("Thumbs.db", "Windows thumbnails"),
    ("desktop.ini", "Windows folder settings"),
    (".gitignore", "version control"),
    (".gitattributes", "version control"),
    (".gitmodules", "version control"),
];
/// cargo's own marks in its target folder.
const CARGO_MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];
/// First bytes of an AppleDouble file (RFC 1740, appendix B): the `._name` beside `name`.
const APPLE_DOUBLE: [u8; 4] = [0, 5, 0x16, 7];
/// First bytes of a Vim swap file.
const VIM_SWAP: &[u8] = b"b0VIM ";

/// Junk of one kind: all folders of one name with all that is in them, or all files of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Junk {
    /// The first folder by path, with `/` at the end; else the first file.
    pub path: String,
    /// What it is.
    pub what: &'static str,
    /// Folders of this kind; 0 for files.
    pub folders: usize,
    /// Files of this kind, at least one.
    pub files: usize,
    /// Sum of their sizes.
    pub file_bytes: ByteSize,
}

/// What a file is junk as: the folder that it goes with, or the kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'path> {
    Folder(&'path str, &'static str),
    File(&'static str),
}

impl DeploymentPackage<'_> {
    /// The junk in it, sorted by path.
    #[must_use]
    pub fn junk(&self) -> Vec<Junk> {
        grouped(self, &kinds(self))
    }

    /// Leaves the junk out, and says what was left out.
    pub fn drop_junk(&mut self) -> Vec<Junk> {
        let kinds = kinds(self);
        let junk = grouped(self, &kinds);
        let folders: BTreeSet<&str> = kinds.iter().filter_map(|kind| kind.and_then(Kind::folder)).collect();
        let in_junk = |path: &str| prefixes(&format!("{path}/")).any(|(folder, _)| folders.contains(folder));
        let empty_folders = self.empty_folders.iter().filter(|path| !in_junk(path)).cloned().collect();
        let is_kept: Vec<bool> = kinds.iter().map(Option::is_none).collect();
        self.empty_folders = empty_folders;
        let mut is_kept = is_kept.into_iter();
        self.retain(|_| is_kept.next().unwrap_or(true));
        junk
    }
}

impl<'path> Kind<'path> {
    fn folder(self) -> Option<&'path str> {
        match self {
            Self::Folder(folder, _) => Some(folder),
            Self::File(_) => None,
        }
    }
}

/// One finding for each kind of junk, however many files it is.
pub(super) fn junk_findings(package: &DeploymentPackage<'_>) -> Vec<Finding> {
    package.junk().into_iter().map(finding).collect()
}

fn finding(junk: Junk) -> Finding {
    let Junk { path, what, folders, files, file_bytes } = junk;
    let count = match (folders, files) {
        (0, 1) => String::new(),
        (0, files) => format!(", and {} more of that kind", files - 1),
        (1, files) => format!(", {files} files"),
        (folders, files) => format!(", {files} files in {folders} such folders"),
    };
    Finding {
        code: "junk-file".to_owned(),
        severity: Severity::Note,
        message: format!("{what}{count}: nothing reads it at run time; 'slim --drop-junk' leaves it out"),
        subject: path,
        saves_bytes: Some(file_bytes),
    }
}

/// Of each file in the package's order: what it is junk as.
fn kinds<'package>(package: &'package DeploymentPackage<'_>) -> Vec<Option<Kind<'package>>> {
    let targets = cargo_targets(package);
    let links = package.files.iter().filter(|file| file.is_symlink).filter_map(leads_to);
    let links: BTreeSet<String> = links.collect();
    let leads_into = |folder: &str| {
        let first_inside = links.range(folder.to_owned()..).next();
        first_inside.is_some_and(|link| link.starts_with(folder)) || links.contains(folder.trim_end_matches('/'))
    };
    let kind = |file: &'package PackageFile<'_>| {
        if matches!(file.role, Role::Bootstrap | Role::Extension) {
            return None;
        }
        // Whatever a link leads to stays, with the folder that it lies in, lest half of a folder goes.
        kind_of(file, &targets).filter(|kind| match kind {
            Kind::Folder(folder, _) => !leads_into(folder),
            Kind::File(_) => !links.contains(&file.path),
        })
    };
    package.files.iter().map(kind).collect()
}

/// The folders that a path goes through, from the outermost: each with its `/`, and its own name.
fn prefixes(path: &str) -> impl Iterator<Item = (&str, &str)> {
    path.match_indices('/').filter_map(|(end, _)| {
        let above = path.get(..end)?;
        Some((path.get(..=end)?, above.rsplit('/').next().unwrap_or(above)))
    })
}

fn kind_of<'path>(file: &'path PackageFile<'_>, targets: &BTreeSet<&str>) -> Option<Kind<'path>> {
    let junk_folder = prefixes(&file.path).find_map(|(folder, name)| {
        let known = FOLDERS.iter().find(|(junk, _)| *junk == name).map(|(_, what)| *what);
        let what = known.or_else(|| targets.contains(folder).then_some("what cargo builds"))?;
        Some(Kind::Folder(folder, what))
    });
    junk_folder.or_else(|| kind_by_name(file).map(Kind::File))
}

fn kind_by_name(file: &PackageFile<'_>) -> Option<&'static str> {
    let name = file.name();
    let starts = |with: &[u8]| file.contents.starts_with(with);
    if let Some((_, what)) = FILES.iter().find(|(junk, _)| *junk == name) {
        return Some(what);
    }
    match name {
        // A submodule or a linked work tree has a file of that name.
        ".git" if starts(b"gitdir:") => Some("version control"),
        _ if name.starts_with("._") && starts(&APPLE_DOUBLE) => Some("macOS metadata"),
        _ if name.starts_with('.') && name.contains(".sw") && starts(VIM_SWAP) => Some("an editor's swap file"),
        _ if name.len() > 1 && name.ends_with('~') => Some("an editor's backup copy"),
        _ => None,
    }
}

/// Folders called `target` that cargo made, each with its `/`.
fn cargo_targets<'package>(package: &'package DeploymentPackage<'_>) -> BTreeSet<&'package str> {
    let of_mark = |file: &'package PackageFile<'_>| {
        let folder = file.path.strip_suffix(file.name())?;
        let is_mark = CARGO_MARKS.contains(&file.name()) && (folder == "target/" || folder.ends_with("/target/"));
        is_mark.then_some(folder)
    };
    package.files.iter().filter_map(of_mark).collect()
}

/// Where in the package a link leads to; `None` where it leads out.
fn leads_to(link: &PackageFile<'_>) -> Option<String> {
    let target = std::str::from_utf8(&link.contents).ok()?;
    let mut parts: Vec<&str> = link.path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn grouped(package: &DeploymentPackage<'_>, kinds: &[Option<Kind<'_>>]) -> Vec<Junk> {
    /// Of a group of folders the last one seen: files are sorted by path, so a folder's come one after another.
    type Group<'path> = (Junk, &'path str);
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for (file, kind) in package.files.iter().zip(kinds) {
        let (path, name, what) = match *kind {
            Some(Kind::Folder(folder, what)) => (folder, folder.trim_end_matches('/'), what),
            Some(Kind::File(what)) => (file.path.as_str(), "", what),
            None => continue,
        };
        let name = name.rsplit('/').next().unwrap_or(name);
        let new = || (Junk { path: path.to_owned(), what, folders: 0, files: 0, file_bytes: ByteSize::ZERO }, "");
        let (junk, last) = groups.entry((name, what)).or_insert_with(new);
        if !name.is_empty() && *last != path {
            junk.folders += 1;
            *last = path;
        }
        junk.files += 1;
        junk.file_bytes += file.size();
    }
    let mut junk: Vec<Junk> = groups.into_values().map(|(junk, _)| junk).collect();
    junk.sort_by(|a, b| (&a.path, a.what).cmp(&(&b.path, b.what)));
    junk
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn package(files: &[(&str, &'static [u8])]) -> DeploymentPackage<'static> {
        let file = |&(path, contents): &(&str, &'static [u8])| {
            PackageFile::new(path.to_owned(), None, Cow::Borrowed(contents))
        };
        DeploymentPackage::from_files(files.iter().map(file).collect())
    }

    fn paths(package: &DeploymentPackage<'_>) -> Vec<String> {
        package.files.iter().map(|file| file.path.clone()).collect()
    }

    #[test]
    fn a_folder_of_ten_thousand_files_is_one_finding_with_its_bytes() {
        let names: Vec<String> = (0..10_000).map(|number| format!("app/.git/objects/{number}")).collect();
        let mut files: Vec<(&str, &'static [u8])> =
            names.iter().map(|name| (name.as_str(), b"123".as_slice())).collect();
        files.push(("bootstrap", b"#!"));
        let package = package(&files);
        let findings = junk_findings(&package);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code.as_str(), findings[0].subject.as_str()), ("junk-file", "app/.git/"));
        assert_eq!(findings[0].saves_bytes, Some(ByteSize::new(30_000)));
        assert!(findings[0].message.contains("10000 files"), "{}", findings[0].message);
    }

    #[test]
    fn junk_is_known_by_name_and_where_names_mislead_by_contents() {
        let mut package = package(&[
            ("._real", b"\0\x05\x16\x07..."),
            ("._data", b"not AppleDouble"),
            (".main.rs.swp", b"b0VIM 8.2"),
            (".answer.swp", b"a file that is called so"),
            ("a/.DS_Store", b"x"),
            ("b/.DS_Store", b"xy"),
            ("bootstrap", b"#!"),
            ("bootstrap~", b"#!"),
            ("data/__MACOSX/x", b"x"),
            ("lib/target/data.json", b"{}"),
            ("python/__pycache__/a.pyc", b"x"),
            ("target/CACHEDIR.TAG", b"x"),
            ("target/release/app", b"x"),
            ("~", b"x"),
        ]);
        let junk = package.drop_junk();
        let found: Vec<(&str, usize)> = junk.iter().map(|junk| (junk.path.as_str(), junk.files)).collect();
        let expected = [
            ("._real", 1),
            (".main.rs.swp", 1),
            ("a/.DS_Store", 2),
            ("bootstrap~", 1),
            ("data/__MACOSX/", 1),
            ("target/", 2),
        ];
        assert_eq!(found, expected);
        let left = ["._data", ".answer.swp", "bootstrap", "lib/target/data.json", "python/__pycache__/a.pyc", "~"];
        assert_eq!(paths(&package), left);
        assert!(package.junk().is_empty() && package.bootstrap().is_some());
    }

    #[test]
    fn what_lambda_starts_and_what_a_link_leads_to_stays() {
        let link = |path: &str, target: &'static str| PackageFile::symlink(path.to_owned(), target);
        let mut files = package(&[
            ("extensions/agent~", b"#!"),
            (".git/config", b"x"),
            (".git/hooks/run", b"x"),
            (".vscode/settings", b"x"),
            ("notes~", b"x"),
        ])
        .files;
        files.extend([
            link("bin/run", "../.git/hooks/run"),
            link("settings", ".vscode"),
            link("a/notes", "./../notes~"),
        ]);
        let mut package = DeploymentPackage::from_files(files);
        let before = paths(&package);
        assert_eq!(package.drop_junk(), []);
        assert_eq!(paths(&package), before);
    }
}
