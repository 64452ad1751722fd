//! Reports, differences and verdicts as bytes: text for people, Markdown for pull requests, a page to walk through, JSON, CSV and
//! folded stacks for programs; verdicts also as GitHub workflow commands, SARIF and JUnit XML.
//!
//! Text and Markdown print one document, so that both say the same. Promises: every table has one unit per
//! column, says what a percentage is of, and ends in a row that its columns add up to, with all that was left out in a
//! row of its own. Nothing read from a file reaches the terminal with its control characters.
//! The only room that names `humansize`.

pub mod csv;
pub mod folded;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod svg;
pub mod text;

mod analyze;
mod backtest;
mod calibration;
mod diff;
mod document;
mod estimate;
mod generics;
mod human;
mod layout;
mod measure;
mod options;
mod slim;
mod summary;
mod table;
mod tone;
mod trend;
mod trust;
mod tune;
mod verdict;
mod why;
mod words;

pub use human::clean;
pub use options::{By, Filter, Options, View};
