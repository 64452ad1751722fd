//! One start's folder, API and programs, and their end.

use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tempfile::TempDir;

use super::super::HostError;
use super::super::runtime_api::{Call, RuntimeApi};
use super::emulator::Emulator;
use super::environment::{IDENTITY, environment};
use super::followed::{Follow, Following};
use super::launcher::{Launcher, Surroundings};
use super::log::Log;
use super::options::{Isolated, LaunchOptions};
use super::program::Program;
use super::unpack::{LaunchFile, unpack};
use super::watch::Watch;

/// How long the log's end is waited for once every process is gone.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

/// What one start needs. When it is dropped, nothing of it is left.
#[derive(Debug)]
pub(super) struct Sandbox {
    // Dropped from top to bottom. The groups are killed while their leaders still hold the groups' numbers, then leaders
    // are waited for.
    watch: Watch,
    pub(super) programs: Vec<Program>,
    pub(super) api: RuntimeApi,
    /// What programs tell the API.
    pub(super) calls: Receiver<Call>,
    launcher: Launcher,
    pub(super) isolated: Isolated,
    environment: Vec<(&'static str, OsString)>,
    writer: PipeWriter,
    log: Log,
    root: TempDir,
}

impl Sandbox {
    /// Unpacks `files`, and starts the API.
    pub(super) fn prepare(
        files: &[LaunchFile<'_>],
        launch: &LaunchOptions,
        following: Option<&Following<'_>>,
    ) -> Result<Self, HostError> {
        let temporary = std::env::temp_dir();
        let unwritable = |cause| HostError::Unwritable { path: temporary.clone(), cause };
        let root = private_folder(&temporary).map_err(unwritable)?;
        let not_started = |program: &str| {
            let program = program.into();
            move |cause| HostError::NotStarted { program, cause }
        };
        let watch = Watch::start(root.path()).map_err(not_started("/bin/sh"))?;
        unpack(files, root.path())?;
        let no_api = |cause| HostError::NoRuntimeApi { cause };
        let (launcher, listener, isolated) = Launcher::prepare(launch, following).map_err(no_api)?;
        let (api, calls) = RuntimeApi::start(IDENTITY, listener).map_err(no_api)?;
        let (log, writer) = Log::open().map_err(no_api)?;
        let environment = environment(root.path(), api.address());
        Ok(Self { watch, programs: Vec::new(), api, calls, launcher, isolated, environment, writer, log, root })
    }

    /// Where the package is unpacked.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Starts a program of the package, in the `emulator` if there is one. From before its first instruction, it is `follow`ed.
    pub(super) fn start(
        &mut self,
        path: &str,
        emulator: Option<&Emulator>,
        follow: Option<&Follow<'_>>,
    ) -> io::Result<()> {
        let surroundings =
            Surroundings { root: self.root.path(), emulator, environment: &self.environment, log: &self.writer };
        let program = self.launcher.start(path, surroundings, &mut self.watch, follow)?;
        self.programs.push(program);
        Ok(())
    }

    /// Ends everything, and gives what was written.
    pub(super) fn end(self) -> String {
        let Self { watch, programs, api, calls: _, launcher: _, isolated: _, environment: _, writer, log, root } = self;
        drop((watch, programs, api, writer));
        let text = log.text(LOG_PATIENCE);
        drop(root);
        text
    }
}

/// A folder that only this user can enter.
fn private_folder(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("lambda-slim-boot-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    // Canonical, because programs see it, and the watch compares it with what they saw.
    builder.tempdir_in(parent.canonicalize()?)
}
