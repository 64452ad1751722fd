//! Paths against a walk of all of them, on graphs that nobody chose and on one that nobody could walk.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::CrateGraph;
use super::tests::graph_of;

/// Every path, by walking all of them.
fn all_paths(graph: &CrateGraph, root: usize, goal: usize) -> Vec<Vec<usize>> {
    let mut complete = Vec::new();
    let mut open = vec![vec![root]];
    while let Some(path) = open.pop() {
        let last = *path.last().expect("a path begins at the root");
        if last == goal {
            complete.push(path);
            continue;
        }
        for &next in graph.ship_dependencies(last) {
            open.push(path.iter().copied().chain([next]).collect());
        }
    }
    complete.sort_by_key(|path| (path.len(), path.clone()));
    complete
}

/// A chain of `diamonds`, each with two ways through it: package 0, then three packages for each.
fn ladder(diamonds: usize) -> Vec<Vec<bool>> {
    let count = 3 * diamonds + 1;
    let mut edges = vec![vec![false; count]; count];
    for top in (0..3 * diamonds).step_by(3) {
        for (from, to) in [(top, top + 1), (top, top + 2), (top + 1, top + 3), (top + 2, top + 3)] {
            edges[from][to] = true;
        }
    }
    edges
}

#[test]
fn more_paths_than_anyone_could_walk_are_counted_and_the_first_listed() {
    let started = Instant::now();
    let graph = graph_of(&ladder(100));
    let root = graph.default_root().expect("one program");
    // Names descend, so the last package of the ladder is the first of the graph.
    let paths = graph.paths(root, 0, 50);
    assert_eq!(paths.count, 1 << 100);
    assert_eq!(paths.listed.len(), 50);
    assert!(paths.listed.iter().all(|path| path.len() == 201));
    assert!(paths.listed.windows(2).all(|pair| pair[0] < pair[1]), "in order, and none twice");
    let endless = graph_of(&ladder(130));
    assert_eq!(endless.paths(endless.default_root().expect("one program"), 0, 1).count, u128::MAX);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn the_root_is_reached_by_no_step_and_the_unlinked_by_no_path() {
    let graph = graph_of(&[vec![false, true, false], vec![false; 3], vec![false; 3]]);
    let root = graph.default_root().expect("one program");
    assert_eq!((graph.paths(root, root, 9).count, graph.paths(root, root, 9).listed), (1, vec![vec![root]]));
    let unlinked = (0..3).find(|&index| !graph.is_shipped(index)).expect("nobody links one");
    assert_eq!((graph.paths(root, unlinked, 9).count, graph.paths(root, unlinked, 9).listed), (0, Vec::new()));
}

#[test]
fn a_detour_of_hundreds_of_packages_is_counted_but_not_listed() {
    // 0 links the last package itself, and by a chain of 300.
    let count = 301;
    let mut edges = vec![vec![false; count]; count];
    for (from, to) in (0..300).map(|from| (from, from + 1)).chain([(0, 300)]) {
        edges[from][to] = true;
    }
    let graph = graph_of(&edges);
    let root = graph.default_root().expect("one program");
    let paths = graph.paths(root, 0, 9);
    assert_eq!((paths.count, paths.listed), (2, vec![vec![root, 0]]));
}

proptest! {
    #[test]
    fn paths_are_those_of_a_walk_of_all(
        edges in (2usize..10).prop_flat_map(|n| proptest::collection::vec(proptest::collection::vec(any::<bool>(), n), n)),
        most in 0usize..40,
    ) {
        let graph = graph_of(&edges);
        let root = graph.default_root().expect("one program");
        for index in 0..graph.packages().len() {
            let all = all_paths(&graph, root, index);
            let paths = graph.paths(root, index, most);
            prop_assert_eq!(paths.count, all.len() as u128);
            prop_assert_eq!(&paths.listed, &all[..most.min(all.len())]);
            let before: std::collections::BTreeSet<usize> =
                all.iter().filter_map(|path| path.iter().rev().nth(1).copied()).collect();
            prop_assert_eq!(graph.linked_by(root, index), before.into_iter().collect::<Vec<_>>());
        }
    }
}
