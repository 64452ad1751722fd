//! The verdict as remarks with a place: what a code review or a scanner's list shows beside a line.

use super::verdict::{Blame, Gate, Verdict, Violation};
use crate::cargo::dependency_line;
use crate::package::Severity;

/// How many of those who grew a remark names.
const MOST_NAMED: usize = 5;

/// The `Cargo.toml` of a package that a dependency path may begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The package's name, the first of a path in [`Blame::why`].
    pub package: String,
    /// The file's path as it is to be shown.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The manifest's path.
    pub path: String,
    /// The line from 1 that asks for the dependency to blame; `None` where it is no dependency's doing, or not known.
    pub line: Option<usize>,
}

/// One remark.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// `Error` is a violation; the others are warnings and notes of the verdict.
    pub severity: Severity,
    /// The violation's or finding's stable code.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The artifact, or what the finding is about.
    pub subject: String,
    /// Where to look; `None` where no manifest is known that could be to blame.
    pub place: Option<Place>,
    /// The limit that was not kept.
    pub gate: Option<Gate>,
    /// Who grew, most first, at most five; empty without a baseline: size alone is no guilt.
    pub grown: Vec<Blame>,
    /// What the project says to who fails.
    pub advice: Option<String>,
}

/// The verdict's violations and warnings, then its notes, each with the place in one of `manifests` where there is one.
///
/// A violation's place is the line by which the root package asks for the crate that grew most, directly or through others. Where the
/// root package's own code grew most, it is the manifest without a line.
#[must_use]
pub fn annotations(verdict: &Verdict, manifests: &[Manifest]) -> Vec<Annotation> {
    let severe = verdict.violations.iter().map(|violation| (Severity::Error, violation));
    let remarks = severe.chain(verdict.warnings.iter().map(|warning| (Severity::Warning, warning)));
    let remarks = remarks.map(|(severity, violation)| Annotation {
        severity,
        code: violation.code.clone(),
        message: violation.message.clone(),
        subject: violation.subject.clone(),
        place: place(violation, manifests),
        gate: violation.gate.clone(),
        grown: violation.blamed.iter().filter(|blame| blame.grown_bytes.is_some()).take(MOST_NAMED).cloned().collect(),
        advice: verdict.message.clone().filter(|_| severity == Severity::Error),
    });
    let notes = verdict.notes.iter().map(|note| Annotation {
        severity: note.severity,
        code: note.code.clone(),
        message: note.message.clone(),
        subject: note.subject.clone(),
        place: None,
        gate: None,
        grown: Vec::new(),
        advice: None,
    });
    remarks.chain(notes).collect()
}

/// std and the linker have no path and stand in no manifest: the first that has one is asked.
fn place(violation: &Violation, manifests: &[Manifest]) -> Option<Place> {
    let first = violation.blamed.iter().find(|blame| !blame.why.is_empty())?;
    let manifest = manifests.iter().find(|manifest| manifest.package == first.why[0])?;
    // Of several versions of one crate each is guilty, whether or not it grew.
    let is_guilty = first.grown_bytes.is_some() || violation.gate.is_none();
    let guilty = first.why.get(1).filter(|_| is_guilty);
    let line = guilty.and_then(|dependency| dependency_line(&manifest.text, dependency));
    Some(Place { path: manifest.path.clone(), line })
}
