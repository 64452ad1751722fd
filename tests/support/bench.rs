//! A package in a folder, and a `lambda-slim` that unpacks it where the test can see what is left.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::{Run, lambda_slim};
use super::skip::skip;

/// What every Python program below starts with: `call` says something to the API, `next_event` asks it for an event.
const PRELUDE: &str = r##"#!/usr/bin/env python3
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, headers={}, chunked=False):
    api.request(method, path, body, headers, encode_chunked=chunked)
    answer = api.getresponse()
    return answer, answer.read()
def next_event():
    answer, event = call("GET", "/2018-06-01/runtime/invocation/next")
    return "/2018-06-01/runtime/invocation/" + answer.headers["Lambda-Runtime-Aws-Request-Id"], event
"##;

/// A package under test.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder for the test") };
        for folder in [bench.package(), bench.temporary()] {
            fs::create_dir(folder).expect("a new folder");
        }
        bench
    }

    /// A package whose bootstrap is a shell script. It is a script of Lambda's: its interpreter is there.
    pub(crate) fn shell(script: &str) -> Self {
        let bench = Self::new();
        bench.put("bootstrap", format!("#!/bin/sh\n{script}\n").as_bytes());
        bench
    }

    /// A package whose bootstrap is a Python program; `None` where there is no Python.
    pub(crate) fn python(program: &str) -> Option<Self> {
        let bench = Self::new();
        bench.put_python("bootstrap", program)?;
        Some(bench)
    }

    pub(crate) fn put_python(&self, path: &str, program: &str) -> Option<()> {
        // Where the program's own environment would find it.
        let found =
            ["/usr/local/bin/python3", "/usr/bin/python3", "/bin/python3"].iter().any(|p| Path::new(p).exists());
        if !found {
            skip("a Python bootstrap", "no python3 on a function's search path");
            return None;
        }
        self.put(path, format!("{PRELUDE}{program}\n").as_bytes());
        Some(())
    }

    /// Puts an executable file into the package.
    pub(crate) fn put(&self, path: &str, contents: &[u8]) {
        let path = self.package().join(path);
        fs::create_dir_all(path.parent().expect("below the package")).expect("a folder");
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    pub(crate) fn package(&self) -> PathBuf {
        self.folder.path().join("package")
    }

    /// The zip that would be written.
    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out.zip")
    }

    fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// `slim --boot-check` of the package with `args`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_of(&self.package(), &self.out(), args)
    }

    /// The same of another artifact.
    pub(crate) fn command_of(&self, artifact: &Path, out: &Path, args: &[&str]) -> Command {
        let mut command = lambda_slim();
        command.arg("slim").arg(artifact).arg("-o").arg(out).args(["--boot-check", "--effort", "fast"]);
        command.args(args).env("TMPDIR", self.temporary());
        command
    }

    /// `measure` of the package with `args`.
    pub(crate) fn measure(&self, args: &[&str]) -> Command {
        self.measure_of(&self.package(), args)
    }

    /// The same of another artifact.
    pub(crate) fn measure_of(&self, artifact: &Path, args: &[&str]) -> Command {
        let mut command = lambda_slim();
        command.arg("measure").arg(artifact).args(args).env("TMPDIR", self.temporary());
        command
    }

    /// Checks it, and that nothing is left of it.
    #[track_caller]
    pub(crate) fn check(&self, args: &[&str]) -> Run {
        let run = Run::of(&mut self.command(args));
        self.assert_nothing_is_left(Duration::from_millis(100));
        run
    }

    /// The error that the check ends in, whole. Nothing is written, and nothing is left.
    #[track_caller]
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let run = self.check(args);
        let all = run.stderr.clone();
        run.error();
        assert!(!self.out().exists(), "the check failed, and the zip was written");
        all
    }

    /// Processes with a variable that names the temporary folder: all that was started, and its children.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = self.temporary().canonicalize().expect("it is there").into_os_string().into_encoded_bytes();
        let mark = [b"LAMBDA_TASK_ROOT=".as_slice(), &mark].concat();
        let pids = fs::read_dir("/proc").expect("Linux").flatten().filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let environ = fs::read(entry.path().join("environ")).ok()?;
            environ.windows(mark.len()).any(|window| window == mark).then_some(pid)
        });
        pids.collect()
    }

    /// Waits until the package runs.
    pub(crate) fn wait_for_processes(&self, count: usize) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.processes().len() < count {
            assert!(Instant::now() < until, "the package was not started");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    pub(crate) fn assert_nothing_is_left(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let left = || -> Vec<_> { fs::read_dir(self.temporary()).expect("it is there").flatten().collect() };
        while !(self.processes().is_empty() && left().is_empty()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(self.processes(), [] as [u32; 0], "processes are left");
        assert!(left().is_empty(), "files are left: {:?}", left());
    }
}
