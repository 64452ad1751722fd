//! The only room with files and processes. Adds WHERE to what other rooms say is wrong.
//!
//! Prints nothing: what cargo says while it builds goes to the caller through [`BuildEvent`].

mod alike;
mod boot_check;
mod build;
mod bytes;
mod counters;
mod error;
mod event;
mod file;
mod find;
mod include;
mod launch;
mod libraries;
mod link_map;
mod linker;
mod open;
mod options;
mod order_style;
mod ordering;
mod place;
mod process;
mod project;
mod replace;
mod rlib;
mod runtime_api;
mod seen;
mod snapshot;
mod starter;
mod text;
mod toolchain;
mod trace;
mod tree;

pub use alike::Compared;
pub use boot_check::{BootCheck, BootLimits, BootVerdict, boot_check};
pub use build::{Built, build, build_project};
pub use bytes::Bytes;
pub use error::HostError;
pub use event::{EMPTY_EVENT, read_event};
pub use find::{find_built, find_program, lambda_zip_path};
pub use include::read_included;
pub use launch::{BootOutcome, Emulator, Isolated, LaunchFile, LaunchFileKind, LaunchOptions, Network};
pub use libraries::CrateLibrary;
pub use link_map::find_link_map;
pub use open::{Artifact, ArtifactContent, FILE_LIMIT, open, open_link_map};
pub use options::{BuildOptions, CargoStderr};
pub use ordering::{LinkOrder, Ordering};
pub use place::{is_folder, is_inside, is_same_place, size_of};
pub use process::BuildEvent;
pub use project::{Project, read_members};
pub use replace::{create_parent, replace};
pub use seen::{PageCache, Seen, see_start};
pub use starter::run_as_starter;
pub use text::{looks_like_json, read_text};
pub use trace::{FunctionCall, TraceTarget, TracedStart, Wait, WaitFinding, WaitKind, Waits, trace_start, watch_waits};
pub use tree::{COUNT_LIMIT, TREE_LIMIT, TreeFile, TreeFileKind, read_tree};
