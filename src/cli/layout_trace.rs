//! The order of functions, from starts that are traced.

use crate::elf::Image;
use crate::host::{self, FunctionCall, TraceTarget};
use crate::layout::{Order, StartCalls, functions};

use super::boot_check::{quoted, shown};
use super::error::CliError;
use super::launch_files::original;
use super::measure::Asked;
use super::subject::Loaded;
use super::terminal::Terminal;

/// So many starts in a row without a function that is new are enough.
const NOTHING_NEW: usize = 5;

/// No program is started more often than this: one that calls others each time would be started for ever.
const MOST: usize = 40;

/// Traces starts of the program as it was built, with its symbols. Each looks for what no init before it called, so that all but the first run at
/// nearly their own speed, and threads race as they do elsewhere.
pub(super) fn trace(loaded: &Loaded, asked: &Asked, terminal: Terminal) -> Result<Order, CliError> {
    let package = loaded.package()?;
    let files = original(&package)?;
    let program = package.bootstrap().ok_or_else(|| CliError::NoProgram { path: loaded.path.clone() })?;
    let elf = |source| CliError::Elf { path: loaded.path.clone(), source };
    let image = Image::parse(&program.contents).map_err(elf)?;
    let functions = functions(&image).map_err(elf)?;
    let addresses: Vec<u64> = functions.iter().map(|function| function.address).collect();
    let mut calls = StartCalls::default();
    let (mut starts, mut in_vain, mut later) = (0, 0, 0);
    let spinner = terminal.spinner("tracing starts");
    while in_vain < NOTHING_NEW && starts < MOST {
        let left = calls.not_of_init(&addresses);
        let targets = [TraceTarget { path: &program.path, functions: &left }];
        let traced = host::trace_start(&files, asked.event.as_deref(), asked.limits, &asked.launch, &targets)?;
        if !traced.outcome.is_success() {
            return Err(CliError::InitFailed { message: shown(&traced.outcome), log: quoted(&traced.log) });
        }
        let address = |call: &FunctionCall| call.address;
        let new = calls.add(traced.init.iter().map(address), traced.first_event.iter().map(address));
        later += if starts == 0 { 0 } else { new };
        in_vain = if new == 0 { in_vain + 1 } else { 0 };
        starts += 1;
    }
    spinner.finish_and_clear();
    terminal.note(&format!("note: traced {starts} starts; {later} functions were not called by the first"));
    Ok(Order::of_calls(&functions, calls.init(), calls.first_event()))
}
