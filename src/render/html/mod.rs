//! One self-contained page: a treemap to walk through, the same rows as a table, findings; of a history, its charts. It loads nothing.
//!
//! Promises: every number in the page's data is the report's; the parts of a node sum to the node in every column that they know; the
//! same report gives the same bytes; names come from hostile files, so no text reaches the page but as data or escaped; no script runs
//! but the page's own, by its hash. To stay below [`MOST_BYTES`], small functions are summed in rows that say how many they are.

mod changes;
mod encode;
mod fold;
mod modules;
mod node;
mod page;
mod prose;
mod tree;
mod trend;

pub use page::{MOST_BYTES, diff, report};
pub use trend::trend;
