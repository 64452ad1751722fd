//! To be filled.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let _ = args;
    ExitCode::SUCCESS
}
