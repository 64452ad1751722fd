//! More flags for rustc than the environment and cargo's configuration have, without taking theirs away.
//!
//! cargo takes flags from one source only: the environment, else `target.*.rustflags`, else `build.rustflags` (cargo book, "build.rustflags",
//! read 2026-11-29). So ours go to the source that is in use.

use std::env;
use std::ffi::OsString;
use std::fs;

use super::BuildOptions;
use super::linker::configuration_files;
use crate::cargo::sets_target_rustflags;

/// Between flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// Where more flags go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rustflags {
    /// There are none.
    None,
    /// Into `CARGO_ENCODED_RUSTFLAGS`, which has this value.
    Environment(OsString),
    /// Into cargo's configuration, with this `--config`.
    Config(String),
}

impl Rustflags {
    /// What is to be added to cargo's configuration.
    pub(super) fn config(&self) -> Option<String> {
        match self {
            Self::Config(config) => Some(config.clone()),
            Self::None | Self::Environment(_) => None,
        }
    }

    pub(super) fn of(options: &BuildOptions) -> Self {
        let flags = &options.rustflags;
        if flags.is_empty() {
            return Self::None;
        }
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let known = match (set("CARGO_ENCODED_RUSTFLAGS"), set("RUSTFLAGS")) {
            (Some(encoded), _) => Some(encoded),
            (None, Some(flags)) => {
                let words = flags.to_string_lossy().split_whitespace().collect::<Vec<_>>().join(SEPARATOR);
                Some(words.into())
            }
            (None, None) => None,
        };
        if let Some(mut value) = known {
            for flag in flags {
                value.push(SEPARATOR);
                value.push(flag);
            }
            return Self::Environment(value);
        }
        let files = configuration_files(options.directory.as_deref());
        let texts = files.iter().filter_map(|path| fs::read_to_string(path).ok());
        let by_target = texts.chain(options.config.iter().cloned()).any(|text| sets_target_rustflags(&text));
        let key = if by_target { "target.'cfg(all())'.rustflags" } else { "build.rustflags" };
        let flags: Vec<String> = flags.iter().map(|flag| serde_json::Value::from(flag.as_str()).to_string()).collect();
        Self::Config(format!("{key}=[{}]", flags.join(",")))
    }
}
