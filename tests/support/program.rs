//! `lambda-slim` and `cargo-lambda-slim`, started as their users start them, in an environment that says nothing.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::functions::forget_the_outer_build;

// Not `env!`: without the feature `cli` there are no programs, and the tests of the library compile all the same.
const LAMBDA_SLIM: Option<&str> = option_env!("CARGO_BIN_EXE_lambda-slim");
const CARGO_LAMBDA_SLIM: Option<&str> = option_env!("CARGO_BIN_EXE_cargo-lambda-slim");
const BUILT: &str = "cargo builds the programs for these tests, with the feature 'cli'";

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs `command` to its end. Panics where it cannot start or prints what is not UTF-8.
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } =
            command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
        let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// This run, where it ended with `code`; panics with all that it said where it did not.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The JSON on stdout, which must be all that is there.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }

    /// The one error on stderr. Panics where the run did not end with exit code 2 and one clear error, or wrote a result.
    #[track_caller]
    pub(crate) fn error(self) -> String {
        let run = self.exits(2);
        assert_eq!(run.stdout, "", "trouble has no result");
        let errors: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        errors[0].trim_start_matches("error: ").to_owned()
    }
}

/// `lambda-slim` in the current folder of the tests.
pub(crate) fn lambda_slim() -> Command {
    command(Path::new(LAMBDA_SLIM.expect(BUILT)))
}

/// `cargo-lambda-slim`, as cargo finds it.
pub(crate) fn cargo_lambda_slim() -> PathBuf {
    CARGO_LAMBDA_SLIM.expect(BUILT).into()
}

/// `cargo`, which finds `cargo-lambda-slim` on the search path.
pub(crate) fn cargo() -> Command {
    let mut cargo = command(Path::new(&env::var_os("CARGO").unwrap_or_else(|| "cargo".into())));
    let mut path = vec![cargo_lambda_slim().parent().expect("it is in a folder").to_owned()];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    cargo.env("PATH", env::join_paths(path).expect("folders without separators"));
    cargo
}

/// Runs `lambda-slim` with `args`.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    Run::of(lambda_slim().args(args))
}

/// `program` in an environment in which nothing asks for anything.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    forget_the_outer_build(&mut command);
    for (variable, _) in env::vars_os() {
        let Some(name) = variable.to_str() else { continue };
        if name.starts_with("LAMBDA_SLIM_")
            || name.starts_with("GITHUB_")
            || ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "SOURCE_DATE_EPOCH"].contains(&name)
        {
            command.env_remove(name);
        }
    }
    command
}

/// `path` as an argument among texts.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("the tests' paths are UTF-8")
}
