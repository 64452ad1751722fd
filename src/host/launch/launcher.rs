//! How the programs of one start are started: directly, or by a starter, in a network of their own.

use std::ffi::OsString;
use std::io::{self, PipeWriter};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::emulator::Emulator;
use super::followed::{Follow, Following};
#[cfg(target_os = "linux")]
use super::network::PrivateNetwork;
use super::options::{Isolated, LaunchOptions, Network};
use super::program::Program;
#[cfg(target_os = "linux")]
use super::waiting::Waiting;
use super::watch::Watch;

/// How the programs of one start are started.
#[derive(Debug)]
pub(super) struct Launcher {
    /// `None` where they are started directly.
    starter: Option<PathBuf>,
    #[cfg(target_os = "linux")]
    network: Option<PrivateNetwork>,
}

/// What a program of a start gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) root: &'a Path,
    /// What runs it, where it does not run by itself.
    pub(super) emulator: Option<&'a Emulator>,
    pub(super) environment: &'a [(&'static str, OsString)],
    pub(super) log: &'a PipeWriter,
}

impl Launcher {
    /// Makes the network, and a listener in it, on loopback.
    pub(super) fn prepare(
        options: &LaunchOptions,
        following: Option<&Following<'_>>,
    ) -> io::Result<(Self, TcpListener, Isolated)> {
        #[cfg(not(target_os = "linux"))]
        let _ = following;
        let starter = options.starter.clone().filter(|_| cfg!(target_os = "linux"));
        let why_not = match (options.network, &starter) {
            (Network::Host, _) => "this machine's network was asked for".to_owned(),
            (Network::Isolated, None) => "programs were started without a starter".to_owned(),
            #[cfg(target_os = "linux")]
            (Network::Isolated, Some(path)) => {
                match PrivateNetwork::make(path, following.and_then(|following| following.names.as_ref())) {
                    Ok((network, listener)) => {
                        return Ok((Self { starter, network: Some(network) }, listener, Isolated::Yes));
                    }
                    Err(why) => why,
                }
            }
            #[cfg(not(target_os = "linux"))]
            (Network::Isolated, Some(_)) => "only Linux has such networks".to_owned(),
        };
        let launcher = Self {
            starter,
            #[cfg(target_os = "linux")]
            network: None,
        };
        Ok((launcher, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, Isolated::No(why_not)))
    }

    /// Starts the file at `path` below the root, in a group that `watch` ends.
    pub(super) fn start(
        &self,
        path: &str,
        surroundings: Surroundings<'_>,
        watch: &mut Watch,
        follow: Option<&Follow<'_>>,
    ) -> io::Result<Program> {
        let Surroundings { root, emulator, environment, log } = surroundings;
        let program = root.join(path);
        let command = emulator.map_or_else(|| vec![program.clone().into()], |emulator| emulator.command(&program));
        let Some(starter) = &self.starter else {
            let program = Program::start(root, path, &command, environment, log)?;
            watch.add_group(program.id())?;
            return Ok(program);
        };
        #[cfg(target_os = "linux")]
        {
            let files = self.network.as_ref().map(PrivateNetwork::files).unwrap_or_default();
            let waiting = Waiting::start(starter, root, &command, environment, log, &files)?;
            watch.add_group(waiting.id())?;
            waiting.go(root, path, follow)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (starter, follow);
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
