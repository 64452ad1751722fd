//! The sum of all errors, and the exit code of each.

use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::attribution::Why;
use crate::cargo::CargoError;
use crate::estimate::EstimateError;
use crate::host::HostError;
use crate::package::PackageError;
use crate::policy;
use crate::render::text;
use crate::report::{BuildError, ReadError};
use crate::slim::{Rewrite, SlimError};

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
    /// There is no baseline to compare with.
    #[error("{}: no such baseline; --update-baseline writes it", .path.display())]
    NoBaseline {
        /// Where it would be.
        path: PathBuf,
    },
    /// Usage that clap cannot see.
    #[error("{0}")]
    Usage(&'static str),
    /// There is nothing to estimate.
    #[error("{}: holds no program that Lambda starts: nothing to estimate", .path.display())]
    NoProgram {
        /// The artifact.
        path: PathBuf,
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
            [] => String::new(),
            names => format!("; did you mean {}?", names.join(", ")),
        };
        Self::WhyUnknown { krate, did_you_mean }
    }
}
