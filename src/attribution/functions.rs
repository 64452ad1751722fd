//! Functions and data objects, one row for all instances of a name, and the copies of generic functions together.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::elf::mangling::without_arguments;
use crate::units::ByteSize;

use super::claims::Claims;
use super::crate_table::CrateEntry;
use super::regions::Regions;
use super::row::{EvidenceSource, FunctionRow, GenericRow, GenericShare};
use super::rows::{Leaf, Weights, sums};

/// What the bytes that no symbol names are called.
const NO_SYMBOL: &str = "[no symbol]";

/// A row's name (a number), owner and region.
type Key = (u32, u32, u32);

/// Items by the row that they are in.
pub(super) struct Functions {
    /// Demangled, by number.
    texts: Vec<String>,
    keys: Vec<Key>,
    /// The row of each leaf.
    of_leaf: Vec<u32>,
}

impl Functions {
    /// `names` are the demangled names of the items.
    pub(super) fn group(claims: &Claims, leaves: &[Leaf], names: &[String]) -> Self {
        let mut texts = vec![NO_SYMBOL.to_owned()];
        let mut of_item: Vec<u32> = Vec::with_capacity(names.len());
        let mut numbers: HashMap<&String, u32> = HashMap::new();
        for name in names {
            let next = u32::try_from(texts.len()).expect("a file has fewer than 2^32 names");
            of_item.push(*numbers.entry(name).or_insert_with(|| {
                texts.push(name.clone());
                next
            }));
        }
        let mut keys: Vec<Key> = Vec::new();
        let mut rows: HashMap<Key, u32> = HashMap::new();
        let of_leaf = leaves.iter().map(|leaf| {
            let name = leaf.claim.item.map_or(0, |item| of_item[item as usize]);
            let key = (name, claims.owners.get(leaf.claim.owners).owner, leaf.region);
            let next = u32::try_from(keys.len()).expect("a file has fewer than 2^32 rows");
            *rows.entry(key).or_insert_with(|| {
                keys.push(key);
                next
            })
        });
        let of_leaf = of_leaf.collect();
        Self { texts, keys, of_leaf }
    }

    /// Rows that sum to the file: what no item covers is a row for each crate and section.
    pub(super) fn rows(
        &self,
        table: &[CrateEntry],
        regions: &Regions,
        leaves: &[Leaf],
        weights: &Weights,
    ) -> Vec<FunctionRow> {
        let sums = sums(leaves, weights, self.keys.len(), |number, _| self.of_leaf[number] as usize);
        let mut instances = vec![0_u64; self.keys.len()];
        let mut last: Vec<Option<u32>> = vec![None; self.keys.len()];
        let mut evidence: Vec<Option<(EvidenceSource, ByteSize)>> = vec![None; self.keys.len()];
        for (leaf, &row) in leaves.iter().zip(&self.of_leaf) {
            let row = row as usize;
            if instances[row] == 0 || (leaf.claim.item.is_some() && last[row] != leaf.claim.item) {
                instances[row] += 1;
            }
            last[row] = leaf.claim.item;
            let known = evidence[row].get_or_insert((leaf.claim.evidence, ByteSize::ZERO));
            if leaf.size() > known.1 {
                *known = (leaf.claim.evidence, leaf.size());
            }
        }
        let mut rows: Vec<FunctionRow> = self
            .keys
            .iter()
            .enumerate()
            .map(|(number, &(name, owner, region))| FunctionRow {
                name: self.texts[name as usize].clone(),
                crate_name: table[owner as usize].name.clone(),
                version: table[owner as usize].version.clone(),
                section: regions.regions[region as usize].name.clone(),
                file_bytes: sums.file[number],
                compressed_bytes: sums.compressed(number),
                touched_bytes: sums.touched(number),
                instances: instances[number],
                evidence: evidence[number].map(|(source, _)| source),
            })
            .collect();
        rows.par_sort_by(|a, b| {
            let by_size = b.file_bytes.cmp(&a.file_bytes);
            let by_name = || (&a.name, &a.crate_name, &a.section).cmp(&(&b.name, &b.crate_name, &b.section));
            by_size.then_with(by_name).then_with(|| a.version.cmp(&b.version))
        });
        rows
    }

    /// Functions that were instantiated more than once.
    pub(super) fn generics(
        &self,
        table: &[CrateEntry],
        claims: &Claims,
        leaves: &[Leaf],
        weights: &Weights,
    ) -> Vec<GenericRow> {
        let items: Vec<String> = self.texts.par_iter().map(|text| without_arguments(text)).collect();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &items {
            let next = numbers.len();
            numbers.entry(item).or_insert(next);
        }
        // The bytes of everything but functions are in the group of what has no symbol.
        let nothing = numbers[NO_SYMBOL];
        let function = |leaf: &Leaf| leaf.claim.item.filter(|&item| claims.items[item as usize].is_function);
        let groups: Vec<usize> = leaves
            .iter()
            .zip(&self.of_leaf)
            .map(|(leaf, &row)| match function(leaf) {
                Some(_) => numbers[items[self.keys[row as usize].0 as usize].as_str()],
                None => nothing,
            })
            .collect();
        let mut copies: HashMap<(usize, u32), (u64, ByteSize)> = HashMap::new();
        let mut last = None;
        for (leaf, &group) in leaves.iter().zip(&groups) {
            let Some(item) = function(leaf) else { continue };
            let holder = claims.owners.get(leaf.claim.owners).instantiation;
            let (count, size) = copies.entry((group, holder)).or_default();
            *count += u64::from(last != Some(item));
            *size += leaf.size();
            last = Some(item);
        }
        let sums = sums(leaves, weights, numbers.len(), |number, _| groups[number]);
        let mut shares: BTreeMap<usize, Vec<GenericShare>> = BTreeMap::new();
        for ((group, holder), (count, file_bytes)) in copies {
            let entry = &table[holder as usize];
            let (name, version) = (entry.name.clone(), entry.version.clone());
            shares.entry(group).or_default().push(GenericShare { name, version, copies: count, file_bytes });
        }
        let mut rows: Vec<GenericRow> = numbers
            .iter()
            .filter(|&(_, &group)| group != nothing)
            .filter_map(|(&name, &group)| {
                let mut crates = shares.remove(&group)?;
                let copies: u64 = crates.iter().map(|share| share.copies).sum();
                crates.sort_by(|a, b| {
                    let by_size = b.file_bytes.cmp(&a.file_bytes);
                    by_size.then_with(|| (&a.name, &a.version).cmp(&(&b.name, &b.version)))
                });
                (copies > 1).then(|| GenericRow {
                    name: name.to_owned(),
                    copies,
                    file_bytes: crates.iter().map(|share| share.file_bytes).sum(),
                    compressed_bytes: sums.compressed(group),
                    crates,
                })
            })
            .collect();
        rows.sort_by(|a, b| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.name.cmp(&b.name)));
        rows
    }
}

impl Functions {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The row that a leaf is in.
    pub(super) fn row_of(&self, leaf: usize) -> usize {
        self.of_leaf[leaf] as usize
    }

    /// A row's name, the number of its owner and of its region.
    pub(super) fn key(&self, row: usize) -> (&str, usize, usize) {
        let (name, owner, region) = self.keys[row];
        (&self.texts[name as usize], owner as usize, region as usize)
    }
}
