//! Build experiments: what a function's program becomes when it is built otherwise, measured instead of advised.
//!
//! A [`Step`] changes one thing about the build; an [`Experiment`] is one step or several that do not contradict each other. [`next`] says which one to
//! build, given what was found of those before: all single steps, then combinations from the best single step on (greedy), so that a budget that runs
//! out leaves the most useful part done. It keeps no state: what was measured is the state, and a run that was stopped goes on where it was.
//! [`choose`] picks among what was measured, by stated rules.
//!
//! [`FeatureTrial`]s and [`HeavyChoice`]s change what is linked instead of how. What is built and compared is measured; what is only counted from the bytes
//! that a crate retains is an estimate, and says so.
//!
//! Runs nothing and opens nothing. Numbers come in as [`Measured`]; crates and their bytes as [`CrateBytes`].

mod catalogue;
mod choice;
mod crate_bytes;
mod dependencies;
mod error;
mod experiment;
mod heavy;
mod hot;
mod search;
mod step;

pub use catalogue::{Availability, Circumstances, Linker, steps};
pub use choice::{Choice, Measured, choose};
pub use crate_bytes::CrateBytes;
pub use dependencies::{FeatureTrial, feature_trials};
pub use error::TuneError;
pub use experiment::Experiment;
pub use heavy::{HeavyChoice, HeavyPart, heavy_choices};
pub use hot::hot_crates;
pub use search::{Known, next};
pub use step::{Change, Family, Step};
