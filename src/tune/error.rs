//! What can be wrong with an experiment that is asked for.

use super::step::Step;

/// What can be wrong with an experiment that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// No step has that name here.
    #[error("no experiment is called {name:?}; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Two steps cannot be in one build.
    #[error("{name:?}: {step:?} contradicts what stands before it")]
    Contradiction {
        /// The experiment.
        name: String,
        /// The step that does not fit.
        step: String,
    },
}

impl TuneError {
    pub(super) fn unknown(name: &str, steps: &[Step]) -> Self {
        let known: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        Self::Unknown { name: name.to_owned(), known: known.join(", ") }
    }
}
