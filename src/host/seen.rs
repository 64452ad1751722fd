//! One start of a package, looked at when it is ready and when it has answered.

use std::fs::{self, File};
use std::path::Path;

use super::HostError;
use super::boot_check::{BootLimits, Startable};
use super::launch::{BootOutcome, Isolated, LaunchFile, LaunchOptions, Moment, boot};
use super::snapshot::{come_to_rest, snapshot};
use crate::procfs::{Answered, Start};

/// Where a package's files are when it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageCache {
    /// In memory: they were just written.
    #[default]
    Warm,
    /// On disk, as far as the file system lets go of them (`posix_fadvise`; one in memory does not).
    Cold,
}

/// A start that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// How it ended.
    pub outcome: BootOutcome,
    /// The end of what the programs wrote, at most 64 KiB.
    pub log: String,
    /// Whether the programs had a network of their own.
    pub isolated: Isolated,
    /// What was seen; `None` where init did not end as it should.
    pub start: Option<Start>,
}

/// Starts a package as Lambda does, with `event` (JSON) or to the end of init, and looks at its processes.
///
/// # Errors
/// [`HostError::BootNeedsLinux`] and [`HostError::OtherArchitecture`] where this machine cannot run it; [`HostError::NothingToStart`]; or
/// where files cannot be unpacked. A start that fails is an outcome.
pub fn see_start(
    files: &[LaunchFile<'_>],
    event: Option<&[u8]>,
    limits: BootLimits,
    launch: &LaunchOptions,
    cache: PageCache,
) -> Result<Seen, HostError> {
    if !cfg!(target_os = "linux") {
        return Err(HostError::BootNeedsLinux { os: std::env::consts::OS });
    }
    let startable = Startable::find(files)?;
    let mut start = None;
    let booted = boot(startable.package(), event, limits.init, limits.answer, launch, &mut |moment| match moment {
        Moment::Unpacked { root } if cache == PageCache::Cold => put_out_of_cache(root),
        Moment::Unpacked { .. } => {}
        Moment::Ready { at, programs, root } => {
            let Some(first) = programs.iter().map(|program| program.since).min() else { return };
            let at_rest = come_to_rest(programs);
            let ready = at.saturating_duration_since(first);
            start = Some(Start { ready, processes: snapshot(programs, root), at_rest, answered: None });
        }
        Moment::Answered { at, since, programs, root } => {
            come_to_rest(programs);
            let answered =
                Answered { response: at.saturating_duration_since(since), processes: snapshot(programs, root) };
            if let Some(start) = &mut start {
                start.answered = Some(answered);
            }
        }
    })?;
    Ok(Seen { outcome: booted.outcome, log: booted.log, isolated: booted.isolated, start })
}

/// Asks the system to let go of the files' pages. What it keeps makes a start warmer, and nothing else.
fn put_out_of_cache(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            put_out_of_cache(&entry.path());
        } else if kind.is_file()
            && let Ok(file) = File::open(entry.path())
        {
            // Only what is on disk can be let go of.
            let _ = file.sync_all();
            let_go(&file);
        }
    }
}

#[cfg(target_os = "linux")]
fn let_go(file: &File) {
    use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

    let _ = posix_fadvise(file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
}

#[cfg(not(target_os = "linux"))]
fn let_go(_file: &File) {}
