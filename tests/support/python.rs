//! Python packages of other makers that judge what we write, each set in an environment of its own below the build's folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::skip::skip;

/// The Python of an environment with `packages` (pinned, like `duckdb==2.0.1`), made once; `None`, with a word, where it cannot be.
pub(crate) fn python_with(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{name}"));
    let (python, done) = (folder.join("bin/python"), folder.join("made-of"));
    let wanted = packages.join("\n");
    if fs::read_to_string(&done).is_ok_and(|made_of| made_of == wanted) {
        return Some(python);
    }
    let _ = fs::remove_dir_all(&folder);
    let quietly = |command: &mut Command| {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let made = quietly(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        && quietly(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(packages),
        );
    if !made {
        skip(name, "no python3 with venv, or no registry of packages within reach");
        return None;
    }
    fs::write(&done, wanted).expect("the environment's folder is ours");
    Some(python)
}
