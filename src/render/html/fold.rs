//! Small parts summed in one row, so that the page stays small and its sums stay exact: functions first, then crates.

use super::node::{Facts, Node, plus};

/// Sums the parts of crates and modules that weigh less than `limit` bytes, where there is more than one in a node.
pub(super) fn small(node: &mut Node, limit: i64) {
    if matches!(node.facts.sort, "crate" | "module") {
        let is_small = |child: &Node| child.weight() < limit || child.facts.folded.is_some();
        fold(node, |child| child.facts.status != "same" && is_small(child), functions, "", "smaller");
    }
    for child in &mut node.children {
        small(child, limit);
    }
}

/// Sums the crates that weigh less than `limit` bytes, where there is more than one in a program or section. What is not known to
/// be small stays.
pub(super) fn crates(node: &mut Node, limit: i64) {
    let count = |child: &Node| child.facts.folded.unwrap_or(1);
    let is_small = |child: &Node| {
        let is_sum = child.facts.folded.is_some() && child.name.ends_with(CRATES);
        is_sum || (child.facts.sort == "crate" && child.facts.kind == "dependency" && child.weight() < limit)
    };
    fold(node, |child| child.facts.status != "same" && is_small(child), count, "", "smaller crates");
    for child in &mut node.children {
        crates(child, limit);
    }
}

/// How the name of a sum of crates ends.
const CRATES: &str = " smaller crates]";

/// Sums the parts of crates and modules that did not change.
pub(super) fn unchanged(node: &mut Node) {
    if matches!(node.facts.sort, "crate" | "module" | "section") {
        fold(node, |child| child.facts.status == "same", functions, "same", "unchanged");
    }
    for child in &mut node.children {
        unchanged(child);
    }
}

fn fold(node: &mut Node, folds: impl Fn(&Node) -> bool, count: fn(&Node) -> usize, status: &'static str, word: &str) {
    let candidates = node.children.iter().filter(|child| folds(child));
    // What is folded already says for how many it stands.
    let (rows, stands_for) = candidates.fold((0, 0), |(rows, all), child| (rows + 1, all + count(child)));
    if rows < 2 {
        return;
    }
    let (folded, mut kept): (Vec<Node>, Vec<Node>) =
        std::mem::take(&mut node.children).into_iter().partition(|child| folds(child));
    let values = folded.iter().skip(1).fold(folded[0].values.clone(), |sum, child| plus(&sum, &child.values));
    kept.push(Node {
        name: format!("[{stands_for} {word}]"),
        values,
        children: Vec::new(),
        facts: Facts { folded: Some(stands_for), status, ..Facts::default() },
    });
    node.children = kept;
    node.sort();
}

/// How many functions a node stands for.
fn functions(node: &Node) -> usize {
    match node.facts.folded {
        Some(rows) => rows,
        None if node.children.is_empty() => 1,
        None => node.children.iter().map(functions).sum(),
    }
}
