//! Starting a package as Lambda does: unpacked to a fresh private folder, in Lambda's environment and no other, against a Runtime API
//! on loopback.
//!
//! Promises: nothing of this process's environment reaches the program; what it writes is kept within bounds; when a start is over, however it
//! ended, no process of it is left and the folder is gone, also where this process is killed (see `watch`). Refuses: files that would leave the
//! folder. A program has the files of whoever starts it; its network is one of its own where the system allows and a starter makes it.

mod boot;
#[cfg(target_os = "linux")]
mod dns;
mod emulator;
mod environment;
mod followed;
mod launcher;
mod log;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod network;
mod options;
mod outcome;
mod program;
mod sandbox;
mod unpack;
mod usage;
#[cfg(target_os = "linux")]
mod waiting;
mod watch;

pub(super) use boot::{Boot, Moment, Package, boot, boot_followed};
#[cfg(target_os = "linux")]
pub(super) use dns::Question;
pub use emulator::Emulator;
pub(super) use followed::{Course, Followed, Following};
#[cfg(target_os = "linux")]
pub(super) use names::Names;
pub use options::{Isolated, LaunchOptions, Network};
pub use outcome::BootOutcome;
pub(super) use program::Program;
pub use unpack::{LaunchFile, LaunchFileKind};
pub(super) use usage::Usage;
