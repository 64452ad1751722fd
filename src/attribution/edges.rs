//! What the edges of one program say, in the words of the answer: names instead of numbers, and only what the program links.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cargo::{Activation, CrateGraph, FeatureRequest};

use super::why::{WhyActivation, WhyAsker, WhyAsks, WhyDependency, WhyFeature, WhyStep};

/// Links of the chain back to the workspace that are told at most.
const MOST_ACTIVATIONS: usize = 100;

/// What is told of an edge on any path, computed once: the declaration, and why it is on.
pub(super) type Facts = BTreeMap<(usize, usize), (WhyDependency, Vec<Activation>)>;

/// The edges of what a root links.
pub(super) struct Edges<'a> {
    graph: &'a CrateGraph,
    linked: Vec<bool>,
}

impl<'a> Edges<'a> {
    pub(super) fn new(graph: &'a CrateGraph, root: usize) -> Self {
        let mut linked = vec![false; graph.packages().len()];
        for package in graph.reachable(root) {
            linked[package] = true;
        }
        Self { graph, linked }
    }

    pub(super) fn is_linked(&self, package: usize) -> bool {
        self.linked[package]
    }

    /// The packages that the root links, ascending.
    pub(super) fn linked(&self) -> impl Iterator<Item = usize> {
        (0..self.linked.len()).filter(|&package| self.linked[package])
    }

    /// Names that linked packages give to others, and whom they mean.
    pub(super) fn renamed(&self) -> impl Iterator<Item = (&'a str, usize)> {
        let graph = self.graph;
        self.linked().flat_map(move |from| graph.edges(from)).flat_map(|edge| {
            let renamed = edge.shipping().filter(|declaration| declaration.renamed);
            renamed.map(|declaration| (declaration.name.as_str(), edge.package))
        })
    }

    /// The linked packages that link this one themselves, ascending.
    pub(super) fn linked_by(&self, package: usize) -> impl Iterator<Item = usize> {
        let dependents = self.graph.dependents(package).iter().copied();
        dependents.filter(move |&dependent| self.linked[dependent] && self.ships(dependent, package))
    }

    fn ships(&self, from: usize, to: usize) -> bool {
        self.graph.edge(from, to).is_some_and(|edge| edge.ships)
    }

    /// What one package declares about another. Of an optional dependency, everything asked for that turns it on.
    pub(super) fn dependency(&self, from: usize, to: usize) -> WhyDependency {
        let (mut dependency, activations) = self.facts(from, to);
        dependency.turned_on_by = self.turned_on_by(&activations, None);
        dependency
    }

    fn facts(&self, from: usize, to: usize) -> (WhyDependency, Vec<Activation>) {
        let Some(edge) = self.graph.edge(from, to) else { return (WhyDependency::default(), Vec::new()) };
        let of = |name: fn(&crate::cargo::Declaration) -> Option<&str>| {
            let names: BTreeSet<String> = edge.shipping().filter_map(name).map(str::to_owned).collect();
            names.into_iter().collect::<Vec<String>>()
        };
        let everywhere = edge.shipping().any(|declaration| declaration.target.is_none());
        let features = self.graph.requested_features(from, to).into_iter();
        let dependency = WhyDependency {
            requirements: of(|declaration| declaration.requirement.as_deref()),
            renamed: of(|declaration| declaration.renamed.then_some(declaration.name.as_str())),
            targets: if everywhere { Vec::new() } else { of(|declaration| declaration.target.as_deref()) },
            features: features.map(|feature| WhyFeature { name: feature.name, through: feature.through }).collect(),
            optional: edge.shipping().all(|declaration| declaration.optional),
            turned_on_by: Vec::new(),
        };
        (dependency, self.graph.activations(from, to))
    }

    /// The packages of a path, with what each says about the next.
    pub(super) fn steps(&self, path: &[usize], facts: &mut Facts) -> Vec<WhyStep> {
        let mut steps = Vec::with_capacity(path.len());
        for (at, &package) in path.iter().enumerate() {
            let dependency = at.checked_sub(1).map(|before| {
                let from = path[before];
                let (dependency, activations) =
                    facts.entry((from, package)).or_insert_with(|| self.facts(from, package));
                let asker = before.checked_sub(1).map(|before| path[before]);
                WhyDependency { turned_on_by: self.turned_on_by(activations, Some(asker)), ..dependency.clone() }
            });
            let described = self.graph.package(package);
            let name = self.graph.label(package);
            steps.push(WhyStep { name, version: described.version.clone(), dependency });
        }
        steps
    }

    /// The features that are asked for and turn an edge on. With `on_path`, those that the package before the dependent asks for
    /// (`None`: the selection of what to build), if there are any.
    fn turned_on_by(&self, activations: &[Activation], on_path: Option<Option<usize>>) -> Vec<String> {
        let first = |wanted: &dyn Fn(&FeatureRequest) -> bool| -> Vec<String> {
            let asked = activations.iter().filter(|activation| activation.asked_by.iter().any(wanted));
            asked.filter_map(|activation| activation.features.first().cloned()).collect()
        };
        let by_asker = on_path.map(|asker| first(&|request| request.by() == asker)).unwrap_or_default();
        if !by_asker.is_empty() {
            return by_asker;
        }
        let linked = first(&|request| request.by().is_none_or(|by| self.linked[by]));
        if linked.is_empty() { first(&|_| true) } else { linked }
    }

    /// Why an optional edge is on: its activations, then what asks for those, and so on. Empty for one that is not optional.
    pub(super) fn activations_back_to_workspace(&self, from: usize, to: usize) -> Vec<WhyActivation> {
        let mut told = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = VecDeque::from([(from, self.graph.activations(from, to))]);
        while let Some((package, activations)) = open.pop_front() {
            for activation in self.of_this_program(package, activations) {
                if told.len() >= MOST_ACTIVATIONS || !seen.insert((package, activation.features.clone())) {
                    continue;
                }
                for request in &activation.asked_by {
                    if let FeatureRequest::Feature { by, feature } = request
                        && self.linked[*by]
                    {
                        open.push_back((*by, self.graph.feature_activations(*by, feature)));
                    }
                }
                told.push(self.in_words(package, activation));
            }
        }
        told
    }

    /// Those that the program itself asks for; all, where it asks for none.
    fn of_this_program(&self, package: usize, activations: Vec<Activation>) -> Vec<Activation> {
        let asks = |request: &FeatureRequest| self.asks(request, package);
        let asked = activations.iter().map(|activation| Activation {
            features: activation.features.clone(),
            asked_by: activation.asked_by.iter().filter(|request| asks(request)).cloned().collect(),
        });
        let asked: Vec<Activation> = asked.filter(|activation| !activation.asked_by.is_empty()).collect();
        if asked.is_empty() { activations } else { asked }
    }

    fn asks(&self, request: &FeatureRequest, package: usize) -> bool {
        request.by().is_none_or(|by| self.linked[by] && self.ships(by, package))
    }

    fn in_words(&self, package: usize, activation: Activation) -> WhyActivation {
        let asker = |request: &FeatureRequest| {
            let (how, feature) = match request {
                FeatureRequest::Listed { .. } => (WhyAsks::Listed, None),
                FeatureRequest::Default { .. } => (WhyAsks::Default, None),
                FeatureRequest::Feature { feature, .. } => (WhyAsks::Feature, Some(feature.clone())),
                FeatureRequest::Selected => (WhyAsks::Selected, None),
            };
            let name = request.by().map(|by| self.graph.label(by));
            WhyAsker { package: name, how, feature, linked: self.asks(request, package) }
        };
        WhyActivation {
            package: self.graph.label(package),
            asked_by: activation.asked_by.iter().map(asker).collect(),
            features: activation.features,
        }
    }
}
