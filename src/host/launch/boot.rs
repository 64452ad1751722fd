//! One start of a package: extensions, then the bootstrap, then an event.
//!
//! As Lambda does it: external extensions are started first and must register; then the runtime starts; init is over when it and every
//! extension have asked for an event. Source: AWS Lambda developer guide, "Understanding the Lambda execution environment
//! lifecycle"; read 2026-11-24.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use super::super::HostError;
use super::super::runtime_api::{Call, CallKind, Invocation};
use super::emulator::Emulator;
use super::followed::Following;
use super::options::{Isolated, LaunchOptions};
use super::outcome::BootOutcome;
use super::program::Program;
use super::sandbox::Sandbox;
use super::unpack::LaunchFile;

/// One for every start, so that functions that repeat it in their answer give the same answer.
const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
const TRACE_ID: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0";

/// How often it is looked whether a program has ended.
const TICK: Duration = Duration::from_millis(5);

/// How long what a program said before it ended may take through the API.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long extensions have for their own end, as Lambda gives them (2 s for external ones).
const SHUTDOWN: Duration = Duration::from_secs(2);

/// A package that is to be started.
#[derive(Debug, Clone, Copy)]
pub(in crate::host) struct Package<'a> {
    pub(in crate::host) files: &'a [LaunchFile<'a>],
    /// The bootstrap's path; `None` for a layer.
    pub(in crate::host) bootstrap: Option<&'a str>,
    /// Paths of external extensions.
    pub(in crate::host) extensions: &'a [&'a str],
    /// Paths of those of them that the emulator runs.
    pub(in crate::host) emulated: &'a [&'a str],
    pub(in crate::host) emulator: Option<&'a Emulator>,
}

impl Package<'_> {
    /// The path of the external extension that registered as `extension`; of an internal one the name that it gave.
    fn path_of(&self, extension: &str) -> String {
        let external = self.extensions.iter().find(|path| name(path) == extension);
        external.map_or(extension, |path| path).to_owned()
    }
}

/// A moment of a start that somebody may want to look at. The start waits until the look is over.
#[derive(Debug)]
pub(in crate::host) enum Moment<'a> {
    /// The package's files are in their folder, and nothing is started.
    Unpacked {
        /// The folder.
        root: &'a Path,
    },
    /// Every program has asked for an event, and waits for one.
    Ready {
        /// The first byte of the last one's first request for an event: the end of init.
        at: Instant,
        /// What was started, in order: extensions, then the bootstrap.
        programs: &'a [Program],
        /// The folder of the package's files.
        root: &'a Path,
    },
    /// The event was handled.
    Answered {
        /// The first byte of the answer.
        at: Instant,
        /// When the event was there to be taken.
        since: Instant,
        /// As in [`Moment::Ready`].
        programs: &'a [Program],
        /// As in [`Moment::Ready`].
        root: &'a Path,
    },
}

/// A start that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::host) struct Boot {
    pub(in crate::host) outcome: BootOutcome,
    /// The end of what the programs wrote.
    pub(in crate::host) log: String,
    /// Whether the programs had a network of their own.
    pub(in crate::host) isolated: Isolated,
}

/// Starts a package, hands it `event` if there is one, and ends it.
pub(in crate::host) fn boot(
    package: Package<'_>,
    event: Option<&[u8]>,
    init_limit: Duration,
    answer_limit: Duration,
    launch: &LaunchOptions,
    look: &mut dyn FnMut(Moment<'_>),
) -> Result<Boot, HostError> {
    boot_followed(package, event, init_limit, answer_limit, launch, None, look)
}

/// [`boot`], where each program is followed.
pub(in crate::host) fn boot_followed(
    package: Package<'_>,
    event: Option<&[u8]>,
    init_limit: Duration,
    answer_limit: Duration,
    launch: &LaunchOptions,
    following: Option<&Following<'_>>,
    look: &mut dyn FnMut(Moment<'_>),
) -> Result<Boot, HostError> {
    let sandbox = Sandbox::prepare(package.files, launch, following)?;
    look(Moment::Unpacked { root: sandbox.root() });
    let mut course = Course {
        sandbox,
        extensions: BTreeMap::new(),
        runtime: Runtime::default(),
        package,
        following,
        invoked: false,
        latest: Instant::now(),
        answered_at: None,
    };
    let outcome = match course.init(init_limit).and_then(|()| course.go_on(event, answer_limit, look)) {
        Ok(outcome) => {
            course.shut_down();
            outcome
        }
        Err(Ended::Outcome(outcome)) => outcome,
        Err(Ended::Exit { program, status, during_invoke }) => {
            let isolated = course.sandbox.isolated.clone();
            let log = course.sandbox.end();
            let outcome = if during_invoke {
                BootOutcome::ExitedDuringInvoke { program, status }
            } else {
                BootOutcome::of_exit(&program, status, &log)
            };
            return Ok(Boot { outcome, log, isolated });
        }
    };
    let isolated = course.sandbox.isolated.clone();
    Ok(Boot { outcome, log: course.sandbox.end(), isolated })
}

/// Why a start went no further.
enum Ended {
    Outcome(BootOutcome),
    /// What it comes from is in the log, which is whole only once everything has ended.
    Exit {
        program: String,
        status: String,
        during_invoke: bool,
    },
}

/// What an extension has done.
#[derive(Debug, Default)]
struct Extension {
    /// Whether it hears of invocations.
    invoke: bool,
    shutdown: bool,
    /// How often it asked for an event.
    asked: usize,
}

/// What the runtime has done.
#[derive(Debug, Default)]
struct Runtime {
    asked: bool,
    answer: Option<BootOutcome>,
}

/// A start on its way.
struct Course<'a> {
    sandbox: Sandbox,
    /// By the name that they registered with, internal ones too.
    extensions: BTreeMap<String, Extension>,
    runtime: Runtime,
    package: Package<'a>,
    following: Option<&'a Following<'a>>,
    /// True from the moment that the event is there.
    invoked: bool,
    /// When the first byte of the latest call was here.
    latest: Instant,
    answered_at: Option<Instant>,
}

impl Course<'_> {
    fn init(&mut self, limit: Duration) -> Result<(), Ended> {
        let package = self.package;
        let until = Instant::now() + limit;
        for &path in package.extensions {
            self.start(path)?;
        }
        let names: BTreeSet<&str> = package.extensions.iter().map(|path| name(path)).collect();
        let never_asked = |late: Option<&str>| {
            let program =
                late.map_or_else(|| package.bootstrap.unwrap_or_default().to_owned(), |late| package.path_of(late));
            Ended::Outcome(BootOutcome::NeverAsked { program, limit })
        };
        let unregistered = |course: &Self| names.iter().find(|name| !course.extensions.contains_key(**name)).copied();
        self.run(until, |course| unregistered(course).is_none())?.or_late(|| never_asked(unregistered(self)))?;
        if let Some(path) = package.bootstrap {
            self.start(path)?;
        }
        let silent = |course: &Self| {
            course.extensions.iter().find(|(_, extension)| extension.asked == 0).map(|(name, _)| name.clone())
        };
        let ready =
            |course: &Self| (course.runtime.asked || course.package.bootstrap.is_none()) && silent(course).is_none();
        self.run(until, ready)?.or_late(|| {
            never_asked(
                if self.runtime.asked || self.package.bootstrap.is_none() { silent(self) } else { None }.as_deref(),
            )
        })
    }

    fn go_on(
        &mut self,
        event: Option<&[u8]>,
        limit: Duration,
        look: &mut dyn FnMut(Moment<'_>),
    ) -> Result<BootOutcome, Ended> {
        look(Moment::Ready { at: self.latest, programs: &self.sandbox.programs, root: self.sandbox.root() });
        let Some(event) = event else { return Ok(BootOutcome::Ready) };
        let since = Instant::now();
        let outcome = self.invoke(event, limit)?;
        let at = self.answered_at.unwrap_or(self.latest);
        look(Moment::Answered { at, since, programs: &self.sandbox.programs, root: self.sandbox.root() });
        Ok(outcome)
    }

    fn invoke(&mut self, event: &[u8], limit: Duration) -> Result<BootOutcome, Ended> {
        let until = Instant::now() + limit;
        let deadline = SystemTime::now() + limit;
        let invocation = Invocation { request_id: REQUEST_ID, trace_id: TRACE_ID, deadline, event: event.to_vec() };
        self.sandbox.api.invoke(invocation);
        self.invoked = true;
        // An extension that asks again has taken its event.
        let busy = |course: &Self| {
            let busy = course.extensions.iter().find(|(_, extension)| extension.invoke && extension.asked < 2);
            busy.map(|(name, _)| name.clone())
        };
        let answered = |course: &Self| course.runtime.answer.is_some() || course.package.bootstrap.is_none();
        self.run(until, |course| answered(course) && busy(course).is_none())?.or_late(|| {
            let late = self.package.bootstrap.filter(|_| !answered(self)).map(str::to_owned);
            let late = late.or_else(|| busy(self).map(|name| self.package.path_of(&name)));
            let program = late.unwrap_or_default();
            Ended::Outcome(BootOutcome::NoAnswer { program, limit })
        })?;
        Ok(self.runtime.answer.take().unwrap_or(BootOutcome::ExtensionsReady))
    }

    /// Lets extensions end by themselves. What they make of it is not judged.
    fn shut_down(&mut self) {
        let before: BTreeMap<String, usize> = self
            .extensions
            .iter()
            .filter(|(_, extension)| extension.shutdown)
            .map(|(name, extension)| (name.clone(), extension.asked))
            .collect();
        if before.is_empty() {
            return;
        }
        self.sandbox.api.shut_down(SystemTime::now() + SHUTDOWN);
        // One that asks again has taken the event; one that ends has too.
        let done = |course: &Self| {
            let asked = |name: &String| course.extensions.get(name).map_or(0, |extension| extension.asked);
            before.iter().all(|(name, &asked_before)| asked(name) > asked_before)
        };
        let _ = self.run(Instant::now() + SHUTDOWN, done);
    }

    fn start(&mut self, path: &str) -> Result<(), Ended> {
        let emulator = self.package.emulator.filter(|_| self.package.emulated.contains(&path));
        self.sandbox.start(path, emulator, self.following.map(|following| following.follow)).map_err(|cause| {
            let file = self.sandbox.root().join(path);
            let cause = match cause.kind() {
                // The file is there: it is what would run it that is not.
                io::ErrorKind::NotFound if file.exists() => {
                    "the dynamic linker or interpreter that it names is not on this machine".to_owned()
                }
                _ => cause.to_string(),
            };
            Ended::Outcome(BootOutcome::NotStarted { program: path.to_owned(), cause })
        })
    }

    /// Listens until `done`. An error or an exit ends the start; late is for the caller to explain.
    fn run(&mut self, until: Instant, done: impl Fn(&Self) -> bool) -> Result<InTime, Ended> {
        loop {
            if done(self) {
                return Ok(InTime::Yes);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(InTime::No);
            }
            match self.sandbox.calls.recv_timeout(left.min(TICK)) {
                Ok(call) => self.take(call)?,
                Err(RecvTimeoutError::Timeout) => self.look_for_exits(&done)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(InTime::No),
            }
        }
    }

    /// A program that has ended may have said why just before.
    fn look_for_exits(&mut self, done: &impl Fn(&Self) -> bool) -> Result<(), Ended> {
        let during_invoke = self.invoked;
        let Some((program, status)) = self.sandbox.programs.iter_mut().find_map(|program| {
            let status = program.exit_status()?;
            Some((program.path.clone(), status.to_string()))
        }) else {
            return Ok(());
        };
        let until = Instant::now() + LAST_WORDS;
        while let Ok(call) = self.sandbox.calls.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.take(call)?;
            if done(self) {
                return Ok(());
            }
        }
        Err(Ended::Exit { program, status, during_invoke })
    }

    fn take(&mut self, call: Call) -> Result<(), Ended> {
        self.latest = call.at;
        if matches!(call.kind, CallKind::Response { .. } | CallKind::InvocationError(_)) {
            self.answered_at.get_or_insert(call.at);
        }
        match call.kind {
            CallKind::Next => self.runtime.asked = true,
            CallKind::Response { body } => self.runtime.answer = Some(BootOutcome::Answered { body }),
            CallKind::InvocationError(error) => {
                let (error_type, message) = (error.error_type, error.message);
                self.runtime.answer = Some(BootOutcome::FunctionError { error_type, message });
            }
            CallKind::InitError(error) => {
                let program = self.package.bootstrap.unwrap_or_default().to_owned();
                let (error_type, message) = (error.error_type, error.message);
                return Err(Ended::Outcome(BootOutcome::InitError { program, error_type, message }));
            }
            CallKind::Registered { extension, invoke, shutdown } => {
                self.extensions.insert(extension, Extension { invoke, shutdown, asked: 0 });
            }
            CallKind::ExtensionNext { extension } => self.extensions.entry(extension).or_default().asked += 1,
            CallKind::ExtensionError { extension, error } => {
                let program = self.package.path_of(&extension);
                let (error_type, message) = (error.error_type, error.message);
                return Err(Ended::Outcome(if self.invoked {
                    BootOutcome::ExitedDuringInvoke { program, status: format!("{error_type}: {message}") }
                } else {
                    BootOutcome::InitError { program, error_type, message }
                }));
            }
        }
        Ok(())
    }
}

/// Whether what was waited for came before its time was over.
enum InTime {
    Yes,
    No,
}

impl InTime {
    fn or_late(self, late: impl FnOnce() -> Ended) -> Result<(), Ended> {
        match self {
            Self::Yes => Ok(()),
            Self::No => Err(late()),
        }
    }
}

/// An external extension registers with its file name.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
