//! What can be wrong with text that cargo wrote, or with what was asked of it.

use thiserror::Error;

/// What can be wrong with text that cargo wrote, or with what was asked of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CargoError {
    /// The text is not what `cargo metadata --format-version 1` prints.
    #[error("not the output of `cargo metadata --format-version 1`: {0}")]
    NotMetadata(#[source] serde_json::Error),
    /// The metadata was made with `--no-deps`, so nobody knows who depends on whom.
    #[error("the metadata has no dependency graph: save it without --no-deps, as `cargo metadata --format-version 1`")]
    NoDependencyGraph,
    /// The graph names a package that the metadata does not describe.
    #[error("the dependency graph names package {id:?}, which the metadata does not describe")]
    UnknownPackageId {
        /// The package id.
        id: String,
    },
    /// Two packages have one id.
    #[error("the metadata describes package {id:?} twice")]
    RepeatedPackageId {
        /// The package id.
        id: String,
    },
    /// Normal dependencies form a circle, which cargo itself never writes.
    #[error("package {package:?} depends on itself through normal dependencies")]
    DependencyCycle {
        /// One package of the circle.
        package: String,
    },
    /// No workspace member builds a program.
    #[error("no binary target in {}", quoted(.packages))]
    NoBin {
        /// The packages that were looked at.
        packages: Vec<String>,
    },
    /// Several programs, and none was chosen.
    #[error("several binaries ({}): choose one with --bin NAME", quoted(.bins))]
    SeveralBins {
        /// The binaries, sorted.
        bins: Vec<String>,
    },
    /// The chosen program does not exist.
    #[error("no binary {name:?}; there is {}", quoted(.bins))]
    UnknownBin {
        /// The name that was asked for.
        name: String,
        /// The binaries that exist, sorted.
        bins: Vec<String>,
    },
    /// Two packages build a program of the chosen name.
    #[error("binary {name:?} is in several packages ({}): choose one with --package NAME", quoted(.packages))]
    AmbiguousBin {
        /// The name that was asked for.
        name: String,
        /// The packages that have it, sorted.
        packages: Vec<String>,
    },
    /// The chosen package is not a workspace member.
    #[error("no package {name:?} in the workspace; there is {}", quoted(.members))]
    UnknownPackage {
        /// The name that was asked for.
        name: String,
        /// The workspace members, sorted.
        members: Vec<String>,
    },
    /// A key of cargo-lambda's settings has a value of another type.
    #[error("[package.metadata.lambda.build] of {package:?}: {cause}")]
    LambdaBuild {
        /// The package or workspace whose manifest has it.
        package: String,
        /// What serde says is wrong.
        cause: serde_json::Error,
    },
}

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}
