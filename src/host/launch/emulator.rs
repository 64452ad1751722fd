//! A program that runs programs for another processor.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::super::HostError;

/// A program that runs programs for another processor, as `qemu-aarch64` does: it gets the program's path as its last argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emulator {
    path: PathBuf,
    arguments: Vec<OsString>,
    asked: String,
}

impl Emulator {
    /// Finds the emulator that `command` names: a program on the search path, or the path of one, then arguments that come before the
    /// program's path, each without spaces (`qemu-aarch64 -L /usr/aarch64-linux-gnu`).
    ///
    /// # Errors
    /// [`HostError::NoEmulator`] where there is no such program, or none that may be executed.
    pub fn find(command: &str) -> Result<Self, HostError> {
        let mut words = command.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let path = find_program(name).ok_or_else(|| HostError::NoEmulator { program: name.to_owned() })?;
        Ok(Self { path, arguments: words.map(OsString::from).collect(), asked: command.trim().to_owned() })
    }

    /// As it was asked for.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The command that runs a program.
    pub(super) fn command(&self, program: &Path) -> Vec<OsString> {
        let mut command = vec![self.path.clone().into_os_string()];
        command.extend(self.arguments.iter().cloned());
        command.push(program.into());
        command
    }
}

/// The absolute path of a program: its folder is not the one that it will be started in.
fn find_program(name: &str) -> Option<PathBuf> {
    let there = |path: PathBuf| if is_executable(&path) { path.canonicalize().ok() } else { None };
    if name.contains('/') {
        return there(name.into());
    }
    let name = Some(OsStr::new(name)).filter(|name| !name.is_empty())?;
    env::split_paths(&env::var_os("PATH")?).find_map(|folder| there(folder.join(name)))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn an_emulator_is_a_program_that_is_there_with_arguments_before_the_one_that_it_runs() {
        let shell = Emulator::find(" sh  -e -u ").unwrap();
        let command = shell.command(Path::new("/a b/bootstrap"));
        assert!(Path::new(&command[0]).is_absolute(), "{command:?}");
        assert_eq!(command[1..], ["-e", "-u", "/a b/bootstrap"]);
        assert_eq!(shell.asked(), "sh  -e -u");
        for none in ["", "no-such-emulator -L /x", "/etc/passwd", "/etc"] {
            let error = Emulator::find(none).unwrap_err();
            assert!(matches!(error, HostError::NoEmulator { .. }), "{none}: {error}");
        }
    }
}
