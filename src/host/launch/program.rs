//! A started program of the package, in a process group of its own.

use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program that was just written may count as open for writing: a process that was forked meanwhile can hold it for a moment.
const BUSY: Duration = Duration::from_secs(2);

/// What a process has used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::host) struct Usage {
    /// Page faults that needed no disk.
    pub(in crate::host) minor_faults: u64,
    /// Page faults that waited for the disk.
    pub(in crate::host) major_faults: u64,
    /// Processor time, of all threads.
    pub(in crate::host) cpu: Duration,
}

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
}

impl Program {
    /// Starts the file at `path` below `root`.
    pub(super) fn start(
        root: &Path,
        path: &str,
        environment: &[(&'static str, OsString)],
        log: &PipeWriter,
    ) -> io::Result<Self> {
        let mut command = Command::new(root.join(path));
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value))).current_dir(root);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        own_group(&mut command);
        let until = Instant::now() + BUSY;
        loop {
            let since = Instant::now();
            match command.spawn() {
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && Instant::now() < until => {
                    thread::sleep(Duration::from_millis(2));
                }
                child => return Ok(Self { path: path.to_owned(), since, before: Usage::default(), child: child? }),
            }
        }
    }

    pub(super) fn child(&self) -> &Child {
        &self.child
    }

    /// Its process id, as long as it has not been waited for.
    pub(in crate::host) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Either may fail only because the program has ended, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
pub(super) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
pub(super) fn own_group(_command: &mut Command) {}
