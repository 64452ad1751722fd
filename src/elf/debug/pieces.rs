//! The bytes of one debug section, cut among units from front to back.
//!
//! A plain section is cut where its pieces lie. The bytes of a compressed one cannot be: there every unit is given a run of the
//! packed bytes in proportion to its unpacked ones, in the order of units, and the last run belongs to nobody.

use std::ops::Range;

use super::info::DebugBytes;
use super::section::{DebugSection, Packing};

/// Takes claims in the order of the bytes; what no claim covers belongs to nobody.
pub(super) struct Pieces<'section> {
    section: &'section DebugSection<'section>,
    /// First byte that was not yet decided.
    at: usize,
    into: Into,
}

enum Into {
    Ranges(Vec<DebugBytes>),
    /// Unpacked bytes by unit.
    Shares(Vec<u64>),
}

impl<'section> Pieces<'section> {
    pub(super) fn new(section: &'section DebugSection<'section>, units: usize) -> Self {
        let into = match section.packing {
            Packing::Plain => Into::Ranges(Vec::new()),
            Packing::Zlib | Packing::Zstd => Into::Shares(vec![0; units]),
        };
        Self { section, at: 0, into }
    }

    pub(super) fn contents(&self) -> &'section [u8] {
        &self.section.contents
    }

    /// Gives a range of the contents to a unit. What earlier claims covered stays theirs.
    pub(super) fn claim(&mut self, range: Range<usize>, unit: Option<u32>) {
        let end = range.end.min(self.section.contents.len());
        let start = range.start.clamp(self.at, end.max(self.at));
        self.push(start, None);
        self.push(end, unit);
    }

    fn push(&mut self, end: usize, unit: Option<u32>) {
        if end <= self.at {
            return;
        }
        let start = std::mem::replace(&mut self.at, end);
        match &mut self.into {
            Into::Ranges(bytes) => {
                let base = self.section.payload.start;
                push(bytes, base + start as u64..base + end as u64, unit);
            }
            Into::Shares(shares) => {
                if let Some(share) = unit.and_then(|unit| shares.get_mut(unit as usize)) {
                    *share += (end - start) as u64;
                }
            }
        }
    }

    /// The section in the file, without a gap.
    pub(super) fn finish(mut self) -> Vec<DebugBytes> {
        self.push(self.section.contents.len(), None);
        let file = &self.section.file_range;
        match self.into {
            Into::Ranges(mut bytes) => {
                let done = bytes.last().map_or(file.start, |last| last.range.end);
                push(&mut bytes, done..file.end, None);
                bytes
            }
            Into::Shares(shares) => {
                let payload = &self.section.payload;
                let (packed, unpacked) = (u128::from(payload.end - payload.start), self.section.contents.len() as u128);
                let mut bytes = Vec::new();
                push(&mut bytes, file.start..payload.start, None);
                let mut sum = 0_u128;
                let mut done = payload.start;
                for (unit, share) in (0_u32..).zip(shares) {
                    sum += u128::from(share);
                    // The shares sum to at most the contents, so that no cut lies behind the payload.
                    let cut = payload.start + (packed * sum / unpacked.max(1)) as u64;
                    push(&mut bytes, done..cut, Some(unit));
                    done = cut;
                }
                push(&mut bytes, done..file.end, None);
                bytes
            }
        }
    }
}

/// Appends a range, joined to the last one where the owner is the same.
fn push(bytes: &mut Vec<DebugBytes>, range: Range<u64>, unit: Option<u32>) {
    match bytes.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.unit == unit && last.range.end == range.start => last.range.end = range.end,
        _ => bytes.push(DebugBytes { range, unit }),
    }
}
