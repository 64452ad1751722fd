//! Unwind tables before and after: the same for every function, as far as nothing else was declared.

use std::ops::Range;

use gimli::Vendor;
use goblin::elf::Elf;
use goblin::elf::header::EM_AARCH64;
use goblin::elf::program_header::PT_GNU_EH_FRAME;
use goblin::elf::section_header::{SHF_ALLOC, SHT_NOBITS};

use crate::slim::changes::{Changes, Unwinding};

use super::calls::Calls;
use super::code::Gaps;
use super::compare::{self, Handlers};
use super::cursor::{self, difference};
use super::error::VerifyError;
use super::frames::{self, Contents, Frames, Trouble};
use super::index::Index;
use super::loaded::Loaded;
use super::lookups;
use super::merged::{self, Cover};
use super::merged_index;
use super::rounded::{self, Allowed};

/// The unwind tables of a file.
#[derive(Debug)]
pub(super) struct Tables<'data> {
    pub(super) index: Option<Index<'data>>,
    pub(super) frames: Frames<'data>,
}

/// What the section headers of the original say of unwind tables. The slimmed file may have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Sections {
    /// Addresses of `.eh_frame`.
    frames: Option<Range<u64>>,
    /// Addresses of `.gcc_except_table`, and of its parts where the linker kept them apart.
    lsdas: Vec<Range<u64>>,
}

impl Sections {
    pub(super) fn of(elf: &Elf<'_>) -> Self {
        let mut sections = Self::default();
        for section in &elf.section_headers {
            if section.sh_flags & u64::from(SHF_ALLOC) == 0 || section.sh_type == SHT_NOBITS {
                continue;
            }
            let range = section.sh_addr..section.sh_addr.saturating_add(section.sh_size);
            match elf.shdr_strtab.get_at(section.sh_name) {
                Some(".eh_frame") => sections.frames = Some(range),
                Some(name) if name.starts_with(".gcc_except_table") => sections.lsdas.push(range),
                _ => {}
            }
        }
        sections
    }
}

/// Reads the unwind tables; `None` where there are none.
pub(super) fn read<'data>(
    elf: &Elf<'_>,
    loaded: &Loaded<'data>,
    moved_by: u64,
    sections: &Sections,
    contents: &mut Contents<'data>,
) -> Result<Option<Tables<'data>>, Trouble> {
    let header = elf.program_headers.iter().find(|header| header.p_type == PT_GNU_EH_FRAME && header.p_filesz != 0);
    let index = header.map(|header| Index::read(loaded, header.p_vaddr.wrapping_sub(moved_by), header.p_filesz));
    let index = index.transpose()?;
    let place = index.as_ref().map(|index| index.frames);
    let Some(place) = place.or(sections.frames.as_ref().map(|range| range.start)) else { return Ok(None) };
    let known_end = sections.frames.as_ref().filter(|range| range.contains(&place)).map(|range| range.end);
    let vendor = if elf.header.e_machine == EM_AARCH64 { Vendor::AArch64 } else { Vendor::Default };
    let frames = frames::read(loaded, vendor, place, known_end, contents)?;
    Ok(Some(Tables { index, frames }))
}

/// What may differ once two files say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accounted {
    /// Frame descriptions, index and handlers.
    All,
    /// Handlers alone: the original's index cannot be read, so it has to stay, and what it leads to.
    Handlers,
}

/// Proves that `after` says of every function what `before` said, as far as `changes` do not give it up. `gaps` and `calls` are
/// those of the slimmed file.
pub(super) fn same(
    before: &Tables<'_>,
    after: &Tables<'_>,
    changes: &Changes,
    contents: &Contents<'_>,
    gaps: &Gaps<'_>,
    calls: &Calls<'_>,
) -> Result<Accounted, VerifyError> {
    let declared = changes.unwinding;
    if declared == Unwinding::None {
        return nothing_is_left(after).map(|()| Accounted::All);
    }
    let handlers = if declared >= Unwinding::WithoutHandlers { Handlers::MayBeGone } else { Handlers::Kept };
    if changes.merged_frames || changes.rounded_call_sites {
        let rounding = changes.rounded_call_sites.then_some(calls);
        let signals = rounded::signals(&before.frames.list, contents);
        let allowed = Allowed { merging: changes.merged_frames, rounding, signals };
        let cover = merged::frames(&before.frames, &after.frames, handlers, contents, gaps, allowed)?;
        // Where nothing was merged nor rounded, the index is held to be as strict as ever.
        let how = if cover.merges { Pairing::Merged(&cover) } else { Pairing::ByOne(handlers, contents) };
        return index(before, after, declared, how);
    }
    let pairs = compare::frames(&before.frames, &after.frames, handlers, contents)?;
    lookups::rows(&before.frames, &after.frames, &pairs)?;
    index(before, after, declared, Pairing::ByOne(handlers, contents))
}

/// An empty `.eh_frame`, and no entry in an index that unwinders still accept.
fn nothing_is_left(after: &Tables<'_>) -> Result<(), VerifyError> {
    if let Some(frame) = after.frames.list.first() {
        return Err(VerifyError::FrameAdded { begin: frame.begin, end: frame.end });
    }
    match &after.index {
        Some(index) if !index.omitted && !entries(index, &after.frames)?.is_empty() => {
            Err(VerifyError::Index { what: "has entries, but there are no frame descriptions" })
        }
        _ => Ok(()),
    }
}

/// Which descriptions of both files are held against each other.
enum Pairing<'c, 'data> {
    /// Each is for one of the other file.
    ByOne(Handlers, &'c Contents<'data>),
    /// A new one may be for several old ones.
    Merged(&'c Cover),
}

fn index(
    before: &Tables<'_>,
    after: &Tables<'_>,
    declared: Unwinding,
    pairing: Pairing<'_, '_>,
) -> Result<Accounted, VerifyError> {
    let (old, new) = match (&before.index, &after.index) {
        (None, None) => return compare::nothing_overlaps(&after.frames).map(|()| Accounted::All),
        (Some(old), Some(new)) => (old, new),
        _ => return Err(VerifyError::Index { what: "is in one of the files only" }),
    };
    if new.omitted {
        if !old.omitted && declared < Unwinding::WithoutIndex {
            return Err(VerifyError::Index { what: "is omitted, which was not declared" });
        }
        return compare::nothing_overlaps(&after.frames).map(|()| Accounted::All);
    }
    if old.encodings != new.encodings {
        return Err(VerifyError::Index { what: "has another encoding" });
    }
    let Ok(old_entries) = old.entries(&before.frames.list, before.frames.address) else {
        return Ok(Accounted::Handlers);
    };
    let new_entries = entries(new, &after.frames)?;
    let (handlers, contents) = match pairing {
        Pairing::ByOne(handlers, contents) => (handlers, contents),
        Pairing::Merged(cover) => {
            let (old, new) = ((old, &before.frames, &*old_entries), (new, &after.frames, &*new_entries));
            return merged_index::same(old, new, cover).map(|()| Accounted::All);
        }
    };
    if old_entries.is_sorted_by_key(|(address, _)| *address) && !new_entries.is_sorted_by_key(|(address, _)| *address) {
        let out_of_order = new_entries.windows(2).find(|pair| matches!(pair, [(a, _), (b, _)] if a > b));
        let address = out_of_order.and_then(|pair| pair.last()).map_or(0, |entry| entry.0);
        return Err(VerifyError::IndexEntry { address, what: "is out of order" });
    }
    for ((old_address, old_frame), (address, frame)) in old_entries.iter().zip(&new_entries) {
        if old_address != address {
            return Err(VerifyError::IndexEntry {
                address: *old_address.min(address),
                what: "is in one of the files only",
            });
        }
        let pair = before.frames.list.get(*old_frame).zip(after.frames.list.get(*frame));
        let same = pair.is_some_and(|(old, new)| {
            (old.begin, old.end) == (new.begin, new.end) && handlers.difference(old.says, new.says, contents).is_none()
        });
        if !same {
            return Err(VerifyError::IndexEntry { address: *address, what: "leads to another frame description" });
        }
    }
    if old_entries.len() != new_entries.len() {
        return Err(VerifyError::Index { what: "has another number of entries" });
    }
    lookups::by_index((old, &before.frames), (new, &after.frames), handlers, contents)?;
    Ok(Accounted::All)
}

fn entries(index: &Index<'_>, frames: &Frames<'_>) -> Result<Vec<(u64, usize)>, VerifyError> {
    index.entries(&frames.list, frames.address).map_err(|trouble| unreadable("slimmed", trouble))
}

pub(super) fn unreadable(which: &'static str, trouble: Trouble) -> VerifyError {
    VerifyError::UnwindUnreadable { which, address: trouble.address, why: trouble.why }
}

/// Ranges of the file that hold unwind tables of the original, merged: all that may differ on their account. Data in an unknown format
/// is left out.
pub(super) fn covered(
    before: &Tables<'_>,
    accounted: Accounted,
    loaded: &Loaded<'_>,
    sections: &Sections,
) -> Vec<Range<u64>> {
    let frames = &before.frames;
    let mut addresses = [frames.lsda_extents.clone(), sections.lsdas.clone()].concat();
    if accounted == Accounted::All {
        addresses.push(frames.address..frames.address.saturating_add(frames.size));
        addresses.extend(before.index.as_ref().map(|index| index.extent.clone()));
    }
    let covered: Vec<Range<u64>> =
        addresses.iter().filter_map(|range| loaded.range(range.start, range.end.saturating_sub(range.start))).collect();
    let mut kept = unknown_extents(frames, loaded);
    if accounted == Accounted::Handlers {
        kept.extend(loaded.range(frames.address, frames.size));
    }
    difference(&cursor::merged(covered), &cursor::merged(kept))
}

/// Language-specific data in an unknown format ends at the next that is known of, or with its segment.
fn unknown_extents(frames: &Frames<'_>, loaded: &Loaded<'_>) -> Vec<Range<u64>> {
    let mut starts: Vec<u64> = frames.lsda_extents.iter().map(|extent| extent.start).collect();
    starts.extend(&frames.unknown_lsdas);
    starts.push(frames.address);
    starts.sort_unstable();
    let extent = |&start: &u64| {
        let size = loaded.from(start)?.len() as u64;
        let next = starts.get(starts.partition_point(|&other| other <= start));
        loaded.range(start, next.map_or(size, |next| (next - start).min(size)))
    };
    frames.unknown_lsdas.iter().filter_map(extent).collect()
}
