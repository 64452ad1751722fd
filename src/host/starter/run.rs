//! From the arguments to what the process is to become.

use std::ffi::OsString;
use std::process::ExitCode;

use super::arguments::WORD;

/// Where `args` (the first is the program's own name) are those of a starter: does what they ask, and gives the exit code. `None` for any
/// other arguments. To be called first thing in `main`, while there is one thread.
///
/// ```no_run
/// let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
/// if let Some(code) = lambda_slim::host::run_as_starter(&args) {
///     std::process::exit(if code == std::process::ExitCode::SUCCESS { 0 } else { 1 });
/// }
/// ```
#[must_use]
pub fn run_as_starter(args: &[OsString]) -> Option<ExitCode> {
    let (_, rest) = args.split_first()?;
    let (word, rest) = rest.split_first()?;
    (word == WORD).then(|| become_what_is_asked(rest))
}

#[cfg(target_os = "linux")]
fn become_what_is_asked(args: &[OsString]) -> ExitCode {
    use super::arguments::{NETWORK, PROGRAM};
    use super::{network, program};

    let told = match args.split_first() {
        Some((what, [])) if what == NETWORK => network::make(),
        Some((what, rest)) if what == PROGRAM => program::become_program(rest),
        _ => Err(std::io::ErrorKind::InvalidInput.into()),
    };
    // Whoever started this process has been told, or is gone.
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(target_os = "linux"))]
fn become_what_is_asked(_args: &[OsString]) -> ExitCode {
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_arguments_are_not_a_starter_s() {
        for args in [&[][..], &["lambda-slim"], &["lambda-slim", "analyze"], &["lambda-slim", "slim", WORD]] {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            assert_eq!(run_as_starter(&args), None, "{args:?}");
        }
    }
}
