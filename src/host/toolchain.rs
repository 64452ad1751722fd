//! The compiler in use: `$RUSTC`, `$CARGO`, or what the search path has.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::HostError;
use super::process::Tool;

/// What the compiler says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(super) version: String,
    /// The target that it builds for when none is given.
    pub(super) host: String,
    /// The folder of its own libraries.
    pub(super) sysroot: PathBuf,
}

impl Toolchain {
    /// Asks the compiler that a build in `directory` uses (a toolchain file may choose it).
    pub(super) fn find(directory: Option<&Path>) -> Result<Self, HostError> {
        let ask = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let tool = Tool::new(program("RUSTC", "rustc"), &args, directory);
            let command = tool.text().to_owned();
            Ok::<_, HostError>((command, tool.answer()?))
        };
        // rustc answers one question at a time, and behind rustup each takes its 20 ms.
        let (about, sysroot) = rayon::join(|| ask(&["-vV"]), || ask(&["--print", "sysroot"]));
        let (command, answer) = about?;
        let version = answer.lines().next().unwrap_or_default().to_owned();
        let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
        let Some(host) = host.map(str::to_owned) else {
            return Err(HostError::UnexpectedAnswer { command, answer });
        };
        let (_, sysroot) = sysroot?;
        Ok(Self { version, host, sysroot: sysroot.trim_end().into() })
    }

    /// The folder of the standard library's files for `target`.
    pub(super) fn libraries(&self, target: &str) -> PathBuf {
        self.sysroot.join("lib").join("rustlib").join(target).join("lib")
    }
}

/// cargo, as cargo tells its subcommands, or as the search path has it.
pub(super) fn cargo() -> PathBuf {
    program("CARGO", "cargo")
}

fn program(variable: &str, name: &str) -> PathBuf {
    match env::var_os(variable) {
        Some(path) if !path.is_empty() => path.into(),
        _ => name.into(),
    }
}
