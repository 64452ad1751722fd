//! What the crate graph adds to rows: version, the path that brought a crate in, and what would leave with it.

use std::collections::BTreeMap;

use crate::cargo::CrateGraph;
use crate::units::ByteSize;

use super::row::CrateRow;

/// Fills version, package id, `why` and retained bytes of the rows whose package is known.
///
/// A crate retains what leaves the binary when nothing depends on it any more: its own bytes and those of every package that
/// is reached only through it (the packages that it dominates).
pub(super) fn with_graph(
    rows: Vec<(Option<usize>, CrateRow)>,
    graph: Option<&CrateGraph>,
    root: Option<usize>,
) -> Vec<CrateRow> {
    let (Some(graph), Some(root)) = (graph, root) else {
        return rows.into_iter().map(|(package, row)| named(package, row, graph)).collect();
    };
    let mut own: BTreeMap<usize, ByteSize> = BTreeMap::new();
    for (package, row) in &rows {
        if let Some(package) = package {
            *own.entry(*package).or_default() += row.file_bytes;
        }
    }
    let dominators = graph.dominators(root);
    let mut retained: BTreeMap<usize, ByteSize> = BTreeMap::new();
    for (&package, &size) in &own {
        let mut at = Some(package);
        while let Some(dominated) = at {
            *retained.entry(dominated).or_default() += size;
            at = dominators.immediate(dominated);
        }
    }
    let fill = |(package, row): (Option<usize>, CrateRow)| {
        let mut row = named(package, row, Some(graph));
        if let Some(package) = package {
            row.why = graph.shortest_path(root, package).unwrap_or_default();
            row.retained_bytes = retained.get(&package).copied();
        }
        row
    };
    rows.into_iter().map(fill).collect()
}

fn named(package: Option<usize>, mut row: CrateRow, graph: Option<&CrateGraph>) -> CrateRow {
    if let Some(package) = package.and_then(|package| graph?.packages().get(package)) {
        row.version = Some(package.version.clone());
        row.package_id = Some(package.id.clone());
    }
    row
}
