//! How programs are started, and what became of their isolation.

use std::path::PathBuf;

use super::emulator::Emulator;

/// How programs are started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaunchOptions {
    /// A program that hands its arguments to [`run_as_starter`](crate::host::run_as_starter) before anything else: it becomes the program
    /// that is to be started. `lambda-slim` itself is one. Without it, programs are started directly: not isolated, and not traced.
    pub starter: Option<PathBuf>,
    /// Which network programs see.
    pub network: Network,
    /// Runs programs for another processor than this machine's. Without it, they are refused.
    pub emulator: Option<Emulator>,
}

/// Which network programs see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// One of their own, with loopback and nothing else, where the system allows.
    #[default]
    Isolated,
    /// The one of whoever starts them.
    Host,
}

/// Whether programs had a network of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolated {
    /// They had.
    Yes,
    /// They had this machine's; why, in words.
    No(String),
}

impl Isolated {
    /// True where they had.
    #[must_use]
    pub const fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }
}
