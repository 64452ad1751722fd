//! From leaves (one label, one range) to rows. Rows sum to the file; compressed rows sum to the entry.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::deflate::{self, Bits};
use crate::elf::SectionKind;
use crate::units::ByteSize;

use super::claims::{Claim, Claims, Item};
use super::crate_table::{CrateEntry, CrateNumber};
use super::owner::Owners;
use super::regions::Regions;
use super::row::{CrateRow, EvidenceRow, EvidenceSource, FunctionRow, SectionRow};

/// A range with one label in every view.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) range: Range<u64>,
    pub(super) region: usize,
    pub(super) claim: Claim,
}

impl Leaf {
    pub(super) fn size(&self) -> ByteSize {
        ByteSize::new(self.range.end - self.range.start)
    }
}

/// Merges the two gapless lists of ranges.
pub(super) fn leaves(regions: &Regions, claims: &Claims) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(regions.ranges.len() + claims.ranges.len());
    let mut claims = claims.ranges.iter().peekable();
    for (range, region) in &regions.ranges {
        let mut at = range.start;
        while at < range.end {
            let (claimed, claim) = claims.peek().expect("both lists cover the whole file");
            let end = claimed.end.min(range.end);
            leaves.push(Leaf { range: at..end, region: *region, claim: *claim });
            if claimed.end <= range.end {
                claims.next();
            }
            at = end;
        }
    }
    leaves
}

/// What the bytes of each leaf cost in the zip: exact bits, and the entry's size that their rows must sum to.
#[derive(Debug, Clone)]
pub(super) struct Costs {
    pub(super) bits: Vec<Bits>,
    pub(super) total: ByteSize,
}

/// Sums the bits of each group and apportions the entry's bytes to the groups.
fn compressed_by<K: Ord + Copy>(
    leaves: &[Leaf],
    costs: Option<&Costs>,
    key: impl Fn(&Leaf) -> Option<K>,
) -> BTreeMap<Option<K>, ByteSize> {
    let Some(costs) = costs else { return BTreeMap::new() };
    let mut sums: BTreeMap<Option<K>, Bits> = BTreeMap::new();
    for (leaf, bits) in leaves.iter().zip(&costs.bits) {
        *sums.entry(key(leaf)).or_default() += *bits;
    }
    let bits: Vec<Bits> = sums.values().copied().collect();
    sums.into_keys().zip(deflate::to_bytes(&bits, costs.total)).collect()
}

pub(super) fn sections(regions: &Regions, leaves: &[Leaf], costs: Option<&Costs>) -> Vec<SectionRow> {
    let compressed = compressed_by(leaves, costs, |leaf| Some(leaf.region));
    let mut sizes = vec![ByteSize::ZERO; regions.regions.len()];
    for leaf in leaves {
        sizes[leaf.region] += leaf.size();
    }
    let mut rows: Vec<SectionRow> = regions
        .regions
        .iter()
        .zip(sizes)
        .enumerate()
        .map(|(number, (region, file_bytes))| SectionRow {
            name: region.name.clone(),
            kind: region.kind,
            file_bytes,
            memory_bytes: ByteSize::new(region.memory_size),
            compressed_bytes: costs.map(|_| compressed.get(&Some(number)).copied().unwrap_or_default()),
            touched_bytes: None,
        })
        .collect();
    rows.sort_by(|a, b| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// One view of the crates.
pub(super) fn crates(
    table: &[CrateEntry],
    regions: &Regions,
    items: &[Item],
    leaves: &[Leaf],
    costs: Option<&Costs>,
    view: impl Fn(&Owners) -> CrateNumber,
) -> Vec<(Option<usize>, CrateRow)> {
    let compressed = compressed_by(leaves, costs, |leaf| Some(view(&leaf.claim.owners)));
    let mut rows: BTreeMap<CrateNumber, CrateRow> = BTreeMap::new();
    for leaf in leaves {
        let number = view(&leaf.claim.owners);
        let row = rows.entry(number).or_insert_with(|| empty_row(&table[number as usize]));
        let size = leaf.size();
        row.file_bytes += size;
        let column = match regions.regions[leaf.region].kind {
            SectionKind::Code => &mut row.code_bytes,
            SectionKind::Rodata | SectionKind::Data => &mut row.data_bytes,
            SectionKind::Unwind => &mut row.unwind_bytes,
            SectionKind::Relocation => &mut row.relocation_bytes,
            SectionKind::Symbols => &mut row.symbol_bytes,
            _ => &mut row.other_bytes,
        };
        *column += size;
    }
    for item in items.iter().filter(|item| item.is_function) {
        if let Some(row) = rows.get_mut(&view(&item.owners)) {
            row.functions += 1;
        }
    }
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(number, mut row)| {
            row.compressed_bytes = costs.map(|_| compressed.get(&Some(number)).copied().unwrap_or_default());
            (table[number as usize].package, row)
        })
        .collect();
    rows.sort_by(|(_, a), (_, b)| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.name.cmp(&b.name)));
    rows
}

fn empty_row(entry: &CrateEntry) -> CrateRow {
    CrateRow {
        name: entry.name.clone(),
        version: None,
        package_id: None,
        kind: entry.kind,
        file_bytes: ByteSize::ZERO,
        code_bytes: ByteSize::ZERO,
        data_bytes: ByteSize::ZERO,
        unwind_bytes: ByteSize::ZERO,
        relocation_bytes: ByteSize::ZERO,
        symbol_bytes: ByteSize::ZERO,
        other_bytes: ByteSize::ZERO,
        compressed_bytes: None,
        touched_bytes: None,
        retained_bytes: None,
        functions: 0,
        why: Vec::new(),
    }
}

pub(super) fn evidence(leaves: &[Leaf]) -> Vec<EvidenceRow> {
    let mut sizes: BTreeMap<EvidenceSource, ByteSize> = BTreeMap::new();
    for leaf in leaves {
        *sizes.entry(leaf.claim.evidence).or_default() += leaf.size();
    }
    sizes.into_iter().map(|(source, file_bytes)| EvidenceRow { source, file_bytes }).collect()
}

/// Items with the same name, crate and section are one row; what no item covers is a row per section, so that rows sum to the file.
pub(super) fn functions(
    versions: &[Option<String>],
    table: &[CrateEntry],
    regions: &Regions,
    items: &[Item],
    leaves: &[Leaf],
    costs: Option<&Costs>,
) -> Vec<FunctionRow> {
    type Key<'a> = (&'a str, CrateNumber, usize);
    let key = |leaf: &Leaf| -> Key<'_> {
        let name = leaf.claim.item.map_or("[no symbol]", |item| items[item as usize].name.as_str());
        (name, leaf.claim.owners.owner, leaf.region)
    };
    let mut rows: BTreeMap<Key<'_>, (ByteSize, std::collections::BTreeSet<Option<u32>>)> = BTreeMap::new();
    for leaf in leaves {
        let (size, instances) = rows.entry(key(leaf)).or_default();
        *size += leaf.size();
        instances.insert(leaf.claim.item);
    }
    let numbers: BTreeMap<Key<'_>, usize> = rows.keys().enumerate().map(|(number, &key)| (key, number)).collect();
    let compressed = compressed_by(leaves, costs, |leaf| numbers.get(&key(leaf)).copied());
    let mut rows: Vec<FunctionRow> = rows
        .into_iter()
        .enumerate()
        .map(|(number, ((name, owner, region), (file_bytes, instances)))| FunctionRow {
            name: name.to_owned(),
            crate_name: table[owner as usize].name.clone(),
            version: versions[owner as usize].clone(),
            section: regions.regions[region].name.clone(),
            file_bytes,
            compressed_bytes: costs.map(|_| compressed.get(&Some(number)).copied().unwrap_or_default()),
            instances: instances.len() as u64,
        })
        .collect();
    rows.sort_by(|a, b| {
        let by_size = b.file_bytes.cmp(&a.file_bytes);
        by_size.then_with(|| (&a.name, &a.crate_name, &a.section).cmp(&(&b.name, &b.crate_name, &b.section)))
    });
    rows
}
