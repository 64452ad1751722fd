//! The rewriter: the same program in fewer bytes, proven before anything is written.
//!
//! Each named rewrite is one file, and takes a program to another with a declaration of what differs in its loaded part.
//! Promises: level `strict` changes no loaded byte; what level `default` changes is proven to mean the same; whatever gives
//! something up is done only where it is named, and says so; never larger; slimming twice is slimming once; the same input gives
//! the same bytes on any host. On anything unknown a rewrite steps back and says why.
//! Refuses: to hand out a result that its proof does not hold for.

mod abort_on_panic;
mod came_in;
mod changes;
mod drop_backtraces;
mod drop_dead_code;
mod drop_dead_lsdas;
mod drop_section_headers;
mod drop_sections;
mod exceptions;
mod file_edit;
mod function_starts;
mod junk;
mod merge_unwind;
mod no_aslr;
mod omit_unwind_index;
mod options;
mod outcome;
mod pipeline;
mod program;
mod recompress;
mod referred;
mod relr;
mod repack_unwind;
mod rewrite;
mod rewritten;
mod round_call_sites;
mod stage;
mod unwind_tables;
mod verify;
mod zero_padding;

pub use abort_on_panic::free_aborts;
pub use changes::{Changes, Relocations, Unwinding};
pub use options::Options;
pub use outcome::{BootCheck, Level, Outcome, PackageSizes, RewriteRow, RewriteStatus};
pub use pipeline::{SlimError, Slimmed, slim, slim_in_stages};
pub use recompress::SlimmedFile;
pub use rewrite::{Rewrite, UnknownRewrite};
pub use stage::Stage;
pub use verify::{VerifyError, proof_in_words, same_program};
