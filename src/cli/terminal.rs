//! The one place that prints: results to stdout, progress and notes to stderr.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::host;
use crate::report::PackageFailure;
use crate::units::ByteSize;

use super::args::{ColorWhen, Global};
use super::error::CliError;

/// Mode of a result that is written to a file.
const RESULT_MODE: u32 = 0o644;

/// Where things are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    quiet: bool,
    /// True where each stage is told with its time.
    tells_times: bool,
    color: ColorWhen,
    started: Instant,
}

impl Terminal {
    /// As the flags say. A terminal, `NO_COLOR` and `CLICOLOR` decide where they say 'auto'.
    pub(super) fn new(global: &Global) -> Self {
        let tells_times = global.verbose > 0 && !global.quiet;
        Self { quiet: global.quiet, tells_times, color: global.color, started: Instant::now() }
    }

    /// The same, without progress, notes and times: for work of which the caller tells.
    pub(super) fn silent(self) -> Self {
        Self { quiet: true, tells_times: false, ..self }
    }

    /// Does the work of one stage; with `-v`, says how long it took. Stages are not nested, so that they add up to the total.
    pub(super) fn timed<T>(&self, stage: &str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.time(stage, started.elapsed());
        done
    }

    /// With `-v`, says how long a stage took.
    pub(super) fn time(&self, stage: &str, took: Duration) {
        if self.tells_times {
            stderr(&format!("  {stage:<22} {:>9.3} s\n", took.as_secs_f64()));
        }
    }

    /// With `-v`, says how long the command took up to here.
    pub(super) fn total(&self) {
        self.time("total", self.started.elapsed());
    }

    /// True where a result on stdout may have colours.
    pub(super) fn colors_stdout(&self) -> bool {
        match self.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
        }
    }

    /// Width of stdout's terminal; where it is none, of `COLUMNS`, for a pager and for logs that people read.
    pub(super) fn width(&self) -> Option<usize> {
        let asked = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
        let terminal = terminal_size::terminal_size_of(std::io::stdout());
        terminal.map(|(width, _)| usize::from(width.0)).or_else(asked)
    }

    /// Prints a result, to a file where one is named. A reader that has seen enough (`| head`) is no error.
    pub(super) fn result(&self, text: &str, file: Option<&Path>) -> Result<(), CliError> {
        if let Some(path) = file {
            return Ok(host::replace(path, text.as_bytes(), Some(RESULT_MODE))?);
        }
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Stdout(error)),
            _ => Ok(()),
        }
    }

    /// Prints a note to stderr.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            stderr(&format!("{text}\n"));
        }
    }

    /// Passes on what cargo says.
    pub(super) fn cargo_says(&self, bytes: &[u8]) {
        // Where stderr is closed there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(bytes);
    }

    /// Says what went wrong where there is a result all the same.
    pub(super) fn warn(&self, text: &str) {
        stderr(&format!("{text}\n"));
    }

    /// Says why one of several packages failed.
    pub(super) fn failure(failure: &PackageFailure) {
        stderr(&format!("error: {}\n", failure.in_words()));
    }

    /// Prints the error that ends the run.
    pub(super) fn error(error: &CliError) {
        stderr(&format!("error: {error}\n"));
    }

    /// A progress bar over bytes, or an invisible one where stderr is no terminal.
    pub(super) fn progress(&self, what: &'static str, total: ByteSize) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total.get()), self.draw_target());
        let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {elapsed}");
        bar.set_style(style.expect("a constant template"));
        bar.set_message(what);
        bar
    }

    /// A progress bar over so many of something.
    pub(super) fn count(&self, what: &'static str, total: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.draw_target());
        bar.set_style(
            ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {elapsed}").expect("a constant template"),
        );
        bar.set_message(what);
        bar
    }

    /// A spinner for work of unknown length.
    pub(super) fn spinner(&self, what: &'static str) -> ProgressBar {
        let spinner = ProgressBar::with_draw_target(None, self.draw_target());
        spinner.set_style(ProgressStyle::default_spinner());
        spinner.set_message(what);
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner
    }

    /// The same, with words of the moment.
    pub(super) fn spinner_over(&self, what: String) -> ProgressBar {
        let spinner = self.spinner("");
        spinner.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a constant template"));
        spinner.set_message(what);
        spinner
    }

    /// An error where there is nobody to ask.
    pub(super) fn refuse_without_person(&self, why: &'static str) -> Result<(), CliError> {
        if std::io::stdin().is_terminal() { Ok(()) } else { Err(CliError::Usage(why)) }
    }

    /// Asks the person at the terminal; anything but yes is no.
    pub(super) fn ask(&self, question: &str) -> bool {
        stderr(&format!("{question} [y/N] "));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok()
            && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
    }

    fn draw_target(&self) -> ProgressDrawTarget {
        // A bar would be drawn over the times.
        if self.quiet || self.tells_times || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        }
    }
}

fn stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
