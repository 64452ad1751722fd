//! Running cargo and rustc: asking a question, or listening while they work.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::{CargoStderr, HostError};
use crate::cargo::BuiltArtifact;

/// What happens while cargo works, in the order in which it arrives.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildEvent<'a> {
    /// Bytes of cargo's stderr: status lines and rendered compiler messages.
    Stderr(&'a [u8]),
    /// A line of stdout that is no message, for example from a wrapper.
    Text(&'a str),
    /// Something that the caller should know, in one line.
    Note(&'a str),
    /// A file was made, or was up to date.
    Artifact(&'a BuiltArtifact),
}

/// A piece of what a program says.
pub(super) enum Output {
    Line(Vec<u8>),
    Stderr(Vec<u8>),
}

/// A command that knows how it was written, for messages.
pub(super) struct Tool {
    command: Command,
    program: PathBuf,
    text: String,
}

impl Tool {
    /// `program` with `args`, in `directory` or the current folder. It gets no stdin: nobody answers its questions.
    pub(super) fn new(program: PathBuf, args: &[OsString], directory: Option<&Path>) -> Self {
        let mut command = Command::new(&program);
        command.args(args).stdin(Stdio::null());
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        let name = program.file_name().unwrap_or(program.as_os_str());
        let words = std::iter::once(name).chain(args.iter().map(OsString::as_os_str));
        let text: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        Self { command, program, text: text.join(" ") }
    }

    pub(super) fn env(mut self, key: &str, value: &OsStr) -> Self {
        self.command.env(key, value);
        self
    }

    /// Without a variable of ours.
    pub(super) fn without_env(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    /// The command line, as messages show it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it prints.
    pub(super) fn answer(mut self) -> Result<String, HostError> {
        let output = self.command.output().map_err(|cause| self.not_started(cause))?;
        if !output.status.success() {
            return Err(HostError::CommandFailed {
                command: self.text,
                status: output.status.to_string(),
                stderr: String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it, and hands over what it says as it says it.
    pub(super) fn listen(
        &mut self,
        stderr: CargoStderr,
        mut on_output: impl FnMut(Output),
    ) -> Result<ExitStatus, HostError> {
        self.command.stdout(Stdio::piped());
        self.command.stderr(match stderr {
            CargoStderr::Callback => Stdio::piped(),
            CargoStderr::Inherit => Stdio::inherit(),
        });
        let mut child = self.command.spawn().map_err(|cause| self.not_started(cause))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let for_stderr = sender.clone();
            scope.spawn(move || stdout.map(|stdout| send_lines(stdout, &sender)));
            scope.spawn(move || stderr.map(|stderr| send_chunks(stderr, &for_stderr)));
            receiver.into_iter().for_each(&mut on_output);
        });
        child.wait().map_err(|cause| self.not_started(cause))
    }

    fn not_started(&self, cause: std::io::Error) -> HostError {
        HostError::NotStarted { program: self.program.clone(), cause }
    }
}

/// A pipe that breaks has said all that it will say: the exit status tells whether that was enough.
fn send_lines(pipe: impl Read, to: &Sender<Output>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if line.ends_with(b"\n") {
            line.pop();
        }
        if to.send(Output::Line(std::mem::take(&mut line))).is_err() {
            return;
        }
    }
}

fn send_chunks(mut pipe: impl Read, to: &Sender<Output>) {
    let mut chunk = [0; 8192];
    while let Ok(read @ 1..) = pipe.read(&mut chunk) {
        if to.send(Output::Stderr(chunk[..read].to_vec())).is_err() {
            return;
        }
    }
}
