//! A build to be tried: the project's own, with steps.

use serde::{Deserialize, Serialize};

use super::TuneError;
use super::step::{Change, Family, Step};
use crate::cargo::ProfileSetting;

/// The name of the project's own build.
const BASELINE: &str = "baseline";

/// Steps that are done together; without any, the project's own build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// By family.
    steps: Vec<Step>,
}

impl Experiment {
    /// The project's own release build.
    #[must_use]
    pub const fn baseline() -> Self {
        Self { steps: Vec::new() }
    }

    /// One step alone.
    #[must_use]
    pub fn single(step: Step) -> Self {
        Self { steps: vec![step] }
    }

    /// This with one step more; `None` where they contradict each other.
    #[must_use]
    pub fn with(&self, step: &Step) -> Option<Self> {
        let fits = self.steps.iter().all(|own| own.goes_with(step));
        fits.then(|| {
            let mut steps = self.steps.clone();
            steps.push(step.clone());
            steps.sort_by(|a, b| (a.family, &a.name).cmp(&(b.family, &b.name)));
            Self { steps }
        })
    }

    /// The steps that a name joins with `+`.
    ///
    /// # Errors
    /// [`TuneError`] where a step is unknown, or they contradict each other.
    pub fn named(name: &str, steps: &[Step]) -> Result<Self, TuneError> {
        if name == BASELINE {
            return Ok(Self::baseline());
        }
        name.split('+').try_fold(Self::baseline(), |experiment, part| {
            let step = steps.iter().find(|step| step.name == part.trim());
            let step = step.ok_or_else(|| TuneError::unknown(part, steps))?;
            experiment
                .with(step)
                .ok_or_else(|| TuneError::Contradiction { name: name.to_owned(), step: part.to_owned() })
        })
    }

    /// `baseline`, or its steps joined by `+`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.steps.is_empty() {
            return BASELINE.to_owned();
        }
        let names: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
        names.join("+")
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// True where it shows what somebody ships, and is no choice of its own.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.steps.iter().any(|step| step.family == Family::Reference)
    }

    /// The keys of the profile that it sets.
    #[must_use]
    pub fn profile(&self) -> Vec<ProfileSetting> {
        self.steps.iter().flat_map(Step::profile).collect()
    }

    /// Flags for rustc, for every crate.
    #[must_use]
    pub fn rustflags(&self) -> Vec<String> {
        self.changes()
            .filter_map(|change| if let Change::Rustflag(flag) = change { Some(flag.clone()) } else { None })
            .collect()
    }

    /// Flags for rustc, for the program's own crate.
    #[must_use]
    pub fn link_flags(&self) -> Vec<String> {
        self.changes()
            .filter_map(|change| if let Change::LinkFlag(flag) = change { Some(flag.clone()) } else { None })
            .collect()
    }

    /// True where the linker orders functions for compression.
    #[must_use]
    pub fn orders_for_compression(&self) -> bool {
        self.changes().any(|change| *change == Change::CompressionOrder)
    }

    /// True where all packages of the workspace are built together.
    #[must_use]
    pub fn is_whole_workspace(&self) -> bool {
        self.changes().any(|change| *change == Change::WholeWorkspace)
    }

    /// What becomes different for whoever runs or debugs the program, one sentence each.
    #[must_use]
    pub fn behaviour(&self) -> Vec<String> {
        self.steps.iter().filter_map(|step| step.behaviour.clone()).collect()
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().flat_map(|step| &step.changes)
    }
}
