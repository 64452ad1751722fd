//! What runs in the process that becomes a program of the package, and in the one that makes its network: our own executable, in a mode that its
//! command line does not show.
//!
//! Promises: single-threaded; what fails is told to the one who started it.

mod run;

pub use run::run_as_starter;
