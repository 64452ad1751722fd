//! Section > crate > function: the same leaves, nested.

use std::collections::BTreeMap;

use crate::deflate::{self, Bits};
use crate::units::ByteSize;

use super::claims::Claims;
use super::crate_table::{CrateEntry, CrateNumber};
use super::functions::Functions;
use super::owner::Owners;
use super::regions::Regions;
use super::row::{CrateTree, FunctionTree, SectionRow, SectionTree};
use super::rows::{Costs, Leaf};

/// What a node sums: bytes, and what they cost.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    file: ByteSize,
    bits: Bits,
}

impl Cell {
    fn add(&mut self, leaf: &Leaf, costs: Option<&Costs>, number: usize) {
        self.file += leaf.size();
        if let Some(costs) = costs {
            self.bits += costs.bits[number];
        }
    }
}

/// What one tree is made from.
pub(super) struct Source<'a> {
    pub(super) table: &'a [CrateEntry],
    pub(super) regions: &'a Regions,
    pub(super) claims: &'a Claims,
    pub(super) leaves: &'a [Leaf],
    pub(super) costs: Option<&'a Costs>,
    /// `None` where functions are not listed.
    pub(super) functions: Option<&'a Functions>,
}

impl Source<'_> {
    /// The tree, in the order of `rows` (each with the number of its region). The compressed bytes of the parts of a node sum to the
    /// node's.
    pub(super) fn tree(&self, rows: &[(usize, SectionRow)]) -> Vec<SectionTree> {
        let views = [|owners: &Owners| owners.owner, |o: &Owners| o.definition, |o: &Owners| o.instantiation];
        let [owner, definition, instantiation] = views.map(|view| self.cells(view));
        let mut functions = self.functions.map(|functions| self.functions(functions)).unwrap_or_default();
        let section = |(region, row): &(usize, SectionRow)| {
            let crates = |cells: &[Vec<(usize, Cell)>]| self.crates(&cells[*region], row.compressed_bytes);
            let bare = |trees: Vec<(usize, CrateTree)>| trees.into_iter().map(|(_, tree)| tree).collect();
            let mut by_owner = crates(&owner);
            for (krate, tree) in &mut by_owner {
                if let Some(rows) = functions.remove(&(*region, *krate)) {
                    tree.functions = function_trees(rows, tree.compressed_bytes);
                }
            }
            SectionTree {
                name: row.name.clone(),
                file_bytes: row.file_bytes,
                compressed_bytes: row.compressed_bytes,
                crates: bare(by_owner),
                crates_by_definition: bare(crates(&definition)),
                crates_by_instantiation: bare(crates(&instantiation)),
            }
        };
        rows.iter().map(section).collect()
    }

    /// Functions by region and owner.
    fn functions<'f>(&self, functions: &'f Functions) -> BTreeMap<(usize, usize), Vec<(&'f str, Cell)>> {
        let mut cells = vec![Cell::default(); functions.len()];
        for (number, leaf) in self.leaves.iter().enumerate() {
            cells[functions.row_of(number)].add(leaf, self.costs, number);
        }
        let mut by_crate: BTreeMap<(usize, usize), Vec<(&str, Cell)>> = BTreeMap::new();
        for (row, cell) in cells.into_iter().enumerate() {
            let (name, owner, region) = functions.key(row);
            by_crate.entry((region, owner)).or_default().push((name, cell));
        }
        by_crate
    }

    /// By region the crates that are in it, with their cells.
    fn cells(&self, view: impl Fn(&Owners) -> CrateNumber) -> Vec<Vec<(usize, Cell)>> {
        let of_triple: Vec<usize> = self.claims.owners.iter().map(|owners| view(owners) as usize).collect();
        let mut by_region = vec![Vec::new(); self.regions.regions.len()];
        // Leaves of one region stand together, so that one row of cells is enough.
        let mut cells = vec![Cell::default(); self.table.len()];
        let mut used: Vec<usize> = Vec::new();
        let mut number = 0;
        for leaves in self.leaves.chunk_by(|a, b| a.region == b.region) {
            for leaf in leaves {
                let krate = of_triple[leaf.claim.owners as usize];
                if cells[krate].file == ByteSize::ZERO {
                    used.push(krate);
                }
                cells[krate].add(leaf, self.costs, number);
                number += 1;
            }
            let region = &mut by_region[leaves[0].region as usize];
            region.extend(used.drain(..).map(|krate| (krate, std::mem::take(&mut cells[krate]))));
        }
        by_region.into_iter().map(merged).collect()
    }

    fn crates(&self, cells: &[(usize, Cell)], total: Option<ByteSize>) -> Vec<(usize, CrateTree)> {
        let bits: Vec<Bits> = cells.iter().map(|(_, cell)| cell.bits).collect();
        let compressed = total.map(|total| deflate::to_bytes(&bits, total));
        let mut trees: Vec<(usize, CrateTree)> = cells
            .iter()
            .enumerate()
            .map(|(place, &(number, cell))| {
                let entry = &self.table[number];
                let tree = CrateTree {
                    name: entry.name.clone(),
                    version: entry.version.clone(),
                    kind: entry.kind,
                    file_bytes: cell.file,
                    compressed_bytes: compressed.as_ref().map(|sizes| sizes[place]),
                    functions: Vec::new(),
                };
                (number, tree)
            })
            .collect();
        trees.sort_by(|(_, a), (_, b)| {
            let by_size = b.file_bytes.cmp(&a.file_bytes);
            by_size.then_with(|| (&a.name, &a.version, a.kind).cmp(&(&b.name, &b.version, b.kind)))
        });
        trees
    }
}

/// A region that stands in several places has its crates summed.
fn merged(mut cells: Vec<(usize, Cell)>) -> Vec<(usize, Cell)> {
    cells.sort_by_key(|(krate, _)| *krate);
    cells.dedup_by(|(krate, cell), (known, sum)| {
        let same = krate == known;
        if same {
            sum.file += cell.file;
            sum.bits += cell.bits;
        }
        same
    });
    cells
}

fn function_trees(rows: Vec<(&str, Cell)>, total: Option<ByteSize>) -> Vec<FunctionTree> {
    let bits: Vec<Bits> = rows.iter().map(|(_, cell)| cell.bits).collect();
    let compressed = total.map(|total| deflate::to_bytes(&bits, total));
    let mut trees: Vec<FunctionTree> = rows
        .into_iter()
        .enumerate()
        .map(|(row, (name, cell))| FunctionTree {
            name: name.to_owned(),
            file_bytes: cell.file,
            compressed_bytes: compressed.as_ref().map(|sizes| sizes[row]),
        })
        .collect();
    trees.sort_by(|a, b| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.name.cmp(&b.name)));
    trees
}
