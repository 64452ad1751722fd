//! Questions about paths in the graph: why is a package here, how far downstream is it, what leaves with it.

use std::collections::{BTreeMap, VecDeque};

use super::CrateGraph;
use super::graph::reached;

/// A package name of which the program links several versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicatedPackage {
    /// The name that they share.
    pub name: String,
    /// The packages, by ascending version.
    pub packages: Vec<usize>,
}

/// For every package that a root links: the one package through which every path to it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dominators {
    root: usize,
    immediate: Vec<Option<usize>>,
}

impl Dominators {
    /// The nearest other package on every path from the root to this one; `None` for the root and for what the root
    /// does not link.
    #[must_use]
    pub fn immediate(&self, index: usize) -> Option<usize> {
        self.immediate.get(index).copied().flatten()
    }

    /// What leaves the program when nothing links this package any more: itself, and all that only it brings in.
    /// Ascending; empty if the root does not link it.
    #[must_use]
    pub fn retained(&self, index: usize) -> Vec<usize> {
        if index != self.root && self.immediate(index).is_none() {
            return Vec::new();
        }
        // Whether a package leaves too, once its way up the tree has met one of which that is known: each is climbed once.
        let mut leaves: Vec<Option<bool>> = vec![None; self.immediate.len()];
        leaves[index] = Some(true);
        for start in 0..self.immediate.len() {
            let mut climbed = Vec::new();
            let mut at = Some(start);
            let met = loop {
                match at {
                    None => break false,
                    Some(here) => match leaves[here] {
                        Some(known) => break known,
                        None => climbed.push(here),
                    },
                }
                at = at.and_then(|here| self.immediate(here));
            };
            for here in climbed {
                leaves[here] = Some(met);
            }
        }
        (0..leaves.len()).filter(|&index| leaves[index] == Some(true)).collect()
    }
}

impl CrateGraph {
    /// The packages that a program of `root` can hold, `root` included, ascending.
    #[must_use]
    pub fn reachable(&self, root: usize) -> Vec<usize> {
        let reached = reached(&self.ship_edges, [root]);
        (0..reached.len()).filter(|&index| reached[index]).collect()
    }

    /// How far downstream a package is: more than every package that it links.
    #[must_use]
    pub fn topological_rank(&self, index: usize) -> usize {
        self.ranks[index]
    }

    /// Labels of the packages on a shortest path of ship edges, both ends included; `None` if there is no path. Of
    /// several shortest paths, the one whose packages come first by name.
    #[must_use]
    pub fn shortest_path(&self, root: usize, package: usize) -> Option<Vec<String>> {
        let mut came_from: Vec<Option<usize>> = vec![None; self.packages.len()];
        let mut open = VecDeque::from([root]);
        while let Some(index) = open.pop_front() {
            if index == package {
                return Some(self.labels_back_to_root(&came_from, root, package));
            }
            for &dependency in &self.ship_edges[index] {
                if dependency != root && came_from[dependency].is_none() {
                    came_from[dependency] = Some(index);
                    open.push_back(dependency);
                }
            }
        }
        None
    }

    fn labels_back_to_root(&self, came_from: &[Option<usize>], root: usize, package: usize) -> Vec<String> {
        let mut path = vec![self.label(package)];
        let mut index = package;
        while index != root {
            index = came_from[index].expect("every package that was opened came from another");
            path.push(self.label(index));
        }
        path.reverse();
        path
    }

    /// The dominator tree of what `root` links.
    #[must_use]
    pub fn dominators(&self, root: usize) -> Dominators {
        let reachable = self.reachable(root);
        let mut linked_by = vec![Vec::new(); self.packages.len()];
        for &index in &reachable {
            for &dependency in &self.ship_edges[index] {
                linked_by[dependency].push(index);
            }
        }
        // There is no circle, so by descending rank every dependent is final before its dependencies: one pass is enough.
        let mut order = reachable;
        order.sort_by_key(|&index| std::cmp::Reverse(self.ranks[index]));
        let mut immediate: Vec<Option<usize>> = vec![None; self.packages.len()];
        for index in order {
            let meeting = linked_by[index].iter().copied().reduce(|a, b| self.meeting(&immediate, a, b));
            immediate[index] = meeting;
        }
        Dominators { root, immediate }
    }

    /// The lowest package that is above both `a` and `b` in the dominator tree.
    fn meeting(&self, immediate: &[Option<usize>], mut a: usize, mut b: usize) -> usize {
        let up = |index: usize| immediate[index].expect("only the root has no dominator, and it is the meeting");
        while a != b {
            // A dominator has a larger rank than what it dominates, so the lower of the two climbs.
            if self.ranks[a] <= self.ranks[b] {
                a = up(a);
            } else {
                b = up(b);
            }
        }
        a
    }

    /// Names of which a program of `root` links several versions, sorted by name.
    #[must_use]
    pub fn duplicates(&self, root: usize) -> Vec<DuplicatedPackage> {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for index in self.reachable(root) {
            by_name.entry(&self.packages[index].name).or_default().push(index);
        }
        by_name
            .into_iter()
            .filter(|(_, packages)| packages.len() > 1)
            .map(|(name, packages)| DuplicatedPackage { name: name.to_owned(), packages })
            .collect()
    }
}
