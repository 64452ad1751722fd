//! From looks at started programs to one measurement.
//!
//! Takes what was found in `/proc` at the end of each start, and gives medians with their spread. Memory in use and page faults come
//! first, because they repeat on any machine; times are told, and no more. Promises: the bytes of the files sum to `touched_file_bytes`,
//! the kinds of anonymous memory to `anonymous_bytes`. Refuses to measure nothing: without a start there is no measurement.

mod anonymous;
mod measurement;
mod spread;
mod totals;

pub use anonymous::AnonymousKind;
pub use measurement::{AnonymousRow, ColdCache, FirstEvent, Measurement, Spreads, SystemFile, TouchedFile, Wait};
pub use spread::Spread;
pub use totals::{Summary, summarize};
