//! A commit of the project in a temporary git worktree, and what git knows of a file's past.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::HostError;
use super::commit::commit_name;
use super::place::path_below;
use super::process::Tool;

/// How a worktree's folder is called, with the number of the process that it is for.
const PREFIX: &str = "lambda-slim-baseline-";
/// The most changes of a file that are looked at.
const MOST_CHANGES: &str = "-n200";

/// A commit of the repository around a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name, all digits.
    pub name: String,
    /// The repository's folder.
    pub root: PathBuf,
}

impl Commit {
    /// What `reference` means in the repository around `folder`: a commit, branch or tag; with three dots behind it, where HEAD left it.
    ///
    /// # Errors
    /// [`HostError::NoCommit`] where there is none, with what git says.
    pub fn find(reference: &str, folder: &Path) -> Result<Self, HostError> {
        let ask = |args: &[&str]| {
            git(Some(folder), args)
                .map_err(|error| HostError::NoCommit { reference: reference.to_owned(), why: error.to_string() })
        };
        let root = PathBuf::from(ask(&["rev-parse", "--show-toplevel"])?.trim_end_matches(['\n', '\r']));
        let answer = match reference.strip_suffix("...") {
            Some(branch) => ask(&["merge-base", "--", branch, "HEAD"])?,
            None => ask(&["rev-parse", "--verify", "--end-of-options", &format!("{reference}^{{commit}}")])?,
        };
        let unexpected = || HostError::NoCommit { reference: reference.to_owned(), why: answer.trim().to_owned() };
        let name = commit_name(&answer).ok_or_else(unexpected)?;
        Ok(Self { name, root })
    }

    /// The commit's name as people read it.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.name[..9]
    }

    /// The text of a file of this commit, by its path from the repository's folder; `None` where the commit does not have it.
    #[must_use]
    pub fn file(&self, path: &Path) -> Option<String> {
        let path = path.to_str()?.replace('\\', "/");
        git(Some(&self.root), &["show", &format!("{}:{path}", self.name)]).ok()
    }

    /// Checks the commit out, in a folder of its own that is gone when the value is.
    ///
    /// # Errors
    /// [`HostError`] where git or the disk does not do it.
    /// As long as it is there, `target_dir` is its own: another process that wants to build there waits. cargo finds a program
    /// fresh by the times of its sources, and what is checked out now is newer than whatever was built there before.
    pub fn check_out(&self, target_dir: &Path) -> Result<Checkout, HostError> {
        let lock = locked(target_dir)?;
        remove_left_behind(&self.root);
        let folder = tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir();
        let folder = folder.map_err(|cause| HostError::Unwritable { path: std::env::temp_dir(), cause })?;
        let path = folder.path().join("checkout");
        // Hooks are for people who switch branches.
        let add: Vec<OsString> =
            ["-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet"].map(OsString::from).to_vec();
        let args = [add, vec![path.clone().into_os_string(), self.name.clone().into()]].concat();
        let checkout = Checkout { root: self.root.clone(), path, folder: Some(folder), _lock: lock };
        tool(Some(&self.root), &args).answer()?;
        if checkout.path.join(".gitmodules").is_file() {
            git(Some(&checkout.path), &["submodule", "update", "--init", "--recursive", "--quiet"])?;
        }
        Ok(checkout)
    }
}

/// A commit checked out.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    path: PathBuf,
    folder: Option<TempDir>,
    /// Of the target folder; the last to be dropped.
    _lock: File,
}

/// Waits until no other process builds checkouts in this folder.
fn locked(target_dir: &Path) -> Result<File, HostError> {
    let path = target_dir.join("lock");
    let unwritable = |cause| HostError::Unwritable { path: path.clone(), cause };
    fs::create_dir_all(target_dir).map_err(unwritable)?;
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritable)?;
    // Some file systems have no locks: there, two runs at once are the user's to avoid.
    let _ = lock.lock();
    Ok(lock)
}

impl Checkout {
    /// Its folder: what the repository's folder is, as the commit has it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a path of the repository is in the checkout; `None` of one from elsewhere.
    #[must_use]
    pub fn place_of(&self, path: &Path) -> Option<PathBuf> {
        path_below(path, &self.root).map(|below| self.path.join(below))
    }

    /// Puts a file there that the commit does not have.
    ///
    /// # Errors
    /// [`HostError::Unwritable`].
    pub fn complete(&self, place: &Path, text: &str) -> Result<(), HostError> {
        let place = self.path.join(place);
        fs::write(&place, text).map_err(|cause| HostError::Unwritable { path: place, cause })
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        remove(&self.root, &self.path);
        drop(self.folder.take());
    }
}

/// What cannot be removed is left: the next run tries again.
fn remove(root: &Path, worktree: &Path) {
    let remove = ["worktree", "remove", "--force"].map(OsString::from).to_vec();
    let args = [remove, vec![worktree.as_os_str().to_owned()]].concat();
    let _ = tool(Some(root), &args).answer();
}

/// Removes worktrees of runs that were killed.
fn remove_left_behind(root: &Path) {
    let Ok(list) = git(Some(root), &["worktree", "list", "--porcelain"]) else { return };
    for path in list.lines().filter_map(|line| line.strip_prefix("worktree ")).map(Path::new) {
        let Some(folder) = path.parent() else { continue };
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|number| !Path::new("/proc").join(number).exists() && Path::new("/proc/self").exists()) {
            remove(root, path);
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A commit that changed a file, with the file's text after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The commit's name; `None` for what is not committed.
    pub commit: Option<String>,
    /// The day in UTC.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
    /// The file's text.
    pub text: String,
}

/// The text of a file at a commit, and its changes from there to today, oldest first, at most 200; `None` where git does not know.
#[must_use]
pub fn changes_since(commit: &str, file: &Path) -> Option<(String, Vec<FileChange>)> {
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
    let show = |commit: &str| git(Some(folder), &["show", &format!("{commit}:./{name}")]).ok();
    let before = show(&commit_name(commit)?)?;
    let range = format!("{commit}..HEAD");
    let format = ["log", MOST_CHANGES, "--date=format-local:%Y-%m-%d", "--format=%H%x09%cd%x09%s", &range, "--", name];
    let log = git(Some(folder), &format).ok()?;
    let mut changes: Vec<FileChange> = log
        .lines()
        .rev()
        .filter_map(|line| {
            let mut parts = line.splitn(3, '\t');
            let (name, date, subject) = (parts.next()?, parts.next()?, parts.next()?);
            let (commit, date, subject) = (Some(name.to_owned()), date.to_owned(), subject.to_owned());
            Some(FileChange { text: show(name)?, commit, date, subject })
        })
        .collect();
    let now = fs::read_to_string(file).ok()?;
    if changes.last().map_or(&before, |change| &change.text) != &now {
        changes.push(FileChange { commit: None, date: String::new(), subject: String::new(), text: now });
    }
    Some((before, changes))
}

/// The last commit that changed a file; `None` where git does not know.
#[must_use]
pub fn last_change(file: &Path) -> Option<String> {
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    commit_name(&git(Some(folder), &["log", "-n1", "--format=%H", "--", name]).ok()?)
}

fn git(directory: Option<&Path>, args: &[&str]) -> Result<String, HostError> {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    tool(directory, &args).answer()
}

/// git, without what a hook's git has told us of its own repository and index.
fn tool(directory: Option<&Path>, args: &[OsString]) -> Tool {
    let tool = Tool::new("git".into(), args, directory).env("TZ", "UTC".as_ref());
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"].into_iter().fold(tool, Tool::without_env)
}
