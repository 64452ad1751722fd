//! How a start ended.

use std::fmt;
use std::time::Duration;

/// How much of an answer a message shows, in bytes.
const EXCERPT: usize = 200;

/// How a start ended. `program` is the path in the package of the one that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootOutcome {
    /// It started and answered the event.
    Answered {
        /// The answer's bytes.
        body: Vec<u8>,
    },
    /// It started and reported that it could not handle the event.
    FunctionError {
        /// As the function names it.
        error_type: String,
        /// In words.
        message: String,
    },
    /// Every program asked for an event, and there was none to hand over.
    Ready,
    /// A layer's extensions registered, asked for events, and took the one that they asked for.
    ExtensionsReady,
    /// The system did not start it.
    NotStarted {
        /// Which program.
        program: String,
        /// What the system says.
        cause: String,
    },
    /// The dynamic linker did not find a library.
    MissingLibrary {
        /// Which program.
        program: String,
        /// The library's name.
        library: String,
    },
    /// The program needs a newer glibc than this machine's.
    NewerGlibc {
        /// Which program.
        program: String,
        /// As `GLIBC_2.38`.
        version: String,
    },
    /// It ended before it asked for an event.
    ExitedDuringInit {
        /// Which program.
        program: String,
        /// How, as `exit status: 3` or `signal: 11 (SIGSEGV)`.
        status: String,
    },
    /// It reported that it cannot start.
    InitError {
        /// Which program.
        program: String,
        /// As it names it.
        error_type: String,
        /// In words.
        message: String,
    },
    /// It ran, but did not ask for an event in time.
    NeverAsked {
        /// Which program.
        program: String,
        /// The time that it had.
        limit: Duration,
    },
    /// It ended while it had the event.
    ExitedDuringInvoke {
        /// Which program.
        program: String,
        /// How, as `exit status: 3` or `signal: 11 (SIGSEGV)`.
        status: String,
    },
    /// It took the event and did not answer in time.
    NoAnswer {
        /// Which program.
        program: String,
        /// The time that it had.
        limit: Duration,
    },
}

impl BootOutcome {
    /// A stable word for the kind of outcome.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answered { .. } => "answered",
            Self::FunctionError { .. } => "function-error",
            Self::Ready => "ready",
            Self::ExtensionsReady => "extensions-ready",
            Self::NotStarted { .. } => "not-started",
            Self::MissingLibrary { .. } => "missing-library",
            Self::NewerGlibc { .. } => "newer-glibc",
            Self::ExitedDuringInit { .. } => "exited-during-init",
            Self::InitError { .. } => "init-error",
            Self::NeverAsked { .. } => "never-asked",
            Self::ExitedDuringInvoke { .. } => "exited-during-invoke",
            Self::NoAnswer { .. } => "no-answer",
        }
    }

    /// True where it started, and its answer can be compared with another's.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Answered { .. } | Self::FunctionError { .. } | Self::ExtensionsReady)
    }

    /// True where it started, and answered what it was asked: there may have been no event.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.is_answer() || matches!(self, Self::Ready)
    }

    /// What the exit of a program that has said `log` comes from.
    pub(super) fn of_exit(program: &str, status: String, log: &str) -> Self {
        let program = program.to_owned();
        if let Some(library) = missing_library(log) {
            return Self::MissingLibrary { program, library };
        }
        if let Some(version) = newer_glibc(log) {
            return Self::NewerGlibc { program, version };
        }
        Self::ExitedDuringInit { program, status }
    }
}

impl fmt::Display for BootOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { body } => {
                let excerpt = String::from_utf8_lossy(body.get(..EXCERPT).unwrap_or(body));
                let more = if body.len() > EXCERPT { "…" } else { "" };
                write!(f, "answered with {} bytes: {excerpt}{more}", body.len())
            }
            Self::FunctionError { error_type, message } => write!(f, "reported the error {error_type}: {message}"),
            Self::Ready => f.write_str("every program asked for an event"),
            Self::ExtensionsReady => f.write_str("the extensions registered and took their events"),
            Self::NotStarted { program, cause } => write!(f, "{program} cannot be started: {cause}"),
            Self::MissingLibrary { program, library } => write!(f, "{program} misses the library {library}"),
            Self::NewerGlibc { program, version } => write!(f, "{program} needs {version}, newer than this machine's"),
            Self::ExitedDuringInit { program, status } => {
                write!(f, "{program} ended before it asked for an event ({status})")
            }
            Self::InitError { program, error_type, message } => {
                write!(f, "{program} reported that it cannot start: {error_type}: {message}")
            }
            Self::NeverAsked { program, limit } => {
                write!(f, "{program} did not ask for an event in {}", seconds(*limit))
            }
            Self::ExitedDuringInvoke { program, status } => {
                write!(f, "{program} ended while it had the event ({status})")
            }
            Self::NoAnswer { program, limit } => write!(f, "{program} did not answer the event in {}", seconds(*limit)),
        }
    }
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

/// As glibc and musl say it.
fn missing_library(log: &str) -> Option<String> {
    let of_glibc = between(log, "error while loading shared libraries: ", ": cannot open shared object file");
    of_glibc.or_else(|| between(log, "Error loading shared library ", ": No such file"))
}

/// As glibc says it: ``version `GLIBC_2.99' not found``.
fn newer_glibc(log: &str) -> Option<String> {
    between(log, "version `GLIBC_", "' not found").map(|version| format!("GLIBC_{version}"))
}

/// What one line has between two texts.
fn between(log: &str, before: &str, after: &str) -> Option<String> {
    log.lines().find_map(|line| {
        let (_, rest) = line.split_once(before)?;
        let (found, _) = rest.split_once(after)?;
        Some(found.to_owned())
    })
}
