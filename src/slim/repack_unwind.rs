//! `repack-unwind`: unwind tables say the same in an order that Deflate finds more in.
//!
//! Frame descriptions stand together by what they share: CIE, then call frame instructions, shortest first, then size of the function. LSDAs
//! stand by size and contents, equal ones once. Every distance is written anew, and so is the index. No table grows, and what is
//! left of each is zeroes. Of a dozen orders tried on 2026-11-24 on two builds of one function (1.07 MB zipped without LTO, 0.92 MB with fat LTO)
//! this saved most on average: 2.15 % and 0.45 %, dead LSDAs included; by address alone 1.4 % and 0.01 %.
//!
//! The order depends on what the entries say and not on where they stand, so that doing it twice is doing it once.

use std::collections::HashMap;

use crate::elf::{Fde, FrameTables, Image, IndexEntry, TablePlace};

use super::changes::Changes;
use super::file_edit::FileEdit;
use super::rewritten::Rewritten;

pub(super) fn apply(image: &Image<'_>) -> Rewritten {
    let tables = match FrameTables::read(image) {
        Ok(tables) => tables,
        Err(why) => return Rewritten::NotApplicable(why.to_string()),
    };
    match repack(image, &tables) {
        Ok(edit) if edit.is_unchanged() => Rewritten::NoGain("the tables are packed already".to_owned()),
        Ok(edit) => {
            let (file, ranges) = edit.finish();
            Rewritten::Applied(file, Changes::of_ranges(ranges))
        }
        Err(why) => Rewritten::NotApplicable(why.to_owned()),
    }
}

const TOO_FAR: &str = "a distance does not fit in the encoding of its field";

fn repack(image: &Image<'_>, tables: &FrameTables) -> Result<FileEdit, &'static str> {
    let bytes = |place: &TablePlace| image.bytes(&place.file_range).unwrap_or_default();
    let old_frames = bytes(&tables.frames);
    let order = fde_order(tables, old_frames);
    let packed = pack_lsdas(tables, tables.lsda_table.as_ref().map_or(&[], bytes))?;
    let layout = Layout::new(tables, &order);

    let mut frames = vec![0; old_frames.len()];
    for (cie, &at) in tables.cies.iter().zip(&layout.cies) {
        let entry = copy(&mut frames, at, &old_frames[cie.range.clone()])?;
        if let Some(personality) = cie.personality {
            let place = tables.frames.address + (at + personality.at) as u64;
            personality.encoding.write(personality.target, place, &mut entry[personality.at..]).ok_or(TOO_FAR)?;
        }
    }
    for (number, fde) in tables.fdes.iter().enumerate() {
        let at = layout.fdes[number];
        let entry = copy(&mut frames, at, &old_frames[fde.range.clone()])?;
        let back = u32::try_from(at + CIE_POINTER - layout.cies[fde.cie]).map_err(|_| TOO_FAR)?;
        entry[CIE_POINTER..CIE_POINTER + 4].copy_from_slice(&back.to_le_bytes());
        let place = |field: usize| tables.frames.address + (at + field) as u64;
        let function = fde.function;
        function.encoding.write(function.target, place(function.at), &mut entry[function.at..]).ok_or(TOO_FAR)?;
        if let Some(lsda) = fde.lsda {
            let target = lsda.target.and_then(|address| tables.lsda_at(address)).map(|number| packed.addresses[number]);
            lsda.encoding.write(target, place(lsda.at), &mut entry[lsda.at..]).ok_or(TOO_FAR)?;
        }
    }

    let mut edit = FileEdit::new(image.data());
    edit.put(tables.frames.file_range.start, &frames);
    if let Some(place) = &tables.lsda_table {
        edit.put(place.file_range.start, &packed.bytes);
    }
    if let Some(index) = &tables.index {
        let moved: HashMap<u64, (u64, u64)> = tables
            .fdes
            .iter()
            .zip(&layout.fdes)
            .map(|(fde, &at)| {
                let address = |at: usize| tables.frames.address + at as u64;
                (address(fde.range.start), (address(at), fde.address()))
            })
            .collect();
        let entries = index.entries.iter().map(|entry| match moved.get(&entry.fde) {
            Some(&(fde, function)) if function == entry.function => Ok(IndexEntry { fde, ..*entry }),
            _ => Err("an entry of the index is not for the function that it states"),
        });
        let entries: Vec<IndexEntry> = entries.collect::<Result<_, _>>()?;
        edit.put(index.table_range().start, &index.encode(&entries).ok_or(TOO_FAR)?);
    }
    Ok(edit)
}

/// Where the pointer to its CIE stands in an FDE.
const CIE_POINTER: usize = 4;

fn copy<'a>(into: &'a mut [u8], at: usize, entry: &[u8]) -> Result<&'a mut [u8], &'static str> {
    let place = into.get_mut(at..at + entry.len()).ok_or("the tables would grow")?;
    place.copy_from_slice(entry);
    Ok(place)
}

/// Numbers of FDEs in their new order.
fn fde_order(tables: &FrameTables, frames: &[u8]) -> Vec<usize> {
    let instructions = |fde: &Fde| {
        let start = fde.range.start + fde.instructions.start;
        frames.get(start..fde.range.end).unwrap_or_default()
    };
    let mut order: Vec<usize> = (0..tables.fdes.len()).collect();
    order.sort_by_cached_key(|&number| {
        let fde = &tables.fdes[number];
        (fde.cie, fde.instructions.len(), instructions(fde), fde.function_size, fde.address(), number)
    });
    order
}

/// New offsets of entries in `.eh_frame`, by their numbers.
struct Layout {
    cies: Vec<usize>,
    fdes: Vec<usize>,
}

impl Layout {
    /// Each CIE stands before its FDEs.
    fn new(tables: &FrameTables, order: &[usize]) -> Self {
        let mut layout = Self { cies: vec![0; tables.cies.len()], fdes: vec![0; tables.fdes.len()] };
        let mut at = 0;
        let mut fdes = order.iter().peekable();
        for (number, cie) in tables.cies.iter().enumerate() {
            layout.cies[number] = at;
            at += cie.range.len();
            while let Some(&&fde) = fdes.peek().filter(|&&&fde| tables.fdes[fde].cie == number) {
                layout.fdes[fde] = at;
                at += tables.fdes[fde].range.len();
                fdes.next();
            }
        }
        layout
    }
}

struct PackedLsdas {
    /// The whole of `.gcc_except_table`.
    bytes: Vec<u8>,
    /// New addresses, by number.
    addresses: Vec<u64>,
}

/// Tables of types are read four bytes at a time.
const LSDA_ALIGN: usize = 4;

/// What an LSDA says, wherever it stands: its bytes without the distances to types, and the types with their places.
type LsdaContents = (usize, Vec<u8>, Vec<(usize, u64)>);

fn lsda_contents(tables: &FrameTables, old: &[u8], number: usize) -> LsdaContents {
    let lsda = &tables.lsdas[number];
    let mut bytes = old[lsda.range.clone()].to_vec();
    for pointer in &lsda.types {
        bytes[pointer.at..pointer.at + pointer.encoding.size()].fill(0);
    }
    (bytes.len(), bytes, lsda.types.iter().map(|pointer| (pointer.at, pointer.target)).collect())
}

fn pack_lsdas(tables: &FrameTables, old: &[u8]) -> Result<PackedLsdas, &'static str> {
    let mut packed = PackedLsdas { bytes: vec![0; old.len()], addresses: vec![0; tables.lsdas.len()] };
    let Some(place) = &tables.lsda_table else { return Ok(packed) };
    let mut sorted: Vec<(LsdaContents, usize)> =
        (0..tables.lsdas.len()).map(|number| (lsda_contents(tables, old, number), number)).collect();
    sorted.sort();
    let mut end = 0;
    for same in sorted.chunk_by(|(a, _), (b, _)| a == b) {
        let Some((_, first)) = same.first() else { continue };
        let (lsda, address) = (&tables.lsdas[*first], place.address + end as u64);
        let into = packed.bytes.get_mut(end..end + lsda.range.len()).ok_or("the tables would grow")?;
        into.copy_from_slice(&old[lsda.range.clone()]);
        for pointer in &lsda.types {
            let field = into.get_mut(pointer.at..).ok_or(TOO_FAR)?;
            pointer.encoding.write(Some(pointer.target), address + pointer.at as u64, field).ok_or(TOO_FAR)?;
        }
        for (_, number) in same {
            packed.addresses[*number] = address;
        }
        end = (end + lsda.range.len()).next_multiple_of(LSDA_ALIGN);
    }
    Ok(packed)
}
