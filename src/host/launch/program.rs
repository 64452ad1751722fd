//! A started program of the package, in a process group of its own.

use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::followed::Followed;
use super::usage::Usage;

/// How long a program that was just written may count as open for writing: a process that was forked meanwhile can hold it for a moment.
const BUSY: Duration = Duration::from_secs(2);

/// A started program. It is killed when dropped; its group is the watch's.
#[derive(Debug)]
pub(in crate::host) struct Program {
    /// Path in the package.
    pub(in crate::host) path: String,
    /// Just before the system was asked to start it.
    pub(in crate::host) since: Instant,
    /// What its process had used up by then: the system's counters go on from there.
    pub(in crate::host) before: Usage,
    child: Child,
    /// Where somebody follows it, he alone waits for it.
    followed: Option<Followed>,
}

impl Program {
    /// Starts the file at `path` below `root` with this command: its own path, or an emulator with it.
    pub(super) fn start(
        root: &Path,
        path: &str,
        command: &[OsString],
        environment: &[(&'static str, OsString)],
        log: &PipeWriter,
    ) -> io::Result<Self> {
        let (first, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(first);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(root);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        own_group(&mut command);
        let (since, child) = unless_busy(|| {
            let since = Instant::now();
            Ok((since, command.spawn()?))
        })?;
        Ok(Self::new(path, since, Usage::default(), child, None))
    }

    pub(super) fn new(path: &str, since: Instant, before: Usage, child: Child, followed: Option<Followed>) -> Self {
        Self { path: path.to_owned(), since, before, child, followed }
    }

    /// Its process id, as long as it has not been waited for.
    pub(in crate::host) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn exit_status(&mut self) -> Option<ExitStatus> {
        match &self.followed {
            Some(followed) => followed.exit_status(),
            None => self.child.try_wait().ok().flatten(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&mut self.child, self.followed.as_mut());
    }
}

/// Kills and waits for a child. Either may fail only because it has ended, which is what was wanted.
pub(super) fn end(child: &mut Child, followed: Option<&mut Followed>) {
    let _ = child.kill();
    if let Some(followed) = followed {
        followed.let_go();
    }
    let _ = child.wait();
}

/// Tries again for a while where a program counts as open for writing.
pub(super) fn unless_busy<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + BUSY;
    loop {
        match start() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && Instant::now() < until => {
                thread::sleep(Duration::from_millis(2));
            }
            result => return result,
        }
    }
}

#[cfg(unix)]
pub(super) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
pub(super) fn own_group(_command: &mut Command) {}
