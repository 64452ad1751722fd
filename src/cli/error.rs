//! The sum of all errors, and the exit code of each.

use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::attribution::Why;
use crate::cargo::{CargoError, ManifestError};
use crate::elf::ElfError;
use crate::elf::NoDebugFile;
use crate::estimate::EstimateError;
use crate::host::HostError;
use crate::layout::OrderError;
use crate::logs::LogsError;
use crate::package::PackageError;
use crate::policy;
use crate::render::text;
use crate::report::{BuildError, ReadError, TwoReportsOfOne};
use crate::slim::{Rewrite, SlimError};
use crate::tune::TuneError;

/// Why a command could not be carried out. Every one ends in exit code 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// A file or a process.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A zip that cannot be read.
    #[error("{}: {source}", .path.display())]
    Archive {
        /// The zip.
        path: PathBuf,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The files of a project that make no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A package that cannot be analyzed.
    #[error("{}: {source}", .path.display())]
    Analysis {
        /// The artifact.
        path: PathBuf,
        /// What is wrong with it.
        source: BuildError,
    },
    /// A package that cannot be slimmed.
    #[error("{}: {source}", .path.display())]
    Slim {
        /// The artifact.
        path: PathBuf,
        /// What is wrong.
        source: SlimError,
    },
    /// A saved `cargo metadata` that cannot be used.
    #[error("{}: {source}", .path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CargoError,
    },
    /// The slimmed package does not do what the original does when it is started.
    #[error("{}: the slimmed package fails the boot check, nothing was written: before, {before}; slimmed, {after}{log}", .path.display())]
    BootDiffers {
        /// The artifact.
        path: PathBuf,
        /// What the original did.
        before: String,
        /// What the slimmed package did.
        after: String,
        /// What the slimmed package's programs wrote, line by line; empty where they wrote nothing.
        log: String,
    },
    /// The original does not start, so that nothing can be checked.
    #[error("{}: the boot check is not conclusive, nothing was written: the package as it came in did not answer: {before}{log}", .path.display())]
    BootNotConclusive {
        /// The artifact.
        path: PathBuf,
        /// What the original did.
        before: String,
        /// What the original's programs wrote, line by line; empty where they wrote nothing.
        log: String,
    },
    /// A report that cannot be used.
    #[error("{}: {source}", .path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// A budget that cannot be applied.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// A prediction that cannot be made.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
    /// A model that cannot be used.
    #[error("{}: {source}", .path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: EstimateError,
    },
    /// A log that cannot be read.
    #[error("{}: {source}", .path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        source: LogsError,
    },
    /// A configuration key of the project.
    #[error("{key} = {value} in [{table}]: expected {expected}")]
    Configuration {
        /// The table in Cargo.toml.
        table: &'static str,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// An environment variable.
    #[error("{name}={value:?}: expected {expected}")]
    Environment {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// `--filter` is no regular expression.
    #[error("--filter {pattern:?}: {why}")]
    Filter {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// `--why` names a crate that is not there.
    #[error("--why {krate}: no crate of that name has bytes in the package{did_you_mean}")]
    WhyUnknown {
        /// What was given.
        krate: String,
        /// Names that there are; empty, or with what leads to them.
        did_you_mean: String,
    },
    /// `--why` names a package that no program links.
    #[error("--why {krate}: it leaves no bytes in the package. The crate graph has {packages}")]
    WhyNotLinked {
        /// What was given.
        krate: String,
        /// The packages of that name, and who uses them.
        packages: String,
    },
    /// A rewrite is asked for and left out.
    #[error("--with {rewrite} and --without {rewrite} contradict each other")]
    WithAndWithout {
        /// The rewrite.
        rewrite: Rewrite,
    },
    /// No program has symbols that `--debug-file` could keep.
    #[error(
        "{}: --debug-file: no program has symbols or debug information to keep. Set strip = \"none\" in [profile.release] of \
        Cargo.toml, which cargo and cargo-lambda follow (and debug = \"line-tables-only\" for line numbers), or name the \
        unstripped program with --symbols", .path.display()
    )]
    NothingToKeep {
        /// The artifact.
        path: PathBuf,
    },
    /// A program of which no debug file can be made.
    #[error("{}: {program}: no debug file can be made of it: {source}", .path.display())]
    DebugFile {
        /// The artifact.
        path: PathBuf,
        /// The program.
        program: String,
        /// What is wrong with it.
        source: NoDebugFile,
    },
    /// One package is named twice.
    #[error("{}: it is named twice", .path.display())]
    NamedTwice {
        /// The package.
        path: PathBuf,
    },
    /// Two packages would be written to one place, or one over another that is read.
    #[error("{}: it would be written for one package and is another's", .path.display())]
    WrittenTwice {
        /// Where.
        path: PathBuf,
    },
    /// One debug file is named for several programs.
    #[error(
        "--debug-file {}: several programs have symbols ({programs}): name a folder, one that exists or a path that ends in '/'",
        .path.display()
    )]
    OneDebugFileForMany {
        /// What was given.
        path: PathBuf,
        /// The programs.
        programs: String,
    },
    /// The debug file would replace what the command reads or writes.
    #[error("--debug-file {}: it would replace the package, its program, or another file that is read", .path.display())]
    DebugFileReplaces {
        /// Where it would be.
        path: PathBuf,
    },
    /// The debug file would be in the package that it is for.
    #[error("--debug-file {}: it would lie in the folder that is slimmed, and be shipped with it", .path.display())]
    DebugFileInPackage {
        /// Where it would be.
        path: PathBuf,
    },
    /// A folder by build id, and a program without one.
    #[error(
        "--debug-file .build-id: {program} has no build id to be found by; the rustc flag '-C link-arg=-Wl,--build-id' adds one"
    )]
    NoBuildId {
        /// The program.
        program: String,
    },
    /// Two programs with one build id.
    #[error("--debug-file {}: another program of the package than {program} has the same build id", .place.display())]
    OneBuildIdForMany {
        /// The program.
        program: String,
        /// Where its debug file would be.
        place: PathBuf,
    },
    /// No history to draw.
    #[error("{}: no such history; `check --record` writes it", .path.display())]
    NoHistory {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no baseline to compare with.
    #[error("{}: no such baseline; --update-baseline writes it", .path.display())]
    NoBaseline {
        /// Where it would be.
        path: PathBuf,
    },
    /// A baseline that a report would replace is another thing.
    #[error("{}: it is no report, and --update-baseline would replace it with one: name another file", .path.display())]
    BaselineIsNoReport {
        /// The file.
        path: PathBuf,
    },
    /// The baseline is there, and the package is not in it.
    #[error(
        "{package}: not in the baseline {baseline}, so that its growth cannot be limited; --update-baseline writes it anew, and \
        --warn baseline-missing (rules.baseline-missing in Cargo.toml) lets new packages pass"
    )]
    NotInBaseline {
        /// The baseline: a file or a commit.
        baseline: String,
        /// The package.
        package: String,
    },
    /// Reports that are not of one run.
    #[error(transparent)]
    TwoReportsOfOne(#[from] TwoReportsOfOne),
    /// Usage that clap cannot see.
    #[error("{0}")]
    Usage(&'static str),
    /// There is nothing to estimate.
    #[error("{}: holds no program that Lambda starts: nothing to estimate", .path.display())]
    NoProgram {
        /// The artifact.
        path: PathBuf,
    },
    /// An order file that is none.
    #[error("{}: {source}", .path.display())]
    Order {
        /// The order file.
        path: PathBuf,
        /// What is wrong with it.
        source: OrderError,
    },
    /// A program that cannot be read.
    #[error("{}: {source}", .path.display())]
    Elf {
        /// The program.
        path: PathBuf,
        /// What is wrong with it.
        source: ElfError,
    },
    /// A program that does not start, or does not answer as before.
    #[error("{message}{log}")]
    InitFailed {
        /// What happened.
        message: String,
        /// What it wrote, as lines to append; empty where it wrote nothing.
        log: String,
    },
    /// An experiment that does not exist.
    #[error(transparent)]
    Tune(#[from] TuneError),
    /// The project's own build fails, so that there is nothing to compare with.
    #[error("the project's own build fails, so no experiment was made: {reason}")]
    BaselineFailed {
        /// Why.
        reason: String,
    },
    /// A choice that no run has made.
    #[error(
        "--apply {name}: no run has chosen it for the project as it is now: run `tune` first, or name an experiment"
    )]
    NothingChosen {
        /// What was given.
        name: String,
    },
    /// A manifest that cannot be changed.
    #[error("{}: {source}", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// stdout cannot be written.
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
}

impl CliError {
    /// `--why` found nothing: says what there is instead.
    pub(super) fn why_unknown(why: &Why) -> Self {
        let krate = why.asked.clone();
        if !why.not_linked.is_empty() {
            return Self::WhyNotLinked { krate, packages: text::why_not_linked(&why.not_linked) };
        }
        let did_you_mean = match why.did_you_mean.as_slice() {
            [] => "; `analyze -n 0` lists all".to_owned(),
            names => format!("; did you mean {}?", names.join(", ")),
        };
        Self::WhyUnknown { krate, did_you_mean }
    }
}
