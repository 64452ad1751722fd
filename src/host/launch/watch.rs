//! Who ends what was started, whatever becomes of this process.
//!
//! A shell waits for the end of a pipe whose other end only this process holds. When it closes, on purpose, at Ctrl-C or because this
//! process was killed, the shell kills the process groups that it was told of, then every process that
//! has the private folder in its environment (one that left its group), and removes the folder. No signal handler, no
//! code between fork and exec. What changes its group and also its environment gets away.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::environment::TASK_ROOT;
use super::program::own_group;

/// `$1` is the variable that marks a process, `$2` the folder. A process that forks while it is looked for is found in the next round.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=
while read -r group; do groups="$groups $group"; done
for round in 1 2 3 4 5 6 7 8; do
    for group in $groups; do kill -s KILL -- "-$group"; done
    found=$(grep -lsF -- "$1=$2" /proc/[0-9]*/environ)
    [ -n "$found" ] || break
    for file in $found; do pid=${file#/proc/}; kill -s KILL "${pid%/environ}"; done
done
rm -rf -- "$2"
"#;

/// How long the shell may take. It has a few processes to kill and a folder to remove.
const PATIENCE: Duration = Duration::from_secs(20);

/// The shell. It ends what it watches when this is dropped, and that is done then.
#[derive(Debug)]
pub(super) struct Watch {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watch {
    /// Watches the folder `root`.
    pub(super) fn start(root: &Path) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "lambda-slim-watch", TASK_ROOT]).arg(root);
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C goes to the terminal's group, and must not end the one that cleans up.
        own_group(&mut command);
        let mut shell = command.spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Ends this process group too. Its leader is a child of this process.
    pub(super) fn add_group(&mut self, leader: u32) -> io::Result<()> {
        match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{leader}"),
            None => Ok(()),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pipe = None;
        let until = Instant::now() + PATIENCE;
        while matches!(self.shell.try_wait(), Ok(None)) {
            if Instant::now() >= until {
                let _ = self.shell.kill();
                let _ = self.shell.wait();
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}
