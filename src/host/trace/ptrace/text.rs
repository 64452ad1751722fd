//! The functions of one program, and where they are in a process that runs it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Pid;

use super::super::super::HostError;
use super::super::super::launch::{LaunchFile, LaunchFileKind};
use super::super::start::TraceTarget;
use super::arch::BREAKPOINT;
use crate::elf::Image;

/// The type of the entry of a process's auxiliary vector that holds where its program begins (`AT_ENTRY`, getauxval(3)).
const AT_ENTRY: u64 = 9;

/// Bytes of a breakpoint.
pub(super) const LENGTH: usize = BREAKPOINT.len();

/// A function where a breakpoint can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Function {
    /// Link-time address.
    pub(super) address: u64,
    /// What stands there when no breakpoint does.
    pub(super) original: [u8; LENGTH],
}

/// The functions of one program.
#[derive(Debug)]
pub(super) struct Text {
    path: String,
    /// Link-time address.
    entry: u64,
    /// Sorted by address, each once.
    pub(super) functions: Vec<Function>,
}

impl Text {
    /// Of `target`, which is one of `files`.
    pub(super) fn of(target: &TraceTarget<'_>, files: &[LaunchFile<'_>]) -> Result<Self, HostError> {
        let none = || HostError::NoSuchTarget { path: target.path.to_owned() };
        let file = files.iter().find(|file| file.path == target.path).ok_or_else(none)?;
        let LaunchFileKind::File(bytes) = file.kind else { return Err(none()) };
        let image = Image::parse(bytes).map_err(|_| none())?;
        let code =
            |address: &u64| image.segments().iter().any(|s| s.is_executable() && s.offset_of(*address).is_some());
        let mut functions: Vec<Function> = target
            .functions
            .iter()
            .filter(|address| code(address))
            .filter_map(|&address| {
                let start = image.offset_of(address)?;
                let original = image.bytes(&(start..start.checked_add(LENGTH as u64)?))?.try_into().ok()?;
                Some(Function { address, original })
            })
            // A function that begins with a breakpoint has one of its own, which is to trap.
            .filter(|function| function.original != BREAKPOINT && function.address.is_multiple_of(LENGTH as u64))
            .collect();
        functions.sort_unstable_by_key(|function| function.address);
        functions.dedup_by_key(|function| function.address);
        Ok(Self { path: target.path.to_owned(), entry: image.entry(), functions })
    }

    pub(super) fn find(&self, address: u64) -> Option<(usize, &Function)> {
        let index = self.functions.binary_search_by_key(&address, |function| function.address).ok()?;
        Some((index, self.functions.get(index)?))
    }
}

/// The programs whose functions are looked for, as the files that they are.
#[derive(Debug)]
pub(super) struct Targets {
    /// Device and number of each, `None` where the file is not there.
    files: Vec<Option<(u64, u64)>>,
}

impl Targets {
    /// Of `texts`, which are unpacked below `root`.
    pub(super) fn below(root: &Path, texts: &[Text]) -> Self {
        Self { files: texts.iter().map(|text| identity(&root.join(&text.path)).ok()).collect() }
    }

    /// Which of them the process of `thread` runs, and how far its addresses are from those at link time.
    pub(super) fn identify(&self, thread: Pid, texts: &[Text]) -> Option<(usize, u64)> {
        let runs = identity(Path::new(&format!("/proc/{thread}/exe"))).ok()?;
        let index = self.files.iter().position(|file| *file == Some(runs))?;
        let entry = entry(thread).ok().flatten()?;
        Some((index, entry.wrapping_sub(texts.get(index)?.entry)))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Where the program begins that the process of `thread` runs.
fn entry(thread: Pid) -> io::Result<Option<u64>> {
    let vector = fs::read(format!("/proc/{thread}/auxv"))?;
    let words = vector.as_chunks::<8>().0.as_chunks::<2>().0;
    let mut pairs = words.iter().map(|[kind, value]| (u64::from_ne_bytes(*kind), u64::from_ne_bytes(*value)));
    Ok(pairs.find(|(kind, _)| *kind == AT_ENTRY).map(|(_, value)| value))
}
