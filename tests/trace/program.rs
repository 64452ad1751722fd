//! A small real program, compiled for a test, and what traces it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lambda_slim::host::{
    BootLimits, FunctionCall, HostError, LaunchFile, LaunchFileKind, LaunchOptions, TraceTarget, TracedStart,
    trace_start,
};
use tempfile::TempDir;

use crate::support::skip::skip;

/// A program with the addresses of its functions.
pub(crate) struct Program {
    pub(crate) bytes: Vec<u8>,
    /// By address, the names.
    pub(crate) functions: BTreeMap<u64, Vec<String>>,
}

impl Program {
    /// Compiles a runtime in C with `source`; `None` where there is no compiler.
    pub(crate) fn c(source: &str, flags: &[&str]) -> Option<Self> {
        let folder = TempDir::new().expect("a folder for the test");
        let file = folder.path().join("program.c");
        let text = format!("{}\n{source}", include_str!("programs/runtime.h"));
        fs::write(&file, text).expect("a file");
        let out = folder.path().join("program");
        let command = Command::new("cc").args(["-O1", "-pthread"]).args(flags).arg(&file).arg("-o").arg(&out).output();
        let Ok(output) = command else {
            skip("a C program", "no cc here");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::read(&out)
    }

    /// One that is built; `None` where there is no `nm`.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).expect("it was just built");
        let Ok(output) = Command::new("readelf").args(["--symbols", "--wide"]).arg(path).env("LC_ALL", "C").output()
        else {
            skip("the functions of a program", "no readelf here");
            return None;
        };
        let mut functions: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for line in String::from_utf8(output.stdout).expect("names are UTF-8").lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, address, _, "FUNC", _, _, section, name, ..] = fields[..]
                && section != "UND"
            {
                let address = u64::from_str_radix(address, 16).expect("an address");
                functions.entry(address).or_default().push(name.to_owned());
            }
        }
        Some(Self { bytes, functions })
    }

    /// Where the function of this name begins.
    pub(crate) fn address(&self, name: &str) -> u64 {
        let found = self.functions.iter().find(|(_, names)| names.iter().any(|known| known == name));
        *found.unwrap_or_else(|| panic!("no function {name}")).0
    }

    /// The names of what was called, as far as they begin with `prefix`.
    pub(crate) fn names(&self, calls: &[FunctionCall]) -> Vec<&str> {
        calls.iter().filter_map(|call| self.functions.get(&call.address)?.first().map(String::as_str)).collect()
    }

    /// Traces it as the program at `target` among `files`; `None`, said so, where this machine does not let anybody trace.
    #[track_caller]
    pub(crate) fn trace_in(
        &self,
        files: &[LaunchFile<'_>],
        target: &str,
        event: Option<&[u8]>,
        limits: BootLimits,
    ) -> Option<TracedStart> {
        let functions: Vec<u64> = self.functions.keys().copied().collect();
        let targets = [TraceTarget { path: target, functions: &functions }];
        match trace_start(files, event, limits, &options(), &targets) {
            Err(HostError::CannotTrace { why }) if why.contains("refuses") => {
                skip("a traced start", &why);
                None
            }
            traced => Some(traced.expect("it can be traced")),
        }
    }

    /// Traces it as a bootstrap.
    #[track_caller]
    pub(crate) fn trace(&self, event: Option<&[u8]>) -> Option<TracedStart> {
        self.trace_in(&[self.file("bootstrap")], "bootstrap", event, BootLimits::default())
    }

    pub(crate) fn file<'a>(&'a self, path: &'a str) -> LaunchFile<'a> {
        LaunchFile { path, unix_mode: 0o755, kind: LaunchFileKind::File(&self.bytes) }
    }
}

/// Programs are started by `lambda-slim`.
pub(crate) fn options() -> LaunchOptions {
    let mut options = LaunchOptions::default();
    options.starter = Some(PathBuf::from(crate::support::program::lambda_slim().get_program()));
    options
}
