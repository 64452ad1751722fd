//! How to build, from the flags.

use crate::elf::Architecture;
use crate::host::{BuildOptions, CargoStderr};

use super::args::{Build, ColorWhen, Global};

/// The architecture that the flags name.
pub(super) fn build_architecture(build: &Build) -> Option<Architecture> {
    match (build.arm64, build.x86_64) {
        (true, _) => Some(Architecture::Arm64),
        (_, true) => Some(Architecture::X86_64),
        _ => None,
    }
}

/// cargo's flags, as `host` takes them.
pub(super) fn build_options(build: &Build, global: &Global) -> BuildOptions {
    BuildOptions {
        manifest_path: build.manifest_path.clone(),
        package: build.package.first().cloned(),
        bin: build.bin.first().cloned(),
        profile: build.profile.clone(),
        features: build.features.clone(),
        all_features: build.all_features,
        no_default_features: build.no_default_features,
        target: build.target.clone(),
        architecture: build_architecture(build),
        target_dir: build.target_dir.clone(),
        lambda_dir: build.lambda_dir.clone(),
        locked: build.locked,
        offline: build.offline,
        frozen: build.frozen,
        config: build.config.clone(),
        verbose: global.verbose,
        quiet: global.quiet,
        color: match global.color {
            ColorWhen::Auto => None,
            ColorWhen::Always => Some("always".to_owned()),
            ColorWhen::Never => Some("never".to_owned()),
        },
        jobs: build.jobs.clone(),
        rustc_args: build.rustc_args.clone(),
        stderr: CargoStderr::Inherit,
        ..BuildOptions::default()
    }
}
