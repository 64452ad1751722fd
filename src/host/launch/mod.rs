//! Starting a package as Lambda does: unpacked to a fresh private folder, in Lambda's environment and no other, against a Runtime API
//! on loopback.
//!
//! Promises: nothing of this process's environment reaches the program; what it writes is kept within bounds; when a start is over, however it
//! ended, no process of it is left and the folder is gone, also where this process is killed (see `watch`). Refuses: files that would leave the
//! folder. The program is not isolated: it has the network and the files of whoever starts it.

mod boot;
mod environment;
mod log;
mod options;
mod outcome;
mod program;
mod sandbox;
mod unpack;
mod watch;

pub(super) use boot::{Boot, Moment, Package, boot};
pub use options::{Isolated, LaunchOptions, Network};
pub use outcome::BootOutcome;
pub(super) use program::{Program, Usage};
pub use unpack::{LaunchFile, LaunchFileKind};
