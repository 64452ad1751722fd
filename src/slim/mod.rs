//! The rewriter: the same program in fewer bytes, proven before anything is written.

mod outcome;

pub use outcome::{Level, Outcome, PackageSizes, RewriteRow, RewriteStatus};
