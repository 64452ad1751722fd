//! What the crate graph adds to rows: version, the path that brought a crate in, and what would leave with it.

use std::collections::BTreeMap;

use crate::cargo::{CrateGraph, Dominators};
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
    let sizes = rows.iter().filter_map(|(package, row)| Some(((*package)?, Bytes::of(row))));
    let retained = Retained::new(graph, root, sizes);
    let fill = |(package, row): (Option<usize>, CrateRow)| {
        let mut row = named(package, row, Some(graph));
        if let Some(package) = package {
            row.why = graph.shortest_path(root, package).unwrap_or_default();
            row.retained_bytes = retained.sum(package).map(|bytes| bytes.file);
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

/// What something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes {
    /// Bytes in the file.
    pub(super) file: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub(super) zip: Option<ByteSize>,
}

impl Bytes {
    /// A package without a row takes nothing. 0 in the zip gives way to 'unknown', so a sum of rows outside a zip is unknown.
    pub(super) const NONE: Self = Self { file: ByteSize::ZERO, zip: Some(ByteSize::ZERO) };

    pub(super) const fn of(row: &CrateRow) -> Self {
        Self { file: row.file_bytes, zip: row.compressed_bytes }
    }

    fn plus(self, other: Self) -> Self {
        Self { file: self.file + other.file, zip: self.zip.zip(other.zip).map(|(a, b)| a + b) }
    }
}

/// What each package of a program takes, alone and with all that only it brings in.
pub(super) struct Retained {
    dominators: Dominators,
    own: BTreeMap<usize, Bytes>,
    sums: BTreeMap<usize, Bytes>,
}

impl Retained {
    /// `sizes` holds packages with what their rows take; a package that is not there takes nothing.
    pub(super) fn new(graph: &CrateGraph, root: usize, sizes: impl Iterator<Item = (usize, Bytes)>) -> Self {
        let dominators = graph.dominators(root);
        let mut own: BTreeMap<usize, Bytes> = BTreeMap::new();
        for (package, size) in sizes {
            let sum = own.entry(package).or_insert(Bytes::NONE);
            *sum = sum.plus(size);
        }
        // Downstream first reversed: a package is summed before its dominator, so that each is added to one other.
        let mut order = graph.reachable(root);
        order.sort_by_key(|&package| graph.topological_rank(package));
        // What the root does not link leaves with itself alone.
        let mut sums = own.clone();
        for package in order {
            let sum = *sums.entry(package).or_insert(Bytes::NONE);
            if let Some(above) = dominators.immediate(package) {
                let of_above = sums.entry(above).or_insert(Bytes::NONE);
                *of_above = of_above.plus(sum);
            }
        }
        Self { dominators, own, sums }
    }

    /// The package alone; `None` where it has no bytes.
    pub(super) fn own(&self, package: usize) -> Option<Bytes> {
        self.own.get(&package).copied()
    }

    /// The package with all that only it brings in; `None` where it has no bytes and the root does not link it.
    pub(super) fn sum(&self, package: usize) -> Option<Bytes> {
        self.sums.get(&package).copied()
    }

    /// The packages of that sum, those without bytes included.
    pub(super) fn packages(&self, package: usize) -> Vec<usize> {
        let retained = self.dominators.retained(package);
        if retained.is_empty() { vec![package] } else { retained }
    }

    /// The nearest other package on every path to this one.
    pub(super) fn dominator(&self, package: usize) -> Option<usize> {
        self.dominators.immediate(package)
    }
}
