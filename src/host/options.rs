//! How to build: cargo's own flags, under cargo's names.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::elf::Architecture;

/// Where cargo's stderr goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CargoStderr {
    /// To the caller, as [`BuildEvent::Stderr`](super::BuildEvent::Stderr). cargo sees no terminal, so it draws no
    /// progress bar, and colours only if `color` says `always`.
    #[default]
    Callback,
    /// To this process's stderr, where cargo draws its own progress bar on a terminal.
    Inherit,
}

/// Which packages are built together: their features join in the crates that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// The program's package alone.
    #[default]
    Package,
    /// All packages of the workspace, as `cargo build` in its folder has them. What stands behind `--` is for one package, and is left out; there is no map.
    Workspace,
}

/// How to build. The default is a release build of the only program of the project in the current folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// The folder to run cargo in; the current folder if `None`.
    pub directory: Option<PathBuf>,
    /// `--manifest-path`.
    pub manifest_path: Option<PathBuf>,
    /// `--package`: a name, `name@version` or package id of a workspace member.
    pub package: Option<String>,
    /// `--bin`.
    pub bin: Option<String>,
    /// `--profile`; `None` is `release`.
    pub profile: Option<String>,
    /// `--features`, once per element.
    pub features: Vec<String>,
    /// `--all-features`.
    pub all_features: bool,
    /// `--no-default-features`.
    pub no_default_features: bool,
    /// `--target`. Wins over `architecture`.
    pub target: Option<String>,
    /// `--arm64` or `--x86-64`: the GNU/Linux target of that architecture.
    pub architecture: Option<Architecture>,
    /// `--target-dir`.
    pub target_dir: Option<PathBuf>,
    /// `--lambda-dir`: where packages are, instead of `target/lambda`.
    pub lambda_dir: Option<PathBuf>,
    /// `--locked`.
    pub locked: bool,
    /// `--offline`.
    pub offline: bool,
    /// `--frozen`.
    pub frozen: bool,
    /// `--config`, once per element.
    pub config: Vec<String>,
    /// How often `--verbose` is given.
    pub verbose: u8,
    /// `--quiet`.
    pub quiet: bool,
    /// `--color`.
    pub color: Option<String>,
    /// `--jobs`.
    pub jobs: Option<String>,
    /// What stands behind `--`: flags for rustc, for the program's own crate only.
    pub rustc_args: Vec<OsString>,
    /// Flags for rustc for every crate of the target, behind those that the environment or cargo's configuration sets.
    pub rustflags: Vec<String>,
    /// Whose features the dependencies have.
    pub selection: Selection,
    /// Where cargo's stderr goes.
    pub stderr: CargoStderr,
}

impl BuildOptions {
    /// The profile's name.
    #[must_use]
    pub fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or("release")
    }

    /// The target that the flags ask for.
    #[must_use]
    pub fn target_triple(&self) -> Option<&str> {
        self.target.as_deref().or(self.architecture.map(gnu_triple))
    }

    /// The folder below the target directory that cargo writes this profile's files to.
    pub(super) fn profile_folder(&self) -> &str {
        match self.profile_name() {
            "dev" | "test" => "debug",
            "release" | "bench" => "release",
            other => other,
        }
    }

    /// `cargo metadata`'s arguments.
    pub(super) fn metadata_args(&self, platform: &str) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec!["metadata".into(), "--format-version".into(), "1".into()];
        args.extend(["--filter-platform".into(), platform.into()]);
        self.push_shared(&mut args);
        args
    }

    /// `cargo metadata`'s arguments, for the members of the workspace alone.
    pub(super) fn members_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = ["metadata", "--format-version", "1", "--no-deps"].map(OsString::from).into();
        self.push_shared(&mut args);
        args
    }

    /// `cargo rustc`'s arguments. Only the program's own crate gets the flags behind `--`, so its dependencies stay as
    /// they were built; `-C strip=none` comes after what the profile says, and wins. `map` asks the linker for its map.
    pub(super) fn rustc_args(&self, package: &str, bin: &str, target: Option<&str>, map: &[OsString]) -> Vec<OsString> {
        let mut args: Vec<OsString> = match self.selection {
            Selection::Package => vec!["rustc".into(), "--package".into(), package.into()],
            Selection::Workspace => vec!["build".into(), "--workspace".into()],
        };
        args.extend(["--bin".into(), bin.into()]);
        match self.profile_name() {
            "release" => args.push("--release".into()),
            profile => args.extend(["--profile".into(), profile.into()]),
        }
        let target = target.map(OsString::from);
        let target_dir = self.target_dir.clone().map(OsString::from);
        let jobs = self.jobs.clone().map(OsString::from);
        for (flag, value) in [("--target", target), ("--target-dir", target_dir), ("--jobs", jobs)] {
            if let Some(value) = value {
                args.extend([flag.into(), value]);
            }
        }
        self.push_shared(&mut args);
        args.push("--message-format=json-render-diagnostics".into());
        if self.selection == Selection::Workspace {
            let profile = self.profile_name();
            args.extend(["--config".into(), format!("profile.{profile}.strip=\"none\"").into()]);
            return args;
        }
        args.extend(["--".into(), "-C".into(), "strip=none".into()]);
        args.extend(map.iter().chain(&self.rustc_args).cloned());
        args
    }

    /// Flags that `cargo metadata` and `cargo rustc` both take.
    pub(super) fn push_shared(&self, args: &mut Vec<OsString>) {
        if let Some(path) = &self.manifest_path {
            args.extend(["--manifest-path".into(), path.into()]);
        }
        for features in &self.features {
            args.extend(["--features".into(), features.into()]);
        }
        for config in &self.config {
            args.extend(["--config".into(), config.into()]);
        }
        if let Some(color) = &self.color {
            args.extend(["--color".into(), color.into()]);
        }
        for (flag, on) in [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--locked", self.locked),
            ("--offline", self.offline),
            ("--frozen", self.frozen),
            ("--quiet", self.quiet),
        ] {
            if on {
                args.push(flag.into());
            }
        }
        args.extend((0..self.verbose).map(|_| OsString::from("--verbose")));
    }
}

/// The target that Rust functions on Lambda are built for (cargo-lambda's default too).
pub(super) const fn gnu_triple(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64-unknown-linux-gnu",
        Architecture::Arm64 => "aarch64-unknown-linux-gnu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(args: &[OsString]) -> String {
        let args: Vec<&str> = args.iter().map(|arg| arg.to_str().expect("UTF-8 in tests")).collect();
        args.join(" ")
    }

    #[test]
    fn the_default_is_a_release_build_with_symbols() {
        assert_eq!(
            joined(&BuildOptions::default().rustc_args("api@0.1.0", "api", None, &[])),
            "rustc --package api@0.1.0 --bin api --release --message-format=json-render-diagnostics -- -C strip=none"
        );
    }

    #[test]
    fn every_flag_is_forwarded_under_cargos_name() {
        let options = BuildOptions {
            manifest_path: Some("a/Cargo.toml".into()),
            profile: Some("lambda".to_owned()),
            features: vec!["x,y".to_owned(), "z".to_owned()],
            all_features: true,
            no_default_features: true,
            target_dir: Some("t".into()),
            locked: true,
            offline: true,
            frozen: true,
            config: vec!["a=1".to_owned(), "b=2".to_owned()],
            verbose: 2,
            quiet: true,
            color: Some("always".to_owned()),
            jobs: Some("2".to_owned()),
            rustc_args: vec!["-Clink-arg=-s".into()],
            ..BuildOptions::default()
        };
        let shared = "--manifest-path a/Cargo.toml --features x,y --features z --config a=1 --config b=2 --color always \
            --all-features --no-default-features --locked --offline --frozen --quiet --verbose --verbose";
        assert_eq!(
            joined(&options.metadata_args("T")),
            format!("metadata --format-version 1 --filter-platform T {shared}")
        );
        assert_eq!(
            joined(&options.rustc_args("p", "b", Some("T"), &["-C".into(), "link-arg=M".into()])),
            format!(
                "rustc --package p --bin b --profile lambda --target T --target-dir t --jobs 2 {shared} \
                --message-format=json-render-diagnostics -- -C strip=none -C link-arg=M -Clink-arg=-s"
            )
        );
    }

    #[test]
    fn target_wins_over_architecture() {
        let mut options = BuildOptions { architecture: Some(Architecture::Arm64), ..BuildOptions::default() };
        assert_eq!(options.target_triple(), Some("aarch64-unknown-linux-gnu"));
        options.target = Some("aarch64-unknown-linux-musl".to_owned());
        assert_eq!(options.target_triple(), Some("aarch64-unknown-linux-musl"));
    }
}
