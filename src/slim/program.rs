//! One program through the rewrites that are asked for, each kept only where it makes the finished entry smaller.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::deflate::{self, Effort};
use crate::elf::{Droppable, ElfError, Image};
use crate::units::{ByteDelta, ByteSize};

use super::came_in::CameIn;
use super::changes::Changes;
use super::options::Options;
use super::outcome::{RewriteRow, RewriteStatus};
use super::rewrite::Rewrite;
use super::rewritten::Rewritten;
use super::{
    abort_on_panic, drop_backtraces, drop_dead_code, drop_dead_lsdas, drop_section_headers, drop_sections,
    merge_unwind, no_aslr, omit_unwind_index, relr, repack_unwind, round_call_sites, zero_padding,
};

/// A program and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlimProgram {
    /// The new program; `None` where no rewrite was applied.
    pub(super) contents: Option<Vec<u8>>,
    /// What differs in its loaded part.
    pub(super) changes: Changes,
    /// One row for each rewrite that was asked for.
    pub(super) rows: Vec<RewriteRow>,
}

/// Rewrites one program. `path` names it in the rows; one of `twins` may have its symbols.
///
/// # Errors
/// Where the file, or what a rewrite made of it, cannot be read.
pub(super) fn slim_program(
    original: &[u8],
    path: &str,
    twins: &[Image<'_>],
    options: &Options,
) -> Result<SlimProgram, ElfError> {
    let program = Image::parse(original)?;
    let came_in = CameIn::of(&program, twins);
    let mut current: Option<Vec<u8>> = None;
    let mut changes = Changes::default();
    let mut rows: BTreeMap<usize, RewriteRow> = BTreeMap::new();
    // What one rewrite moves can be what kept another from its gain. Until none gains any more, or a second run would find more:
    // each is tried again where the program changed since it was tried, and there alone.
    let mut gains = 0;
    let mut tried: BTreeMap<usize, usize> = BTreeMap::new();
    loop {
        let gains_before = gains;
        for (order, rewrite) in Rewrite::ALL.into_iter().enumerate().filter(|&(_, r)| options.asks_for(r)) {
            let is_applied = rows.get(&order).is_some_and(|row| row.status == RewriteStatus::Applied);
            if is_applied || tried.insert(order, gains) == Some(gains) {
                continue;
            }
            let data = current.as_deref().unwrap_or(original);
            let image = Image::parse(data)?;
            let Some(rewritten) = rewrite_once(rewrite, &image, came_in) else { continue };
            let row = match kept_if_smaller(data, rewritten) {
                Kept::Smaller { file, changes: changed, saved_compressed } => {
                    let saved = ByteSize::of(data).since(ByteSize::of(&file));
                    changes.add(changed);
                    current = Some(file);
                    gains += 1;
                    RewriteRow { saved_compressed_bytes: saved_compressed, ..applied(rewrite, path, saved) }
                }
                Kept::NoGain(why) => not_applied(rewrite, path, RewriteStatus::NoGain, why),
                Kept::NotApplicable(why) => not_applied(rewrite, path, RewriteStatus::NotApplicable, why),
            };
            rows.insert(order, row);
        }
        if gains == gains_before {
            break;
        }
    }
    Ok(SlimProgram { contents: current, changes, rows: rows.into_values().collect() })
}

/// `None` for what is no rewrite of a program.
fn rewrite_once(rewrite: Rewrite, image: &Image<'_>, came_in: CameIn<'_, '_>) -> Option<Rewritten> {
    Some(match rewrite {
        Rewrite::StripDebug => drop_sections::apply(image, Droppable::Debug),
        Rewrite::StripSymbols => drop_sections::apply(image, Droppable::Symbols),
        Rewrite::DropComment => drop_sections::apply(image, Droppable::Comment),
        Rewrite::DropDeadLsdas => drop_dead_lsdas::apply(image),
        Rewrite::RepackUnwind => repack_unwind::apply(image),
        Rewrite::MergeUnwind => merge_unwind::apply(image, came_in),
        Rewrite::RoundCallSites => round_call_sites::apply(image),
        Rewrite::OmitUnwindIndex => omit_unwind_index::apply(image),
        Rewrite::ZeroPadding => zero_padding::apply(image),
        Rewrite::DropSectionHeaders => drop_section_headers::apply(image),
        Rewrite::NoAslr => no_aslr::apply(image),
        Rewrite::Relr => relr::apply(image),
        Rewrite::AbortOnPanic => abort_on_panic::apply(image),
        Rewrite::DropBacktraces => drop_backtraces::apply(image),
        Rewrite::DropDeadCode => drop_dead_code::apply(image, came_in.program),
        Rewrite::Recompress => return None,
    })
}

enum Kept {
    Smaller { file: Vec<u8>, changes: Changes, saved_compressed: Option<ByteDelta> },
    NoGain(String),
    NotApplicable(String),
}

/// A file that became shorter is smaller in the zip as well. Where it did not, what changed is compressed before and after.
fn kept_if_smaller(before: &[u8], rewritten: Rewritten) -> Kept {
    let (file, changes) = match rewritten {
        Rewritten::Applied(file, changes) => (file, changes),
        Rewritten::NoGain(why) => return Kept::NoGain(why),
        Rewritten::NotApplicable(why) => return Kept::NotApplicable(why),
    };
    if file.len() < before.len() && changes.ranges.is_empty() {
        return Kept::Smaller { file, changes, saved_compressed: None };
    }
    let blanked = || differing(before, &file);
    let ranges = if changes.ranges.is_empty() { blanked() } else { merged(&changes.ranges) };
    let size: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    let (old, new) = rayon::join(|| trial(before, &ranges), || trial(&file, &ranges));
    // What is added to a file counts whole: it need not lie in the declared ranges.
    let longer_by = file.len().saturating_sub(before.len());
    // Less is no difference between two encoders in a hurry and one that takes its time.
    let least = old / SMALLEST_GAIN;
    if new + longer_by + least >= old {
        let too_little = if new + longer_by < old { ", which is too little to tell" } else { "" };
        return Kept::NoGain(format!("compressed, what it changes takes {new} bytes instead of {old}{too_little}"));
    }
    let saved = i64::try_from(old - new).unwrap_or(i64::MAX);
    let saved_compressed = (size <= TRIAL_LIMIT).then(|| ByteDelta::new(saved));
    Kept::Smaller { file, changes, saved_compressed }
}

/// Where two files differ, from the first to the last such byte; the end of the longer one is left out.
fn differing(before: &[u8], after: &[u8]) -> Vec<Range<u64>> {
    let pairs = || before.iter().zip(after);
    let first = pairs().position(|(a, b)| a != b);
    let behind_last = first.and_then(|_| {
        let shorter = before.len().min(after.len());
        let from_end = before[..shorter].iter().rev().zip(after[..shorter].iter().rev()).position(|(a, b)| a != b)?;
        Some(shorter - from_end)
    });
    first.zip(behind_last).map(|(first, end)| first as u64..end as u64).into_iter().collect()
}

/// The most bytes that are compressed to find out whether a rewrite gains: the first ones speak for the rest.
const TRIAL_LIMIT: u64 = 4 << 20;

/// The part of what is compressed that has to be saved.
const SMALLEST_GAIN: usize = 4096;

/// Size of what lies in `ranges`, compressed in a hurry: the winner is the same at any effort, but for a few bytes.
fn trial(file: &[u8], ranges: &[Range<u64>]) -> usize {
    let pieces = ranges.iter().filter_map(|range| {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?.min(file.len());
        file.get(start..end)
    });
    let bytes: Vec<u8> = pieces.flatten().copied().take(TRIAL_LIMIT as usize).collect();
    deflate::compress(&bytes, Effort::Fast).len()
}

/// Sorted, disjoint, and with what lies near: matches reach over small gaps.
fn merged(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    const NEAR: u64 = 4096;
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(NEAR) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn applied(rewrite: Rewrite, path: &str, saved: ByteDelta) -> RewriteRow {
    let gives_up = rewrite.gives_up().map(str::to_owned);
    RewriteRow { gives_up, ..row(rewrite, path, RewriteStatus::Applied, saved, None) }
}

fn not_applied(rewrite: Rewrite, path: &str, status: RewriteStatus, why: String) -> RewriteRow {
    row(rewrite, path, status, ByteDelta::default(), Some(why))
}

/// A row of the report.
pub(super) fn row(
    rewrite: Rewrite,
    path: &str,
    status: RewriteStatus,
    saved: ByteDelta,
    reason: Option<String>,
) -> RewriteRow {
    RewriteRow {
        name: rewrite.name().to_owned(),
        path: path.to_owned(),
        status,
        saved_bytes: saved,
        saved_compressed_bytes: None,
        reason,
        gives_up: None,
    }
}
