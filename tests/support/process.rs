//! A started program with a fixed environment, whose output is kept and which does not outlive its test.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Starts a program that was just written. While it was, another thread of this test may have forked, and its child holds the file open
/// for a moment.
pub(crate) fn unless_busy<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match start() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && Instant::now() < until => {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// A running bootstrap or extension. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    output: File,
}

impl Process {
    /// Starts `program` as Lambda would, with `api` as its Runtime API and nothing of this process's environment.
    pub(crate) fn start(program: &Path, api: SocketAddr) -> Result<Self, String> {
        Self::start_with(program, api, &[])
    }

    /// The same with more variables, as a function's configuration sets them.
    pub(crate) fn start_with(program: &Path, api: SocketAddr, variables: &[(&str, &str)]) -> Result<Self, String> {
        let start = || -> io::Result<Self> {
            // A file and not a pipe: a pipe that no one reads blocks the program that fills it.
            let output = tempfile::tempfile()?;
            let task_root = program.parent().filter(|parent| parent.is_dir()).unwrap_or(Path::new("/"));
            let child = Command::new(program)
                .env_clear()
                .envs(environment(api))
                .env("LAMBDA_TASK_ROOT", task_root)
                .envs(variables.iter().copied())
                .current_dir(task_root)
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output.try_clone()?)
                .spawn()?;
            Ok(Self { child, output })
        };
        unless_busy(start).map_err(|error| format!("{} did not start: {error}", program.display()))
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the program ended, if it has.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What the program has written to stdout and stderr.
    pub(crate) fn output(&mut self) -> String {
        let mut bytes = Vec::new();
        // The file's position is shared with the program, which is past writing by the time this is asked for.
        match self.output.rewind().and_then(|()| self.output.read_to_end(&mut bytes)) {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("(its output is lost: {error})"),
        }
    }

    /// Ends the program. It need not be running.
    pub(crate) fn kill(&mut self) {
        // Either may fail only because the program has ended, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The environment variables that Lambda defines for a custom runtime, with credentials that open nothing.
fn environment(api: SocketAddr) -> Vec<(&'static str, String)> {
    [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test-function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test-function"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_SESSION_TOKEN", "example"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([("AWS_LAMBDA_RUNTIME_API", api.to_string())])
    .collect()
}
