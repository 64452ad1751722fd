//! Which features an edge turns on, and which features turned an edge on.
//!
//! Features are those of cargo's whole selection, so one can be on for the sake of a program that is not looked at: the answers
//! name everyone who asks. Where the metadata has no feature tables (a trimmed file), less is known and nothing is guessed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{CrateGraph, Declaration, DependencyEdge, Package};

/// A feature that a package turns on in another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestedFeature {
    /// The feature of the dependency.
    pub name: String,
    /// The feature of the dependent that lists it (`x/name`); `None` where the dependency's own declaration asks.
    pub through: Option<String>,
}

/// Who turned a feature of a package on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureRequest {
    /// A dependent lists it in its declaration.
    Listed {
        /// The dependent.
        by: usize,
    },
    /// It is `default`, and a dependent did not say `default-features = false`.
    Default {
        /// The dependent.
        by: usize,
    },
    /// A feature of a dependent lists it (`x/name`).
    Feature {
        /// The dependent.
        by: usize,
        /// Its feature.
        feature: String,
    },
    /// The command line or cargo's default, for a member of the workspace.
    Selected,
}

/// Why a feature, or an optional dependency, is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activation {
    /// Features of one package, each listing the next: from the one that is asked for to the one that has the effect.
    pub features: Vec<String>,
    /// Who asks for the first of them. Sorted.
    pub asked_by: Vec<FeatureRequest>,
}

impl FeatureRequest {
    /// The package that asks.
    #[must_use]
    pub const fn by(&self) -> Option<usize> {
        match self {
            Self::Listed { by } | Self::Default { by } | Self::Feature { by, .. } => Some(*by),
            Self::Selected => None,
        }
    }
}

/// One value in a feature's list, as cargo's manual has it.
enum Listed<'a> {
    /// `other`
    Feature(&'a str),
    /// `dep:x`
    Dependency(&'a str),
    /// `x/feature`, and with `?` only if `x` is on anyway.
    OfDependency { name: &'a str, feature: &'a str, weak: bool },
}

impl<'a> Listed<'a> {
    fn parse(value: &'a str) -> Self {
        if let Some((name, feature)) = value.split_once('/') {
            let weak = name.ends_with('?');
            return Self::OfDependency { name: name.trim_end_matches('?'), feature, weak };
        }
        value.strip_prefix("dep:").map_or(Self::Feature(value), Self::Dependency)
    }
}

impl Package {
    /// What the features that are on list, each value with its feature.
    fn listed(&self) -> impl Iterator<Item = (&str, Listed<'_>)> {
        let on = self.features.iter().filter_map(|feature| self.feature_table.get_key_value(feature));
        on.flat_map(|(feature, values)| values.iter().map(|value| (feature.as_str(), Listed::parse(value))))
    }

    fn has_feature(&self, feature: &str) -> bool {
        self.feature_table.contains_key(feature) || self.features.iter().any(|on| on == feature)
    }

    /// Features that are on and name an optional dependency, so that it is on. Ascending.
    fn activators(&self, dependency: &str) -> BTreeSet<&str> {
        let named = self.listed().filter(|(_, value)| match value {
            Listed::Dependency(name) => *name == dependency,
            Listed::OfDependency { name, weak, .. } => *name == dependency && !weak,
            Listed::Feature(_) => false,
        });
        let mut activators: BTreeSet<&str> = named.map(|(feature, _)| feature).collect();
        // An optional dependency that no feature names is a feature itself; older metadata does not list it.
        if !self.feature_table.contains_key(dependency) {
            activators.extend(self.features.iter().find(|on| *on == dependency).map(String::as_str));
        }
        activators
    }

    /// Whether the dependency is built: a feature that is on turns it on, or the metadata does not tell.
    #[must_use]
    pub fn is_on(&self, declaration: &Declaration) -> bool {
        !declaration.optional || self.feature_table.is_empty() || !self.activators(&declaration.name).is_empty()
    }
}

impl CrateGraph {
    /// The features that `dependent` turns on in `dependency`, which it links: those that it lists in the order in which it lists
    /// them, then those that its features list, by name. `default` is among them where it exists and is not refused.
    #[must_use]
    pub fn requested_features(&self, dependent: usize, dependency: usize) -> Vec<RequestedFeature> {
        let Some(edge) = self.edge(dependent, dependency) else { return Vec::new() };
        let requested = self.requests(dependent, edge, edge.shipping()).into_iter();
        let mut seen = BTreeSet::new();
        requested
            .filter(|(feature, _)| seen.insert(*feature))
            .map(|(feature, request)| RequestedFeature {
                name: feature.to_owned(),
                through: match request {
                    FeatureRequest::Feature { feature, .. } => Some(feature),
                    _ => None,
                },
            })
            .collect()
    }

    /// Why `dependency` is on in `dependent`, where it is optional there: one activation for each feature of the dependent that
    /// someone asks for. Empty where it is not optional, or the metadata does not tell.
    #[must_use]
    pub fn activations(&self, dependent: usize, dependency: usize) -> Vec<Activation> {
        let Some(edge) = self.edge(dependent, dependency) else { return Vec::new() };
        if edge.shipping().any(|declaration| !declaration.optional) {
            return Vec::new();
        }
        let package = &self.packages[dependent];
        self.leading_to(dependent, edge.shipping().flat_map(|declaration| package.activators(&declaration.name)))
    }

    /// Why a feature of a package is on.
    #[must_use]
    pub fn feature_activations(&self, package: usize, feature: &str) -> Vec<Activation> {
        let on = self.packages[package].features.iter().find(|on| *on == feature);
        self.leading_to(package, on.map(String::as_str))
    }

    /// Every feature of the package that is asked for and that leads to one of `goals`, by the shortest chain.
    fn leading_to<'a>(&'a self, index: usize, goals: impl IntoIterator<Item = &'a str>) -> Vec<Activation> {
        let package = &self.packages[index];
        let mut listed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (feature, value) in package.listed() {
            if let Listed::Feature(other) = value {
                listed_by.entry(other).or_default().push(feature);
            }
        }
        // `next` leads from a feature to the goal; a goal leads nowhere.
        let mut next: BTreeMap<&str, Option<&str>> = goals.into_iter().map(|goal| (goal, None)).collect();
        let mut open: VecDeque<&str> = next.keys().copied().collect();
        while let Some(feature) = open.pop_front() {
            for &lister in listed_by.get(feature).into_iter().flatten() {
                next.entry(lister).or_insert_with(|| {
                    open.push_back(lister);
                    Some(feature)
                });
            }
        }
        let requests = self.requests_for(index);
        let mut activations: Vec<Activation> = next
            .keys()
            .filter_map(|&start| {
                let mut asked_by = requests.get(start).cloned().unwrap_or_default();
                let implied = listed_by.contains_key(start);
                if package.workspace_member && (start == "default" || (!implied && asked_by.is_empty())) {
                    asked_by.insert(FeatureRequest::Selected);
                }
                let chain = std::iter::successors(Some(start), |&feature| next.get(feature).copied().flatten());
                let features = || chain.map(str::to_owned).collect();
                (!asked_by.is_empty())
                    .then(|| Activation { features: features(), asked_by: asked_by.into_iter().collect() })
            })
            .collect();
        activations.sort_by(|a, b| (a.features.len(), a).cmp(&(b.features.len(), b)));
        activations
    }

    /// Who asks for which feature of a package.
    fn requests_for(&self, package: usize) -> BTreeMap<&str, BTreeSet<FeatureRequest>> {
        let mut requests: BTreeMap<&str, BTreeSet<FeatureRequest>> = BTreeMap::new();
        for &dependent in &self.dependents[package] {
            let Some(edge) = self.edge(dependent, package) else { continue };
            for (feature, request) in self.requests(dependent, edge, edge.declarations.iter()) {
                requests.entry(feature).or_default().insert(request);
            }
        }
        requests
    }

    /// The features that these declarations of an edge turn on.
    fn requests<'a>(
        &'a self,
        by: usize,
        edge: &'a DependencyEdge,
        declarations: impl Iterator<Item = &'a Declaration>,
    ) -> Vec<(&'a str, FeatureRequest)> {
        let (dependent, dependency) = (&self.packages[by], &self.packages[edge.package]);
        let mut requests = Vec::new();
        let mut names = BTreeSet::new();
        for declaration in declarations.filter(|declaration| dependent.is_on(declaration)) {
            names.insert(declaration.name.as_str());
            if declaration.default_features && dependency.has_feature("default") {
                requests.push(("default", FeatureRequest::Default { by }));
            }
            requests
                .extend(declaration.features.iter().map(|feature| (feature.as_str(), FeatureRequest::Listed { by })));
        }
        let mut through: Vec<(&str, FeatureRequest)> = dependent
            .listed()
            .filter_map(|(own, value)| match value {
                Listed::OfDependency { name, feature, .. } if names.contains(name) => {
                    Some((feature, FeatureRequest::Feature { by, feature: own.to_owned() }))
                }
                _ => None,
            })
            .collect();
        through.sort();
        requests.extend(through);
        requests
    }
}
