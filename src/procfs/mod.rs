//! What Linux says about a process, as values: its mappings with what of them is in memory, its counters.
//!
//! Reads text and words that somebody else took from `/proc`; touches no file. What a newer kernel adds is skipped, and what
//! cannot be read counts as not there: a process may end while it is looked at.
//! Sources: proc(5) and `Documentation/admin-guide/mm/pagemap.rst` of Linux 6.18, read 2026-11-24.

mod mapping;
mod pages;
mod process;
mod start;
mod stat;

pub use mapping::{Mapping, parse_smaps};
pub use pages::{FilePages, PAGE_WORD, PageWord, page_words};
pub use process::{MappedFile, Process};
pub use start::{Answered, Start};
pub use stat::Stat;
