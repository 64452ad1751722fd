//! One process at one moment.

use std::time::Duration;

use super::mapping::Mapping;
use super::pages::FilePages;

/// One process, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The program's path: in the package where it is of it, else as the system knows it.
    pub program: String,
    /// Its mappings, by address.
    pub mappings: Vec<Mapping>,
    /// Files of the package that are mapped, in the order of their first mapping.
    pub package_files: Vec<MappedFile>,
    /// Page faults since it was started that read nothing from disk.
    pub minor_faults: u64,
    /// Page faults since it was started that waited for the disk.
    pub major_faults: u64,
    /// CPU time of all its threads since it was started, those that ended included.
    pub cpu: Duration,
    /// How long its threads that live were ready to run and waited for a processor.
    pub run_delay: Duration,
    /// Threads now.
    pub threads: u64,
}

/// A file of the package in the memory of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedFile {
    /// Path in the package.
    pub path: String,
    /// What of it is in memory, in all mappings.
    pub pages: FilePages,
    /// What of it is in memory, in mappings that may be executed.
    pub code: FilePages,
    /// Which mappings are of it: places in [`Process::mappings`].
    pub mappings: Vec<usize>,
}
