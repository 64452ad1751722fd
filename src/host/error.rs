//! What can go wrong with files and processes, each with where.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::cargo::CargoError;
use crate::elf::Architecture;
use crate::units::ByteSize;

/// What can go wrong with files and processes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HostError {
    /// There is no such file.
    #[error("{}: no such file or folder", .path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("{}: cannot read: {cause}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file has no bytes.
    #[error("{}: is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds no file.
    #[error("{}: the folder holds no file", .path.display())]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The content is nothing that Lambda takes.
    #[error("{}: neither a zip nor an ELF file nor a folder", .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A pipe, a socket or a device.
    #[error("{}: not a regular file", .path.display())]
    NotARegularFile {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than anything that Lambda takes.
    #[error("{}: too large: {} bytes, the limit is {}", .path.display(), .size.get(), .limit.get())]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// How large it is at least.
        size: ByteSize,
        /// The most that is read.
        limit: ByteSize,
    },
    /// The folder holds more files than a zip without extensions can.
    #[error("{}: more than {limit} files", .path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The most that is read.
        limit: usize,
    },
    /// A file name that no zip entry can carry.
    #[error("{}: the name is not UTF-8", .path.display())]
    NameNotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A symbolic link that would lead out of the package.
    #[error("{}: symbolic link to {target:?}, which is outside of the package", .path.display())]
    LinkLeavesPackage {
        /// The link.
        path: PathBuf,
        /// What it holds.
        target: String,
    },
    /// A file to include that has no place in the package.
    #[error("{}: cannot be included: name it by a path below the project, without '..'", .path.display())]
    IncludeLeavesProject {
        /// The path as given.
        path: PathBuf,
    },
    /// A text file that is none.
    #[error("{}: not UTF-8 text: the byte at {offset} is not", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// First byte that is not UTF-8.
        offset: usize,
    },
    /// The operating system refused to write; the old file is as it was.
    #[error("{}: cannot write: {cause}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A program could not be started.
    #[error("cannot start {}: {cause}", .program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// git does not know a commit.
    #[error(
        "no commit {reference:?} in the repository here: {why}. A shallow clone lacks it: fetch it first (`git fetch origin BRANCH`; \
        `fetch-depth: 0` of actions/checkout)"
    )]
    NoCommit {
        /// What was asked for.
        reference: String,
        /// What git says.
        why: String,
    },
    /// A program that was asked something failed.
    #[error("`{command}` failed ({status}): {stderr}")]
    CommandFailed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it said, without colours.
        stderr: String,
    },
    /// A program's answer is not what it should be.
    #[error("`{command}` gave an answer that is not understood: {answer:?}")]
    UnexpectedAnswer {
        /// The command line.
        command: String,
        /// The answer, or its beginning.
        answer: String,
    },
    /// cargo could not build the program. Its own messages have gone to the caller already.
    #[error("the build failed: `{command}` ({status})")]
    BuildFailed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
    },
    /// cargo said that it built, but named no program.
    #[error("`{command}` built no program {bin:?}")]
    NothingBuilt {
        /// The command line.
        command: String,
        /// The binary that was asked for.
        bin: String,
    },
    /// With `--no-build`: the program is in none of the places where it would be.
    #[error("{bin} is not built; looked for {}", list(.looked_at))]
    NotBuilt {
        /// The binary.
        bin: String,
        /// Every place, in order.
        looked_at: Vec<PathBuf>,
    },
    /// A file of a package that would be unpacked elsewhere.
    #[error("{path:?} is no path inside of a package")]
    PathLeavesPackage {
        /// The path.
        path: String,
    },
    /// The project's linker cannot be told an order of functions.
    #[error(
        "the project's linker takes no order of functions{}: link with lld (rustc's own rust-lld is the default on x86_64 Linux; elsewhere \
         -C link-arg=-fuse-ld=lld) or with GNU ld",
        shown_refusal(refusal)
    )]
    LinkerTakesNoOrder {
        /// What it said; empty where it said nothing of use.
        refusal: String,
    },
    /// A package without a program that Lambda starts.
    #[error("the package holds neither 'bootstrap' nor 'extensions/…': there is nothing to start")]
    NothingToStart,
    /// A program that this machine's processor does not run.
    #[error("{path} is for {architecture} and cannot be started on this machine ({here})")]
    OtherArchitecture {
        /// The program's path in the package.
        path: String,
        /// What it is for.
        architecture: Architecture,
        /// What this machine is.
        here: &'static str,
    },
    /// An emulator that is not there.
    #[error("there is no emulator {program:?}: it is neither a program on the search path nor the path of one")]
    NoEmulator {
        /// As it was asked for.
        program: String,
    },
    /// A system that starts no program of Lambda.
    #[error("a package can be started on Linux only; this is {os}")]
    BootNeedsLinux {
        /// This system.
        os: &'static str,
    },
    /// The local Runtime API has no port, pipe or thread.
    #[error("cannot offer a Runtime API on this machine: {cause}")]
    NoRuntimeApi {
        /// Why.
        cause: io::Error,
    },
    /// A start cannot be traced here.
    #[error("cannot trace a start: {why}")]
    CannotTrace {
        /// Why.
        why: String,
    },
    /// What is to be traced is no program of the package.
    #[error("{path}: no ELF file of the package, so its functions cannot be traced")]
    NoSuchTarget {
        /// The path that was asked for.
        path: String,
    },
    /// An event that Lambda would not take.
    #[error("{}: not a JSON event: {cause}", .path.display())]
    EventNotJson {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// Experiments of this project are under way in another process.
    #[error("{}: another `tune` of this project is running: wait for it, or build into another folder with --target-dir", .folder.display())]
    ExperimentsRunning {
        /// Where its experiments are.
        folder: PathBuf,
    },
    /// The project cannot be used.
    #[error(transparent)]
    Cargo(#[from] CargoError),
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

fn shown_refusal(refusal: &str) -> String {
    if refusal.is_empty() { String::new() } else { format!(" ({refusal})") }
}
