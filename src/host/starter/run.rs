//! From the arguments to what the process is to become.

use std::ffi::OsString;
use std::process::ExitCode;

/// Where `args` (the first is the program's own name) are those of a starter: does what they ask, and gives the exit code. `None` for any
/// other arguments. To be called first thing in `main`, while there is one thread.
#[must_use]
pub fn run_as_starter(args: &[OsString]) -> Option<ExitCode> {
    let _ = args;
    None
}
