//! Other features of what the program depends on directly: which are worth a try.

use crate::cargo::{CrateGraph, FeatureChoice};
use crate::units::ByteSize;

use super::crate_bytes::CrateBytes;

/// Other features for one dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureTrial {
    /// The name by which the manifest knows it.
    pub dependency: String,
    /// The package.
    pub package: String,
    /// What it is asked for instead.
    pub choice: FeatureChoice,
    /// Features that are left out, `default` or single ones.
    pub without: Vec<String>,
    /// Whether every feature of `default` is left out: where that works, single ones need no try.
    pub is_all: bool,
}

impl FeatureTrial {
    /// A text that tells it from others.
    #[must_use]
    pub fn key(&self) -> String {
        format!("features of {}: {:?}", self.dependency, self.choice)
    }
}

/// Trials for the package at `root`, those first whose dependency keeps most bytes in the program. For each dependency with default features: without all of them, then
/// with all but one; then without each feature that is listed beside them. Only features that are on through this dependency's own line can go: others may ask for them too, and
/// then nothing is saved.
#[must_use]
pub fn feature_trials(graph: &CrateGraph, root: usize, crates: &[CrateBytes]) -> Vec<FeatureTrial> {
    let mut trials: Vec<(ByteSize, FeatureTrial)> = Vec::new();
    for edge in graph.edges(root).iter().filter(|edge| edge.ships) {
        let package = graph.package(edge.package);
        let spec = graph.label(edge.package);
        let bytes = crates.iter().find(|one| one.spec == spec);
        let retained = bytes.map(|one| one.retained.unwrap_or(one.file)).unwrap_or_default();
        // One line only: with several nobody could say which of them is meant.
        let Some(declaration) = edge.shipping().next().filter(|_| edge.shipping().count() == 1) else { continue };
        let default: &[String] = match package.feature_table.get("default") {
            Some(default) if declaration.default_features => default,
            _ => &[],
        };
        let mut add = |default_features, features: Vec<String>, without: Vec<String>, is_all| {
            let trial = FeatureTrial {
                dependency: declaration.name.clone(),
                package: package.name.clone(),
                choice: FeatureChoice { default_features, features },
                without,
                is_all,
            };
            trials.push((retained, trial));
        };
        let listed = &declaration.features;
        if !default.is_empty() {
            add(false, listed.clone(), vec!["default".to_owned()], true);
        }
        // A default that turns on a dependency of the package is named by no feature of its own.
        let named: Vec<&String> = default.iter().filter(|one| package.feature_table.contains_key(*one)).collect();
        if named.len() > 1 && named.len() == default.len() {
            for left_out in &named {
                let mut features: Vec<String> = listed.clone();
                features.extend(named.iter().filter(|one| one != &left_out).map(|one| (*one).clone()));
                features.sort();
                features.dedup();
                add(false, features, vec![(*left_out).clone()], false);
            }
        }
        for left_out in listed.iter().filter(|one| !default.contains(one)) {
            let features = listed.iter().filter(|one| *one != left_out).cloned().collect();
            add(declaration.default_features, features, vec![left_out.clone()], false);
        }
    }
    // Stable: the trials of one dependency stay in order.
    trials.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.dependency.cmp(&b.1.dependency)));
    trials.into_iter().map(|(_, trial)| trial).collect()
}
