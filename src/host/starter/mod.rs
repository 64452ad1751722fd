//! What runs in the process that becomes a program of the package, and in the one that makes its network: our own executable, in a mode that
//! its command line does not show.
//!
//! Between the start of a process and its program lie a few steps that std has no name for: joining a network, waiting until somebody watches.
//! A process of our own takes them, single-threaded, as safe code; the usual place, between fork and exec, allows neither.
//!
//! Promises: what the program gets (environment, folder, stdin, signals) is what it would get if it were started directly; what fails is told to
//! the one who started it; a starter whose other side is gone ends. Refuses: nothing, since only our own programs ask.

mod arguments;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod loopback;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod program;
mod run;

#[cfg(target_os = "linux")]
pub(super) use arguments::{NETWORK, PROGRAM, WORD};
#[cfg(target_os = "linux")]
pub(super) use files::{receive_with_files, send_with_files};
#[cfg(target_os = "linux")]
pub(super) use message::{FAILED, GO, LISTENER, NAMES, NETWORK_FILE, READY, USERS};
pub use run::run_as_starter;
