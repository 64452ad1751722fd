//! The rewriter: the same program in fewer bytes, proven before anything is written.
//!
//! Promises: no loaded byte changes; never larger; slimming twice is slimming once; the same input gives the same bytes on any
//! host. Refuses: to hand out a result that its proof does not hold for.

mod drop_sections;
mod junk;
mod options;
mod outcome;
mod pipeline;
mod recompress;
mod rewrite;
mod verify;

pub use options::Options;
pub use outcome::{Level, Outcome, PackageSizes, RewriteRow, RewriteStatus};
pub use pipeline::{SlimError, Slimmed, slim};
pub use recompress::SlimmedFile;
pub use rewrite::{Rewrite, UnknownRewrite};
pub use verify::{PROOF, VerifyError, same_program};
