//! From leaves (one label, one range) to rows. Rows sum to the file; compressed rows sum to the entry.

use std::ops::Range;

use crate::deflate::{self, Bits};
use crate::elf::SectionKind;
use crate::units::ByteSize;

use super::claim::Claim;
use super::claims::Claims;
use super::crate_table::{CrateEntry, CrateNumber};
use super::owner::Owners;
use super::regions::Regions;
use super::row::{CrateKind, CrateRow, EvidenceRow, EvidenceSource, SectionRow};

/// A range with one label in every view.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) range: Range<u64>,
    pub(super) region: u32,
    pub(super) claim: Claim,
}

impl Leaf {
    pub(super) fn size(&self) -> ByteSize {
        ByteSize::new(self.range.end - self.range.start)
    }
}

/// Merges the two gapless lists of ranges.
pub(super) fn leaves(regions: &Regions, claims: Vec<(Range<u64>, Claim)>) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(regions.ranges.len() + claims.len());
    let mut claims = claims.into_iter().peekable();
    for (range, region) in &regions.ranges {
        let region = u32::try_from(*region).expect("a file has fewer than 2^16 sections");
        let mut at = range.start;
        while at < range.end {
            let (claimed, claim) = claims.peek().expect("both lists cover the whole file");
            let end = claimed.end.min(range.end);
            leaves.push(Leaf { range: at..end, region, claim: *claim });
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

/// What else than its size is known of each leaf.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// What it costs in the zip; `None` outside a zip.
    pub(super) costs: Option<Costs>,
    /// Its bytes in the memory of a started program; `None` until measured.
    pub(super) touched: Option<Vec<ByteSize>>,
}

/// Bytes in the file, in the zip and in memory, by group.
pub(super) struct Sums {
    pub(super) file: Vec<ByteSize>,
    /// Sums to the entry; `None` outside a zip.
    pub(super) compressed: Option<Vec<ByteSize>>,
    /// Sums to the pages in memory; `None` until measured.
    pub(super) touched: Option<Vec<ByteSize>>,
}

impl Sums {
    pub(super) fn compressed(&self, group: usize) -> Option<ByteSize> {
        self.compressed.as_ref().map(|sizes| sizes[group])
    }

    pub(super) fn touched(&self, group: usize) -> Option<ByteSize> {
        self.touched.as_ref().map(|sizes| sizes[group])
    }
}

/// Sums the leaves by group: each, with its number, belongs to one of `groups`.
pub(super) fn sums(leaves: &[Leaf], weights: &Weights, groups: usize, group: impl Fn(usize, &Leaf) -> usize) -> Sums {
    let mut file = vec![ByteSize::ZERO; groups];
    for (number, leaf) in leaves.iter().enumerate() {
        file[group(number, leaf)] += leaf.size();
    }
    let touched = weights.touched.as_ref().map(|touched| {
        let mut sizes = vec![ByteSize::ZERO; groups];
        for (number, (leaf, size)) in leaves.iter().zip(touched).enumerate() {
            sizes[group(number, leaf)] += *size;
        }
        sizes
    });
    let compressed = weights.costs.as_ref().map(|costs| {
        let mut bits = vec![Bits::ZERO; groups];
        for (number, (leaf, cost)) in leaves.iter().zip(&costs.bits).enumerate() {
            bits[group(number, leaf)] += *cost;
        }
        deflate::to_bytes(&bits, costs.total)
    });
    Sums { file, compressed, touched }
}

/// One row for each kind of evidence.
const SOURCES: [EvidenceSource; 9] = [
    EvidenceSource::LinkMap,
    EvidenceSource::Relocation,
    EvidenceSource::Symbol,
    EvidenceSource::DebugInfo,
    EvidenceSource::Unwind,
    EvidenceSource::Disassembly,
    EvidenceSource::PathString,
    EvidenceSource::Format,
    EvidenceSource::None,
];

/// Evidence of each of `groups`, surest first.
fn evidence_by(leaves: &[Leaf], groups: usize, group: impl Fn(&Leaf) -> usize) -> Vec<Vec<EvidenceRow>> {
    let mut sizes = vec![[ByteSize::ZERO; SOURCES.len()]; groups];
    for leaf in leaves {
        sizes[group(leaf)][leaf.claim.evidence as usize] += leaf.size();
    }
    let rows = |sizes: [ByteSize; SOURCES.len()]| {
        let rows = SOURCES.into_iter().zip(sizes).filter(|(_, size)| *size > ByteSize::ZERO);
        rows.map(|(source, file_bytes)| EvidenceRow { source, file_bytes }).collect()
    };
    sizes.into_iter().map(rows).collect()
}

pub(super) fn evidence(leaves: &[Leaf]) -> Vec<EvidenceRow> {
    evidence_by(leaves, 1, |_| 0).swap_remove(0)
}

/// The sections, each with the number of its region.
pub(super) fn sections(regions: &Regions, leaves: &[Leaf], weights: &Weights) -> Vec<(usize, SectionRow)> {
    let by_region = |leaf: &Leaf| leaf.region as usize;
    let sums = sums(leaves, weights, regions.regions.len(), |_, leaf| by_region(leaf));
    let evidence = evidence_by(leaves, regions.regions.len(), by_region);
    let mut rows: Vec<(usize, SectionRow)> = regions
        .regions
        .iter()
        .zip(evidence)
        .enumerate()
        .map(|(number, (region, evidence))| {
            let row = SectionRow {
                name: region.name.clone(),
                kind: region.kind,
                file_bytes: sums.file[number],
                memory_bytes: ByteSize::new(region.memory_size),
                compressed_bytes: sums.compressed(number),
                touched_bytes: sums.touched(number),
                evidence,
            };
            (number, row)
        })
        .collect();
    rows.sort_by(|(_, a), (_, b)| b.file_bytes.cmp(&a.file_bytes).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// One view of the crates, with the number of each crate's package.
pub(super) fn crates(
    table: &[CrateEntry],
    regions: &Regions,
    claims: &Claims,
    leaves: &[Leaf],
    weights: &Weights,
    view: impl Fn(&Owners) -> CrateNumber,
) -> Vec<(Option<usize>, CrateRow)> {
    let of_triple: Vec<usize> = claims.owners.iter().map(|owners| view(owners) as usize).collect();
    let by_crate = |leaf: &Leaf| of_triple[leaf.claim.owners as usize];
    let sums = sums(leaves, weights, table.len(), |_, leaf| by_crate(leaf));
    let empty = |entry: &CrateEntry| CrateRow::empty(entry.name.clone(), entry.version.clone(), entry.kind);
    let mut rows: Vec<CrateRow> = table.iter().map(empty).collect();
    for leaf in leaves {
        let row = &mut rows[by_crate(leaf)];
        let column = match regions.regions[leaf.region as usize].kind {
            SectionKind::Code => &mut row.code_bytes,
            SectionKind::Rodata | SectionKind::Data => &mut row.data_bytes,
            SectionKind::Unwind => &mut row.unwind_bytes,
            SectionKind::Relocation => &mut row.relocation_bytes,
            SectionKind::Symbols => &mut row.symbol_bytes,
            _ => &mut row.other_bytes,
        };
        *column += leaf.size();
    }
    for item in claims.items.iter().filter(|item| item.is_function) {
        rows[of_triple[item.owners as usize]].functions += 1;
    }
    let evidence = evidence_by(leaves, table.len(), by_crate);
    let mut rows: Vec<(Option<usize>, CrateRow)> = rows
        .into_iter()
        .zip(evidence)
        .enumerate()
        .filter(|(number, _)| sums.file[*number] > ByteSize::ZERO)
        .map(|(number, (row, evidence))| {
            let (file_bytes, compressed_bytes) = (sums.file[number], sums.compressed(number));
            let touched_bytes = sums.touched(number);
            (table[number].package, CrateRow { file_bytes, compressed_bytes, touched_bytes, evidence, ..row })
        })
        .collect();
    rows.sort_by(|(_, a), (_, b)| {
        let by_size = b.file_bytes.cmp(&a.file_bytes);
        by_size.then_with(|| (&a.name, &a.version, a.kind).cmp(&(&b.name, &b.version, b.kind)))
    });
    rows
}

/// True for the row of bytes that nothing places.
pub(super) fn is_nobody(row: &CrateRow) -> bool {
    row.kind == CrateKind::Unattributed
}
