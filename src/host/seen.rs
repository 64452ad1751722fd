//! One start of a package, looked at when it is ready and when it has answered.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;

use super::HostError;
use super::boot_check::{BootLimits, Startable};
use super::launch::{BootOutcome, Isolated, LaunchFile, LaunchFileKind, LaunchOptions, Moment, Program, boot};
use super::snapshot::{come_to_rest, snapshot};
use crate::elf::Image;
use crate::procfs::{Answered, Process, Start};

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
    /// Whether an emulator ran a program of it: then times, faults and memory of no file are the emulator's as well.
    pub emulated: bool,
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
    let startable = Startable::find(files, launch.emulator.as_ref())?;
    let code = if startable.is_emulated() { code(files) } else { Code::new() };
    let look = |programs: &[Program], root: &Path| told_apart(snapshot(programs, root), &code);
    let mut start = None;
    let booted = boot(startable.package(), event, limits.init, limits.answer, launch, &mut |moment| match moment {
        Moment::Unpacked { root } if cache == PageCache::Cold => put_out_of_cache(root),
        Moment::Unpacked { .. } => {}
        Moment::Ready { at, programs, root } => {
            let Some(first) = programs.iter().map(|program| program.since).min() else { return };
            let at_rest = come_to_rest(programs);
            let ready = at.saturating_duration_since(first);
            start = Some(Start { ready, processes: look(programs, root), at_rest, answered: None });
        }
        Moment::Answered { at, since, programs, root } => {
            come_to_rest(programs);
            let answered = Answered { response: at.saturating_duration_since(since), processes: look(programs, root) };
            if let Some(start) = &mut start {
                start.answered = Some(answered);
            }
        }
    })?;
    let emulated = startable.is_emulated();
    Ok(Seen { outcome: booted.outcome, log: booted.log, isolated: booted.isolated, emulated, start })
}

/// Where files of a package have code: bytes of their executable segments, by path.
type Code = BTreeMap<String, Vec<Range<u64>>>;

fn code(files: &[LaunchFile<'_>]) -> Code {
    let of_file = |file: &LaunchFile<'_>| {
        let LaunchFileKind::File(bytes) = file.kind else { return None };
        let image = Image::parse(bytes).ok()?;
        let executable = image.segments().iter().filter(|segment| segment.is_load() && segment.is_executable());
        Some((file.path.to_owned(), executable.map(|segment| segment.file_range.clone()).collect()))
    };
    files.iter().filter_map(of_file).collect()
}

/// An emulator maps code as what is to be read: it translates it. So the files say what of their pages is code.
fn told_apart(mut processes: Vec<Process>, code: &Code) -> Vec<Process> {
    for file in processes.iter_mut().flat_map(|process| &mut process.package_files) {
        if let Some(ranges) = code.get(&file.path) {
            file.code = file.pages.within(ranges);
        }
    }
    processes
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
