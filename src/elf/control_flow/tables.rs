//! Tables of distances: jump tables of position-independent code, four bytes for each target, relative to the table.

use std::ops::Range;

use super::code::Code;
use super::error::CannotFollow;
use super::sweep::Sweep;
use crate::elf::image::Image;

const ENTRY: usize = 4;

/// The tables that may start where code takes an address.
#[derive(Default)]
pub(super) struct DistanceTables {
    /// Sorted, each once. Only those with entries.
    bases: Vec<u64>,
    spans: Vec<Range<usize>>,
    targets: Vec<u64>,
}

impl DistanceTables {
    /// Reads a table at each of `bases`, as far as its entries lead to instructions. Where a table ends is not known: what follows
    /// is mostly another, whose entries, counted from the wrong place, soon lead between instructions. An entry too many
    /// only keeps code that could go. `sweeps` are those of the functions.
    pub(super) fn read(
        image: &Image<'_>,
        code: &Code<'_>,
        sweeps: &[Sweep],
        mut bases: Vec<u64>,
    ) -> Result<Self, CannotFollow> {
        bases.sort_unstable();
        bases.dedup();
        let mut tables = Self { bases: Vec::new(), spans: Vec::new(), targets: Vec::new() };
        // Real tables do not overlap. Those of a hostile file may, each with the next.
        let limit = image.data().len();
        let is_target = |&target: &u64| match code.owner(target) {
            Some(owner) => {
                let start = code.functions.get(owner).map_or(0, |function| function.range.start);
                sweeps.get(owner).is_none_or(|sweep| sweep.may_start_at(target - start))
            }
            None => code.contains(target),
        };
        let loaded = Loaded::of(image);
        for base in bases {
            let Some(bytes) = loaded.from(base) else { continue };
            let (entries, _) = bytes.as_chunks::<ENTRY>();
            let start = tables.targets.len();
            let targets = entries.iter().map(|entry| base.wrapping_add_signed(i64::from(i32::from_le_bytes(*entry))));
            tables.targets.extend(targets.take_while(is_target).take(limit.saturating_sub(start)));
            if tables.targets.len() >= limit {
                return Err(CannotFollow::Overlap { what: "jump tables" });
            }
            if tables.targets.len() > start {
                tables.bases.push(base);
                tables.spans.push(start..tables.targets.len());
            }
        }
        Ok(tables)
    }

    /// The targets of the table at `base`; none where there is none.
    pub(super) fn at(&self, base: u64) -> &[u64] {
        let span = self.bases.binary_search(&base).ok().and_then(|number| self.spans.get(number));
        span.and_then(|span| self.targets.get(span.clone())).unwrap_or_default()
    }
}

/// What the loader maps, by address.
struct Loaded<'data>(Vec<(Range<u64>, &'data [u8])>);

impl<'data> Loaded<'data> {
    fn of(image: &Image<'data>) -> Self {
        let segments = image.segments().iter().filter(|segment| segment.is_load() && segment.is_in_file());
        let mut loaded: Vec<(Range<u64>, &[u8])> = segments
            .filter_map(|segment| {
                let bytes = image.bytes(&segment.file_range)?;
                Some((segment.address..segment.address.checked_add(bytes.len() as u64)?, bytes))
            })
            .collect();
        loaded.sort_by_key(|(range, _)| (range.start, range.end));
        Self(loaded)
    }

    /// The bytes of the file from an address to the end of its segment.
    fn from(&self, address: u64) -> Option<&'data [u8]> {
        let before = self.0.partition_point(|(range, _)| range.start <= address).checked_sub(1)?;
        let (range, bytes) = self.0.get(before)?;
        bytes.get(usize::try_from(address - range.start).ok()?..)
    }
}
