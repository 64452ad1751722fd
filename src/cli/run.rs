//! From the arguments to the exit code.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};

use crate::host;
use crate::report::REPORT_SCHEMA;

use super::args::Global;
use super::command::{Cli, Command};
use super::error::CliError;
use super::exit_code::ExitCode;
use super::terminal::Terminal;
use super::{analyze, calibrate, check, diff, estimate, layout, measure, merge, slim, slim_several, trend, tune};

/// Runs the program, as `lambda-slim …` or as `cargo lambda-slim …`.
pub fn run(args: impl Iterator<Item = OsString>) -> std::process::ExitCode {
    let args: Vec<OsString> = args.collect();
    if let Some(code) = host::run_as_starter(&args) {
        return code;
    }
    let cli = match parse(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; anything else is wrong usage. A closed stream is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Trouble } else { ExitCode::Done }.into();
        }
    };
    let code = carry_out(cli).unwrap_or_else(|error| {
        Terminal::error(&error);
        ExitCode::Trouble
    });
    code.into()
}

fn carry_out(cli: Cli) -> Result<ExitCode, CliError> {
    let terminal = Terminal::new(&cli.global);
    let code = command(cli.command, &cli.global, terminal)?;
    terminal.total();
    Ok(code)
}

fn command(command: Command, global: &Global, terminal: Terminal) -> Result<ExitCode, CliError> {
    match command {
        Command::Analyze(flags) => analyze::run(&flags, global, terminal),
        Command::Slim(flags) if flags.more.is_empty() => slim::run(&flags, global, terminal),
        Command::Slim(flags) => slim_several::run(&flags, global, terminal),
        Command::Estimate(flags) => estimate::run(flags, global, terminal),
        Command::Calibrate(flags) => calibrate::run(&flags, terminal),
        Command::Measure(flags) => measure::run(&flags, global, terminal),
        Command::Layout(flags) => layout::run(&flags, global, terminal),
        Command::Check(flags) => check::run(&flags, global, terminal),
        Command::Merge(flags) => merge::run(&flags, terminal),
        Command::Tune(flags) => tune::run(&flags, global, terminal),
        Command::Trend(flags) => trend::run(&flags, terminal),
        Command::Diff(flags) => diff::run(&flags, terminal),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "lambda-slim", &mut script);
            terminal.result(&String::from_utf8_lossy(&script), None)?;
            Ok(ExitCode::Done)
        }
        Command::Schema => {
            terminal.result(REPORT_SCHEMA, None)?;
            Ok(ExitCode::Done)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(CliError::Stdout)?;
            terminal.result(&String::from_utf8_lossy(&page), None)?;
            Ok(ExitCode::Done)
        }
    }
}

/// cargo runs `cargo-lambda-slim lambda-slim …`: its second word is the name by which it was called.
fn parse(mut args: Vec<OsString>) -> Result<Cli, clap::Error> {
    let called = args.first().map(Path::new).and_then(Path::file_stem);
    let mut command = without_empty_variables(Cli::command());
    if called.is_some_and(|name| name == "cargo-lambda-slim") && args.get(1).is_some_and(|word| word == "lambda-slim") {
        args.remove(1);
        command = command.bin_name("cargo lambda-slim");
    }
    let mut matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// An empty variable is one that is not set: CI systems pass on inputs that nobody gave as empty text.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let unset_if_empty = |arg: clap::Arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { arg.env(clap::builder::Resettable::Reset) } else { arg }
    };
    command.mut_args(unset_if_empty).mut_subcommands(|subcommand| subcommand.mut_args(unset_if_empty))
}
